"""Masters a clip's sound to the platforms' loudness, which is measured on the encoded AAC, not on the input."""

import math
from pathlib import Path
from typing import NamedTuple

import ffmpeg

from clipper_assets.episodes.audio import PROGRAMME_RATE_HZ
from clipper_assets.media.ffmpeg import run
from clipper_assets.media.inputs import media_input
from clipper_assets.media.loudness import measure_loudness
from clipper_assets.runtime.asset_names import RENDERED_CLIPS
from clipper_assets.runtime.degraded import Degraded

TARGET_LUFS, TOLERANCE_LU = -14.0, 0.4
HIGHEST_DBTP = -1.1
"""Tolerance and highest peak are 0.1 stricter than promised, because ffmpeg's meter rounds to tenths."""
MAX_GAIN_DB = 30.0
MAX_ENCODES = 5
FIRST_CEILING_DB, LOWEST_CEILING_DB = -2.0, -12.0
"""AAC at 192 kbit/s lifts the peaks of limited speech by less than 1 dB."""
CEILING_MARGIN_DB = 0.2
LEAST_RESPONSE = 0.25
OVERSAMPLED_HZ = 4 * PROGRAMME_RATE_HZ
"""The rate at which BS.1770-4, annex 2, measures true peaks."""


class Trial(NamedTuple):
    """One attempt: the gain, the limiter's ceiling, and the measured result in LUFS and dBTP (BS.1770-4)."""

    gain_db: float
    ceiling_db: float
    lufs: float
    dbtp: float


def master(programme: Path, target: Path) -> tuple[Degraded, ...]:
    """Encode 48 kHz stereo sound of any level as AAC of -14 LUFS with true peaks of at most -1 dBTP.

    Applies one gain and an oversampled limiter, and corrects both by the loudness of the decoded AAC. If five encodes
    or a gain of 30 dB do not suffice, the returned fallback says what was reached. Raises FfmpegError if the sound
    cannot be read or encoded.
    """
    lufs, peak_dbtp = _measured(programme)
    if not math.isfinite(lufs):
        _encode(programme, target, 0.0, FIRST_CEILING_DB)
        return (Degraded(RENDERED_CLIPS, "the clip is silent, so its loudness was not adjusted"),)
    before = Trial(0.0, peak_dbtp, lufs, peak_dbtp)
    gain_db, ceiling_db = min(TARGET_LUFS - lufs, MAX_GAIN_DB), FIRST_CEILING_DB
    for _ in range(MAX_ENCODES):
        _encode(programme, target, gain_db, ceiling_db)
        trial = Trial(gain_db, ceiling_db, *_measured(target))
        if abs(trial.lufs - TARGET_LUFS) <= TOLERANCE_LU and trial.dbtp <= HIGHEST_DBTP:
            return ()
        gain_db, ceiling_db = _corrected(trial, before, peak_dbtp)
        before = trial
        if (gain_db, ceiling_db) == trial[:2]:
            break
    reached = f"{trial.lufs:.1f} LUFS and {trial.dbtp:.1f} dBTP with a gain of {trial.gain_db:.0f} dB"
    return (
        Degraded(RENDERED_CLIPS, f"the clip's sound only reached {reached}, instead of -14 LUFS and at most -1 dBTP"),
    )


def _corrected(trial: Trial, before: Trial, peak_dbtp: float) -> tuple[float, float]:
    """Gain and ceiling to try next, for a programme whose peaks are at `peak_dbtp`.

    The loudness relative to the ceiling depends only on how far the sound is driven into the limiter. So the secant of
    the last two trials is used, even if their ceilings differ.
    """
    ceiling_db = trial.ceiling_db
    if trial.dbtp > HIGHEST_DBTP:
        held_db = min(ceiling_db, peak_dbtp + trial.gain_db)
        ceiling_db = max(held_db - (trial.dbtp - HIGHEST_DBTP) - CEILING_MARGIN_DB, LOWEST_CEILING_DB)
    drive_db, loud_lu = trial.gain_db - trial.ceiling_db, trial.lufs - trial.ceiling_db
    further_db = drive_db - (before.gain_db - before.ceiling_db)
    louder_lu = loud_lu - (before.lufs - before.ceiling_db)
    response = min(max(louder_lu / further_db, LEAST_RESPONSE), 1.0) if further_db > 0 else 1.0
    next_drive_db = drive_db + (TARGET_LUFS - ceiling_db - loud_lu) / response
    return min(next_drive_db + ceiling_db, MAX_GAIN_DB), ceiling_db


def _encode(programme: Path, target: Path, gain_db: float, ceiling_db: float) -> None:
    sound = (
        media_input(programme)
        .filter("volume", f"{gain_db}dB")
        .filter("aresample", OVERSAMPLED_HZ)
        .filter("alimiter", limit=f"{ceiling_db}dB", attack=5, release=50, level=0, latency=1)
        .filter("aresample", PROGRAMME_RATE_HZ)
    )
    run(ffmpeg.get_args(sound.output(str(target), acodec="aac", audio_bitrate="192k", fflags="+bitexact")))


def _measured(file: Path) -> tuple[float, float]:
    """Loudness in LUFS and true peak in dBTP; both -inf for silence."""
    return measure_loudness(file) or (-math.inf, -math.inf)
