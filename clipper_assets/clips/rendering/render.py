"""Renders one planned clip into a local folder, with its captions and thumbnail."""

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
    camera_stretches,
    card_arguments,
    mux_arguments,
    sound_arguments,
    video_arguments,
)
from clipper_assets.clips.rendering.mastering import master
from clipper_assets.clips.rendering.proxy import PROXY_FILE
from clipper_assets.clips.rendering.reframing import CAMERA_FILE, camera_commands
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.ffmpeg import FfmpegError, run
from clipper_assets.media.inputs import media_input
from clipper_assets.runtime.asset_names import RENDERED_CLIPS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Report

THUMBNAIL_AT = 1 / 3
"""Position of the thumbnail as a share of the clip; the key frame before it is used, at most two seconds earlier."""


@dataclass(frozen=True)
class Rendered:
    """Local files of one clip by suffix (`mp4`, `srt`, `vtt`, `jpg`), and the fallbacks used.

    `missing_captions` is the number of the plan's captions that are missing in the ASS file that is burned in. `proxy`
    is None if none was asked for, or the recording has no picture.
    """

    files: dict[str, Path]
    degraded: tuple[Degraded, ...]
    missing_captions: int
    proxy: Path | None = None


class Encode(Protocol):
    """Encodes the picture of a clip. Raises FfmpegError."""

    def __call__(self, encoder: Encoder, *, captions: bool) -> None: ...


def render_clip(
    plan: ClipPlan,
    source: RawVideo,
    media_source: str,
    encoder: Encoder,
    folder: Path,
    report: Report,
    *,
    proxy: bool = False,
) -> Rendered:
    """Render `plan` into `folder`, which must be empty; with `proxy` also a proxy of its part of the recording.

    Raises FfmpegError if even libx264 without captions cannot encode the clip.
    """
    files = {suffix: folder / f"clip.{suffix}" for suffix in ("srt", "vtt", "jpg")} | {"mp4": folder / CLIP_FILE}
    (folder / CAPTIONS_FILE).write_text(caption_ass(plan.captions))
    gather_fonts(plan.captions.faces, folder / FONTS_FOLDER)
    proxy = proxy and not source.audio_only
    if source.audio_only:
        degraded = _render_audio_only(plan, source, media_source, encoder, folder, report)
    else:
        degraded = _render_video(plan, source, media_source, encoder, folder, report, proxy=proxy)
    run(mux_arguments(), cwd=folder)
    srt, vtt = sidecars(plan.words, plan.duration_s, plan.fps)
    files["srt"].write_text(srt)
    files["vtt"].write_text(vtt)
    picture = media_input(files["mp4"], ss=f"{plan.duration_s * THUMBNAIL_AT:.3f}", noaccurate_seek=None)
    run(ffmpeg.get_args(picture.output(str(files["jpg"]), vframes=1, **{"q:v": 3})))
    missing = missing_captions(plan.captions, (folder / CAPTIONS_FILE).read_text())
    return Rendered(files, (*degraded, *_missing_glyphs(plan)), missing, folder / PROXY_FILE if proxy else None)


def _render_video(
    plan: ClipPlan,
    source: RawVideo,
    media_source: str,
    encoder: Encoder,
    folder: Path,
    report: Report,
    *,
    proxy: bool,
) -> list[Degraded]:
    """Make picture, sound and proxy of a video in one pass over the window: no byte of it is downloaded twice."""
    (folder / CAMERA_FILE).write_text(camera_commands(camera_stretches(plan, source), plan.fps))

    def encode(encoder: Encoder, *, captions: bool) -> None:
        arguments = video_arguments(plan, source, media_source, encoder, captions=captions, proxy=proxy)
        run(arguments, duration_s=plan.duration_s, report=report, cwd=folder)

    fallbacks = _encode_with_fallbacks(encode, encoder)
    return [*fallbacks, *master(folder / PROGRAMME_FILE, folder / SOUND_FILE)]


def _render_audio_only(
    plan: ClipPlan, source: RawVideo, media_source: str, encoder: Encoder, folder: Path, report: Report
) -> list[Degraded]:
    """Make picture and sound of an audio-only upload; the sound comes first, because the picture shows its level."""
    fallbacks = write_card(source, media_source, plan.frame, accent(plan.style), folder, plan.fonts_dir)
    run(sound_arguments(plan, source, media_source), cwd=folder)
    sound_fallbacks = master(folder / PROGRAMME_FILE, folder / SOUND_FILE)

    def encode(encoder: Encoder, *, captions: bool) -> None:
        run(card_arguments(plan, encoder, captions=captions), duration_s=plan.duration_s, report=report, cwd=folder)

    return [*fallbacks, *sound_fallbacks, *_encode_with_fallbacks(encode, encoder)]


def _missing_glyphs(plan: ClipPlan) -> tuple[Degraded, ...]:
    """The fallbacks for characters that no caption font covers."""
    letters, signs = plan.captions.missing_glyphs, plan.captions.lost_signs
    consequences = {letters: "they are drawn in another system font, or as boxes", signs: "they are left out"}
    return tuple(
        Degraded(RENDERED_CLIPS, f"the caption fonts have no glyphs for {characters!r}; {consequence}")
        for characters, consequence in consequences.items()
        if characters
    )


def _encode_with_fallbacks(encode: Encode, encoder: Encoder) -> tuple[Degraded, ...]:
    """Try the encoder, then libx264, then libx264 without burned captions, until one succeeds."""
    attempts = [
        (encoder, True, f"{encoder.name} failed on this clip, so libx264 was used"),
        (X264, True, "the captions could not be burned in, so the clip has none"),
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
