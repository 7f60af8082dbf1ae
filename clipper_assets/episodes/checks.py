"""Checks on `raw_video`, made while it materializes."""

import math

import dagster as dg

from clipper_assets.media.loudness import LoudnessTrack
from clipper_assets.runtime.asset_names import RAW_VIDEO

LATEST_END_GAP_S = 5.0

IS_AUDIBLE = dg.AssetCheckSpec(
    "raw_video_is_audible",
    asset=RAW_VIDEO,
    description="Warns if the sound is silent, or ends more than 5 s before the upload does.",
)


def is_audible(track: LoudnessTrack, duration_s: float) -> dg.AssetCheckResult:
    """The result of `IS_AUDIBLE`."""
    loudness = track.integrated(0, duration_s)
    sound_end_s = float(track.block_end_s[-1]) if track.block_end_s.size else 0.0
    return dg.AssetCheckResult(
        check_name=IS_AUDIBLE.name,
        passed=not math.isnan(loudness) and duration_s - sound_end_s < LATEST_END_GAP_S,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "loudness_lufs": "silent" if math.isnan(loudness) else round(loudness, 2),
            "sound_end_s": round(sound_end_s, 2),
            "duration_s": round(duration_s, 2),
        },
    )
