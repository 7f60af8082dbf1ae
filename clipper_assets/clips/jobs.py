"""Builds the job of each clip from its window, the show, the camera path and the edits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from clipper_assets.camera.direction.path import CameraPath
from clipper_assets.camera.direction.visibility import alone, speaker_shown
from clipper_assets.camera.scene import SAME_TIME_S, Scene, scene_of, speaking_faces
from clipper_assets.captions.styles import load_style
from clipper_assets.clips.gates.words import advert_s, spoken_around
from clipper_assets.clips.look import Look
from clipper_assets.clips.mouths import faces_in_clip, places_off_faces
from clipper_assets.clips.plan import plan_clip
from clipper_assets.clips.produce import Job
from clipper_assets.clips.rendering.encoders import Encoder
from clipper_assets.clips.translation.texts import Translation
from clipper_assets.edits.model import Edits
from clipper_assets.edits.words import apply_word_edits, unmatched_edits
from clipper_assets.episodes.source import RawVideo
from clipper_assets.highlights.window import Window
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.shows.show import Layout, Show
from clipper_assets.transcript.timing import Span


@dataclass(frozen=True)
class Episode:
    """What the jobs of an episode share: the source, its words, scenes, camera paths by clip, edits, and adverts."""

    source: RawVideo
    words: pa.Table
    scenes: Sequence[Scene]
    paths: dict[int, CameraPath]
    edits: Edits
    adverts: Sequence[Span] = ()


def clip_job(
    window: Window, episode: Episode, look: Look, show: Show, encoder: Encoder, translation: Translation | None = None
) -> Job:
    """The job for one window; an edit may give its clip another caption style than `look`.

    A translation replaces the captions, hook and title.

    Raises ValueError if the camera's path does not begin with the window, or the edited caption style is unknown.
    """
    edits, words = episode.edits, episode.words
    path = episode.paths.get(window.clip)
    if path is None or abs(path.keyframes[0].time_s - window.start) > SAME_TIME_S:
        raise ValueError(
            f"camera_paths has no path that begins with clip {window.clip} at {window.start:.2f} s; "
            "materialize camera_paths with `afresh: true`, or correct the edited table"
        )
    edited = edits.clip(window.clip)
    if edited and edited.caption_style:
        look = replace(look, style=load_style(edited.caption_style, show.captions))
    word_edits = [edit for edit in edits.words if window.start < edit.end and edit.start < window.end]
    fallbacks = [
        Degraded("edits", f"there is no word at {edit.start:.1f} s any more")
        for edit in unmatched_edits(words, word_edits)
    ]
    plan = plan_clip(window, apply_word_edits(words, word_edits), episode.source, look, path, translation)
    if translation:
        window = replace(window, hook=translation.hook, title=translation.title)
    scene = scene_of(episode.scenes, window.start, window.end)
    faces = faces_in_clip(scene, path, plan, episode.source.square_size_px) if scene else []
    plan = replace(plan, places=places_off_faces(plan.captions, faces, plan.camera))
    followed = None if path.layouts == [Layout.center] else scene
    return Job(
        plan,
        replace(window, degraded=[*window.degraded, *(fallback.as_dict() for fallback in fallbacks)]),
        encoder,
        spoken=spoken_around(words, plan.start_s, plan.end_s, plan.cuts),
        speaker_share=_speaker_share(followed, episode.source, path, look),
        alone_share=alone(followed, path, look.frame, episode.source.square_size_px) if followed else None,
        advert_s=advert_s(episode.adverts, plan.start_s, plan.cuts),
        judged=edited.judged if edited else None,
        scene=scene,
    )


def _speaker_share(scene: Scene | None, source: RawVideo, path: CameraPath, look: Look) -> float | None:
    """See `speaker_shown`; None without a scene."""
    if scene is None:
        return None
    return speaker_shown(speaking_faces(scene), path, look.frame, source.square_size_px)
