"""The camera path of one clip: the automatic one, with what people chose for its shots."""

from collections.abc import Sequence

from clipper_assets.camera.direction.choices import with_choices
from clipper_assets.camera.direction.path import CameraPath, still
from clipper_assets.camera.scene import Scene, Shot
from clipper_assets.edits.model import ShotChoice
from clipper_assets.episodes.source import RawVideo
from clipper_assets.highlights.window import Window
from clipper_assets.shows.show import STILL, Layout


def clip_path(
    window: Window, layout: Layout, choices: Sequence[ShotChoice], scene: Scene | None, source: RawVideo
) -> tuple[CameraPath, list[str]]:
    """The path of a clip, and why a choice could not be followed, one phrase per reason.

    `scene` is that of the window; None where the camera follows nobody. A recording without a picture has no choices.
    """
    from clipper_assets.camera.direction.director import direct

    if scene:
        path = direct(scene, layout)
    else:
        path = still(layout if layout in STILL else Layout.fit, source, "requested layout", window.start)
    if not choices or source.audio_only:
        return path, []
    return with_choices(path, scene or _without_faces(window, source), choices)


def _without_faces(window: Window, source: RawVideo) -> Scene:
    shot = Shot(window.start, window.end)
    return Scene(window.start, window.end, *source.square_size_px, (shot,), (), ())
