"""The camera of a rendered clip: its scene, its path with the latest edits, and what people chose for its shots."""

from collections.abc import Sequence
from dataclasses import dataclass

from clipper_assets.api.problems import RefusedError
from clipper_assets.api.repository.renderings import Rendering
from clipper_assets.api.repository.snapshot import EpisodeSnapshot
from clipper_assets.api.repository.states import States
from clipper_assets.camera.analysis.observation import SCENES_TABLE, read_scenes
from clipper_assets.camera.direction.path import CameraPath
from clipper_assets.camera.direction.windows import clip_path
from clipper_assets.camera.scene import SAME_TIME_S, Scene, scene_of
from clipper_assets.clips.manifest import Clip
from clipper_assets.edits.model import ShotChoice
from clipper_assets.episodes.source import RawVideo
from clipper_assets.highlights.window import Window, read_windows
from clipper_assets.media.frame import FRAMES, Aspect, Frame
from clipper_assets.runtime.asset_names import SCENES
from clipper_assets.shows.show import STILL, Layout, load_show


@dataclass(frozen=True)
class ClipCamera:
    """What decides the camera of a clip; `scene` is None where nobody is followed."""

    clip: Clip
    window: Window
    layout: Layout
    source: RawVideo
    scene: Scene | None

    @property
    def frame(self) -> Frame:
        return FRAMES[self.clip.aspect]

    def path(self, choices: Sequence[ShotChoice]) -> tuple[CameraPath, list[str]]:
        """The path with these choices, and why one of them cannot be followed, one phrase per reason."""
        return clip_path(self.window, self.layout, choices, self.scene, self.source)


def clip_camera(states: States, episode: EpisodeSnapshot, number: int, aspect: Aspect | None) -> ClipCamera:
    """Read the camera of a clip. Raises RefusedError: 404 without such a clip, 409 if its camera cannot be chosen."""
    clip = episode.clip(number, aspect)
    rendering, source = episode.rendering(aspect), episode.source
    window = next((each for each in read_windows(states.windows(episode.partition)) if each.clip == number), None)
    if rendering is None or source is None or window is None:
        raise RefusedError(409, f"clip {number} of {episode.key} is not rendered as it is now; render it again first")
    if source.audio_only:
        raise RefusedError(409, f"{episode.key} has no picture, so there is no camera to choose")
    layout = episode.edits.layout(number, _usual_layout(states, episode, rendering))
    scene = None if layout in STILL else _scene(states, episode, window)
    return ClipCamera(clip, window, layout, source, scene)


def _usual_layout(states: States, episode: EpisodeSnapshot, rendering: Rendering) -> Layout:
    try:
        return rendering.manifest.requested.layout or load_show(states.storage, episode.key).layout
    except ValueError as mistake:
        raise RefusedError(409, str(mistake)) from None


def _scene(states: States, episode: EpisodeSnapshot, window: Window) -> Scene:
    import pyarrow.compute as pc

    table = states.table(episode.partition, SCENES, SCENES_TABLE)
    if table is not None:
        covering = (pc.field("start") <= window.start + SAME_TIME_S) & (pc.field("end") >= window.end - SAME_TIME_S)
        if scene := scene_of(read_scenes(table.filter(covering)), window.start, window.end):
            return scene
    raise RefusedError(409, f"the faces in clip {window.clip} of {episode.key} are not known; render it again first")
