"""Renders one planned clip into a local folder, with everything that lies beside it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import ffmpeg

from clipper_assets.captions.ass import caption_ass
from clipper_assets.captions.script_fonts import gather_fonts
from clipper_assets.captions.sidecars import sidecars
from clipper_assets.clips.gates.captions import missing_captions
from clipper_assets.clips.plan import ClipPlan
from clipper_assets.clips.rendering.burn_in import CAPTIONS_FILE, FONTS_FOLDER
from clipper_assets.clips.rendering.card import write_card
from clipper_assets.clips.rendering.encoders import X264, Encoder
from clipper_assets.clips.rendering.filtergraph import (
    CLIP_FILE,
    PROGRAMME_FILE,
    SOUND_FILE,
    accent,
    drawn,
    filmed,
    muxed,
    recorded,
    shot,
)
from clipper_assets.clips.rendering.mastering import master
from clipper_assets.clips.rendering.reframing import CAMERA_FILE, camera_commands
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.ffmpeg import FfmpegError, run
from clipper_assets.media.inputs import media_input
from clipper_assets.runtime.asset_names import RENDERED_CLIPS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Report

THUMBNAIL_AT = 1 / 3
"""Of the clip's length; the key frame before, which is at most two seconds away."""


@dataclass(frozen=True)
class Rendered:
    """Local files of one clip, by suffix (`mp4`, `srt`, `vtt`, `jpg`), and the fallbacks that were taken.

    `missing_captions` counts those of the plan that are not in the file from which they are burned.
    """

    files: dict[str, Path]
    degraded: tuple[Degraded, ...]
    missing_captions: int


class Encode(Protocol):
    """One attempt at the picture. Raises FfmpegError."""

    def __call__(self, encoder: Encoder, *, captions: bool) -> None: ...


def render_clip(
    plan: ClipPlan, source: RawVideo, media_source: str, encoder: Encoder, folder: Path, report: Report
) -> Rendered:
    """Render `plan` into `folder`, which is empty.

    Raises FfmpegError where not even libx264 without captions can make the clip.
    """
    files = {suffix: folder / f"clip.{suffix}" for suffix in ("srt", "vtt", "jpg")} | {"mp4": folder / CLIP_FILE}
    (folder / CAPTIONS_FILE).write_text(caption_ass(plan.captions))
    gather_fonts(plan.captions.faces, folder / FONTS_FOLDER)
    make = _draw if source.audio_only else _film
    degraded = make(plan, source, media_source, encoder, folder, report)
    run(muxed(), cwd=folder)
    srt, vtt = sidecars(plan.words, plan.duration_s, plan.fps)
    files["srt"].write_text(srt)
    files["vtt"].write_text(vtt)
    picture = media_input(files["mp4"], ss=f"{plan.duration_s * THUMBNAIL_AT:.3f}", noaccurate_seek=None)
    run(ffmpeg.get_args(picture.output(str(files["jpg"]), vframes=1, **{"q:v": 3})))
    missing = missing_captions(plan.captions, (folder / CAPTIONS_FILE).read_text())
    return Rendered(files, (*degraded, *_undrawn(plan)), missing)


def _film(
    plan: ClipPlan, source: RawVideo, media_source: str, encoder: Encoder, folder: Path, report: Report
) -> list[Degraded]:
    """Picture and sound of a video: one pass over the window, so that no byte of it is fetched twice."""
    (folder / CAMERA_FILE).write_text(camera_commands(shot(plan, source), plan.fps))

    def encode(encoder: Encoder, *, captions: bool) -> None:
        arguments = filmed(plan, source, media_source, encoder, captions=captions)
        run(arguments, duration_s=plan.duration_s, report=report, cwd=folder)

    fallbacks = _encode_as_well_as_possible(encode, encoder)
    return [*fallbacks, *master(folder / PROGRAMME_FILE, folder / SOUND_FILE)]


def _draw(
    plan: ClipPlan, source: RawVideo, media_source: str, encoder: Encoder, folder: Path, report: Report
) -> list[Degraded]:
    """Picture and sound of an upload that has only sound: first the sound, whose loudness the picture shows."""
    fallbacks = write_card(source, media_source, plan.frame, accent(plan.style), folder, plan.fonts_dir)
    run(recorded(plan, source, media_source), cwd=folder)
    set_sound = master(folder / PROGRAMME_FILE, folder / SOUND_FILE)

    def encode(encoder: Encoder, *, captions: bool) -> None:
        run(drawn(plan, encoder, captions=captions), duration_s=plan.duration_s, report=report, cwd=folder)

    return [*fallbacks, *set_sound, *_encode_as_well_as_possible(encode, encoder)]


def _undrawn(plan: ClipPlan) -> tuple[Degraded, ...]:
    """What no caption font has: another font of the machine draws it, or nobody does."""
    lacking = plan.captions.missing_glyphs
    if not lacking:
        return ()
    reason = f"the caption fonts lack {lacking!r}: drawn by a font of this machine, or as boxes"
    return (Degraded(RENDERED_CLIPS, reason),)


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
            degraded.append(Degraded(RENDERED_CLIPS, f"{consequence}: {error}"))
        else:
            return tuple(degraded)
    encode(X264, captions=False)
    return tuple(degraded)
