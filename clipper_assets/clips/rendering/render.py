"""Renders one planned clip into a local folder, with everything that lies beside it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import ffmpeg

from clipper_assets.clips.captions.ass import caption_ass, undrawn
from clipper_assets.clips.captions.fonts import FONTS_DIR
from clipper_assets.clips.captions.sidecars import sidecars
from clipper_assets.clips.manifest import STEP
from clipper_assets.clips.plan import ClipPlan
from clipper_assets.clips.rendering.encoders import X264, Encoder
from clipper_assets.clips.rendering.filtergraph import (
    CAMERA_FILE,
    CAPTIONS_FILE,
    FONTS_FOLDER,
    camera_commands,
    clip_output,
)
from clipper_assets.clips.rendering.measure import Measured, measure
from clipper_assets.episodes.degraded import Degraded
from clipper_assets.episodes.ffmpeg import FfmpegError, run
from clipper_assets.episodes.source import RawVideo
from clipper_assets.progress import Report

THUMBNAIL_AT = 1 / 3


@dataclass(frozen=True)
class Rendered:
    """Local files of one clip, by suffix (`mp4`, `srt`, `vtt`, `jpg`), and what was measured on the encoded one."""

    files: dict[str, Path]
    measured: Measured
    degraded: tuple[Degraded, ...]


class Encode(Protocol):
    """One attempt at the clip. Raises FfmpegError."""

    def __call__(self, encoder: Encoder, *, captions: bool) -> None: ...


def render_clip(
    plan: ClipPlan, source: RawVideo, media_source: str, encoder: Encoder, folder: Path, report: Report
) -> Rendered:
    """Render `plan` into `folder`, which is empty.

    Raises FfmpegError where not even libx264 without captions can make the clip.
    """
    files = {suffix: folder / f"clip.{suffix}" for suffix in ("mp4", "srt", "vtt", "jpg")}
    (folder / CAPTIONS_FILE).write_text(caption_ass(plan.words, plan.style, plan.duration_s))
    (folder / CAMERA_FILE).write_text(camera_commands(plan.camera, source, float(plan.fps)))
    (folder / FONTS_FOLDER).symlink_to(FONTS_DIR)

    def encode(encoder: Encoder, *, captions: bool) -> None:
        run(
            clip_output(plan, source, media_source, encoder, captions=captions, target=files["mp4"]),
            duration_s=plan.duration_s,
            report=report,
            cwd=folder,
        )

    degraded = (*_encode_as_well_as_possible(encode, encoder), *_undrawn(plan))
    srt, vtt = sidecars(plan.words, plan.duration_s)
    files["srt"].write_text(srt)
    files["vtt"].write_text(vtt)
    picture = ffmpeg.input(str(files["mp4"]), ss=f"{plan.duration_s * THUMBNAIL_AT:.3f}")
    run(ffmpeg.get_args(picture.output(str(files["jpg"]), vframes=1, **{"q:v": 3})))
    return Rendered(files, measure(f"file:{files['mp4']}"), degraded)


def _undrawn(plan: ClipPlan) -> tuple[Degraded, ...]:
    """What the caption font lacks: another font of the machine draws it, or nobody does."""
    lacking = undrawn(plan.words, plan.style)
    if not lacking:
        return ()
    reason = f"the caption font {plan.style.font} lacks {lacking!r}: drawn by a font of this machine, or as boxes"
    return (Degraded(STEP, reason),)


def _encode_as_well_as_possible(encode: Encode, encoder: Encoder) -> tuple[Degraded, ...]:
    """Down the ladder until an attempt succeeds: the encoder, libx264, libx264 without burned captions."""
    attempts = [
        (encoder, True, f"{encoder.name} failed on this clip, libx264 made it"),
        (X264, True, "the captions could not be burned, the clip has none"),
    ]
    degraded: list[Degraded] = []
    for attempt, captions, consequence in attempts[1:] if encoder == X264 else attempts:
        try:
            encode(attempt, captions=captions)
        except FfmpegError as error:
            degraded.append(Degraded(STEP, f"{consequence}: {error}"))
        else:
            return tuple(degraded)
    encode(X264, captions=False)
    return tuple(degraded)
