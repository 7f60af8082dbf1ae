"""The sound of a clip as platforms want it: set by what the encoded AAC measures, not by what went into it."""

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
"""Both a tenth inside of what is promised: ffmpeg's meter rounds to tenths."""
MAX_GAIN_DB = 30.0
MAX_ENCODES = 5
FIRST_CEILING_DB, LOWEST_CEILING_DB = -2.0, -12.0
"""AAC at 192 kbit/s lifts the peaks of limited speech by less than 1 dB."""
CEILING_MARGIN_DB = 0.2
LEAST_RESPONSE = 0.25
OVERSAMPLED_HZ = 4 * PROGRAMME_RATE_HZ
"""As BS.1770-4, annex 2 measures true peaks."""


class Trial(NamedTuple):
    """A gain, the ceiling under which a limiter held the peaks, and what came out: LUFS and dBTP of BS.1770-4."""

    gain_db: float
    ceiling_db: float
    lufs: float
    dbtp: float


def master(programme: Path, target: Path) -> tuple[Degraded, ...]:
    """Encode 48 kHz stereo sound of any level as AAC of -14 LUFS with true peaks of at most -1 dBTP.

    One gain and an oversampled limiter, both corrected by what the decoded AAC measures. What five encodes do not
    reach, or only a gain of more than 30 dB would, is recorded with its figures. Raises FfmpegError where the sound
    cannot be read or encoded.
    """
    lufs, peak_dbtp = _measured(programme)
    if not math.isfinite(lufs):
        _encode(programme, target, 0.0, FIRST_CEILING_DB)
        return (Degraded(RENDERED_CLIPS, "the clip's sound is silence, which has no loudness to set"),)
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
    reached = f"{trial.lufs:.1f} LUFS and {trial.dbtp:.1f} dBTP after a gain of {trial.gain_db:.0f} dB"
    return (Degraded(RENDERED_CLIPS, f"the clip's sound has {reached}; -14 LUFS and -1 dBTP are out of its reach"),)


def _corrected(trial: Trial, before: Trial, peak_dbtp: float) -> tuple[float, float]:
    """Gain and ceiling to try next, for a programme with its peaks at `peak_dbtp`.

    How loud sound is relative to the ceiling depends only on how far it is driven into it: so by the secant of the last
    two trials, however the ceilings moved in between.
    """
    ceiling_db = trial.ceiling_db
    if trial.dbtp > HIGHEST_DBTP:
        held_db = min(ceiling_db, peak_dbtp + trial.gain_db)
        ceiling_db = max(held_db - (trial.dbtp - HIGHEST_DBTP) - CEILING_MARGIN_DB, LOWEST_CEILING_DB)
    drive_db, loud_lu = trial.gain_db - trial.ceiling_db, trial.lufs - trial.ceiling_db
    further_db = drive_db - (before.gain_db - before.ceiling_db)
    louder_lu = loud_lu - (before.lufs - before.ceiling_db)
    response = min(max(louder_lu / further_db, LEAST_RESPONSE), 1.0) if further_db > 0 else 1.0
    wanted_db = drive_db + (TARGET_LUFS - ceiling_db - loud_lu) / response
    return min(wanted_db + ceiling_db, MAX_GAIN_DB), ceiling_db


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
    """LUFS and dBTP, both -inf for silence."""
    return measure_loudness(file) or (-math.inf, -math.inf)
