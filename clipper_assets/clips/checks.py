"""Checks on `rendered_clips`, made while it materializes, on the published files themselves."""

import math
from collections.abc import Sequence

import av
import dagster as dg

from clipper_assets.clips.captions.ass import HEIGHT_PX, WIDTH_PX
from clipper_assets.clips.manifest import Clip
from clipper_assets.clips.plan import TARGET_LUFS
from clipper_assets.clips.rendering.measure import Measured, measure
from clipper_assets.episodes.ffmpeg import FfmpegError
from clipper_assets.episodes.storage import Storage

LOUDNESS_TOLERANCE_LU = 1.0
DURATION_TOLERANCE_S = 0.04
"""Beside one frame: the issue's own allowance for the length of a clip."""


AS_PROMISED = dg.AssetCheckSpec(
    "clips_are_as_promised",
    asset="rendered_clips",
    description="Each published clip: 1080x1920 H.264 yuv420p, the window's length, AAC sound, -14 LUFS within 1 LU.",
)


def as_promised(clips: Sequence[Clip], storage: Storage) -> dg.AssetCheckResult:
    """The result of `AS_PROMISED`: every clip is read back from the storage and measured."""
    faults: list[str] = []
    loudness: dict[str, float | None] = {}
    for clip in clips:
        name = f"clip_{clip.clip_index}"
        stored = storage.stat(clip.key)
        if stored is None:
            faults.append(f"{name} is missing")
            continue
        if stored.size_bytes != clip.bytes:
            faults.append(f"{name} has {stored.size_bytes} bytes instead of {clip.bytes}")
            continue
        try:
            measured = measure(storage.media_source(clip.key))
        except (av.FFmpegError, FfmpegError, ValueError) as error:
            # PyAV's own message has the URL in it, signature and all.
            reason = error.strerror if isinstance(error, av.FFmpegError) else error
            faults.append(f"{name} cannot be read: {reason}")
            continue
        loudness[name] = measured.loudness_lufs if math.isfinite(measured.loudness_lufs) else None
        faults += [f"{name} {fault}" for fault in clip_faults(measured, clip.end_time - clip.start_time)]
    return dg.AssetCheckResult(
        check_name=AS_PROMISED.name,
        passed=not faults,
        metadata={"faults": dg.MetadataValue.json(faults), "loudness_lufs": dg.MetadataValue.json(loudness)},
    )


def clip_faults(measured: Measured, window_s: float) -> list[str]:
    """What a finished clip lacks of its promise, one phrase each; `window_s` is the length it should have."""
    faults = []
    if (measured.width_px, measured.height_px) != (WIDTH_PX, HEIGHT_PX):
        faults.append(f"is {measured.width_px}x{measured.height_px} instead of {WIDTH_PX}x{HEIGHT_PX}")
    if (measured.video_codec, measured.pixel_format) != ("h264", "yuv420p"):
        faults.append(f"is {measured.video_codec} {measured.pixel_format} instead of h264 yuv420p")
    if (measured.audio_codec, measured.audio_rate_hz) != ("aac", 48_000):
        faults.append(f"has {measured.audio_codec} at {measured.audio_rate_hz} Hz instead of aac at 48000 Hz")
    if abs(measured.duration_s - window_s) > 1 / max(measured.fps, 1) + DURATION_TOLERANCE_S:
        faults.append(f"lasts {measured.duration_s:.2f} s instead of {window_s:.2f} s")
    if not abs(measured.loudness_lufs - TARGET_LUFS) <= LOUDNESS_TOLERANCE_LU:
        faults.append(f"has {measured.loudness_lufs:.1f} LUFS instead of {TARGET_LUFS:g}")
    return faults
