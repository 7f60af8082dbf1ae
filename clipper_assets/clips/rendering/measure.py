"""Measures a finished clip: what players and platforms will find in the file."""

import re
from dataclasses import dataclass

import av

from clipper_assets.episodes.ffmpeg import run

_INTEGRATED = re.compile(r"^\s+I:\s+(-?[\d.]+|-?inf|nan) LUFS", re.MULTILINE)
_TRUE_PEAK = re.compile(r"True peak:\s+Peak:\s+(-?[\d.]+|-?inf|nan) dBFS")


@dataclass(frozen=True)
class Measured:
    """Facts of an encoded clip; loudness as BS.1770-4 measures the decoded AAC, peak in dBTP."""

    width_px: int
    height_px: int
    fps: float
    duration_s: float
    video_codec: str
    pixel_format: str
    audio_codec: str
    audio_rate_hz: int
    loudness_lufs: float
    true_peak_dbtp: float


def measure(media_source: str) -> Measured:
    """Read the headers and decode the sound of a clip (a `file:` path or URL).

    Raises `av.FFmpegError` where it cannot be opened, FfmpegError where its sound cannot be decoded, and ValueError
    where a stream is missing.
    """
    with av.open(media_source) as container:
        if not container.streams.video or not container.streams.audio:
            raise ValueError("the clip lacks a video or an audio stream")
        video, audio = container.streams.video[0], container.streams.audio[0]
        log = run(["-i", media_source, "-vn", "-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"])
        return Measured(
            width_px=video.codec_context.width,
            height_px=video.codec_context.height,
            fps=float(video.average_rate or 0),
            duration_s=float((video.duration or 0) * (video.time_base or 0)),
            video_codec=video.codec_context.name,
            pixel_format=video.codec_context.pix_fmt or "",
            audio_codec=audio.codec_context.name,
            audio_rate_hz=audio.codec_context.sample_rate,
            loudness_lufs=_last(_INTEGRATED, log),
            true_peak_dbtp=_last(_TRUE_PEAK, log),
        )


def _last(pattern: re.Pattern[str], log: str) -> float:
    found = pattern.findall(log)
    return float(found[-1]) if found else float("nan")
