"""Figures held against limits: a pure function, so that a show that changes its limits renders nothing again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from clipper_assets.clips.gates.figures import Figures
from clipper_assets.shows.gates import Gate, Limits

CODECS = "h264 yuv420p, aac 48000 Hz 2 channels"
FPS_TOLERANCE = 0.0005
"""Half of what lies between 30 and 30000/1001."""
UNEVEN_FRAMES = 0.1
"""Of a frame's time: more than the clock of any container rounds."""
OFF = "off"
"""The limit of a verdict where the show has none."""


@dataclass(frozen=True)
class Verdict:
    """One gate on one clip. `reason` says in a phrase what is wrong, to follow the clip's name; empty if it passed.

    A figure or a limit that is not finite is a ValueError: no manifest can hold it.
    """

    gate: Gate
    passed: bool
    blocking: bool
    figure: int | float | str | None
    limit: int | float | str
    unit: str
    reason: str

    def __post_init__(self) -> None:
        for number in (self.figure, self.limit):
            if isinstance(number, float) and not isfinite(number):
                raise ValueError(f"the gate {self.gate} has {number} for a figure or a limit; use a finite number")


def verdicts(figures: Figures, limits: Limits) -> list[Verdict]:
    """The verdict of every gate, in their order; what could not be measured passes, silence excepted."""
    found = (_format, _picture, _sound, _captions, _speech)
    return [verdict for family in found for verdict in family(figures, limits)]


def blocked_by(found: Sequence[Verdict]) -> list[str]:
    """Why a clip must not be published, a phrase each; empty where it may."""
    return [verdict.reason for verdict in found if verdict.blocking and not verdict.passed]


def _format(figures: Figures, limits: Limits) -> Iterator[Verdict]:
    promised = figures.promised
    off_s = round(abs(figures.duration_s - promised.duration_s), 4)
    lasts = f"lasts {figures.duration_s:.2f} s instead of {promised.duration_s:.2f} s"
    yield _at_most(limits, Gate.duration, off_s, limits.duration_s, "s off the plan", lasts)
    size, planned = f"{figures.width_px}x{figures.height_px}", f"{promised.width_px}x{promised.height_px}"
    yield _same(limits, Gate.size, size, planned, "px")
    has = f"has {figures.size_bytes / 1e6:.0f} MB"
    yield _at_most(limits, Gate.bytes, figures.size_bytes, limits.bytes, "bytes", has)
    sound = f"{figures.audio_codec} {figures.audio_rate_hz} Hz {figures.audio_channels} channels"
    yield _same(limits, Gate.codec, f"{figures.video_codec} {figures.pixel_format}, {sound}", CODECS, "")
    uneven = figures.uneven_s * promised.fps > UNEVEN_FRAMES
    off = abs(figures.fps - promised.fps) > FPS_TOLERANCE * promised.fps
    shows = "unevenly" if uneven else f"at {figures.fps:.2f} fps"
    fault = f"shows its frames {shows} instead of at {promised.fps:.2f} fps"
    yield _verdict(limits, Gate.fps, figures.fps, promised.fps, "fps", fault, passed=not (uneven or off))
    late_s, long_s = figures.late_sound_s, figures.long_sound_s
    early, late = limits.early_sound_s, limits.late_sound_s
    together = (early is None or min(late_s, long_s) >= -early) and (late is None or max(late_s, long_s) <= late)
    allowed = f"{OFF if early is None else f'-{early:g}'} to {OFF if late is None else f'{late:g}'}"
    fault = f"has sound that begins {late_s:+.2f} s and ends {long_s:+.2f} s after its picture"
    yield _verdict(limits, Gate.av_offset, max(late_s, long_s, key=abs), allowed, "s", fault, passed=together)


def _picture(figures: Figures, limits: Limits) -> Iterator[Verdict]:
    for gate, figure, limit in (
        (Gate.black, figures.black_s, limits.black_s),
        (Gate.frozen, figures.frozen_s, limits.frozen_s),
        (Gate.blank, figures.blank_s, limits.blank_s),
    ):
        yield _at_most(limits, gate, figure, limit, "s", f"has {figure:.1f} s of {gate} picture")


def _sound(figures: Figures, limits: Limits) -> Iterator[Verdict]:
    lufs, target, tolerance = figures.loudness_lufs, limits.loudness_lufs, limits.loudness_lu
    # The meter reads tenths: a tenth of the last digit keeps 13.5 within 0.5 of 14.
    passed, fault = True, ""
    if target is not None and tolerance is not None:
        passed = lufs is not None and abs(lufs - target) <= tolerance + 0.01
        fault = "is silent" if lufs is None else f"has {lufs:.1f} LUFS instead of {target:g} within {tolerance:g}"
    aim = OFF if tolerance is None else target
    yield _verdict(limits, Gate.loudness, lufs, aim, "LUFS", fault, passed=passed)
    peak = figures.true_peak_dbtp
    yield _at_most(limits, Gate.true_peak, peak, limits.true_peak_dbtp, "dBTP", f"has a true peak of {peak} dBTP")


def _captions(figures: Figures, limits: Limits) -> Iterator[Verdict]:
    overhang = figures.caption_overhang_px
    reaches = f"has captions {overhang:.0f} px outside the safe area"
    yield _at_most(limits, Gate.safe_area, overhang, limits.overhang_px, "px", reaches)
    speed = figures.reading_speed_cps
    asks = f"has {speed:.0f} characters of captions a second" if speed else ""
    yield _at_most(limits, Gate.reading_speed, speed, limits.reading_speed_cps, "characters/s", asks)
    late_s, match = figures.late_speech_s, figures.speech_match
    passed, fault = True, ""
    if late_s is not None and match is not None:
        agrees = limits.speech_match is None or match >= limits.speech_match
        passed = agrees and (limits.sync_s is None or abs(late_s) <= limits.sync_s)
        side = "before" if late_s < 0 else "after"
        fault = f"has speech {abs(late_s):.2f} s {side} its captions"
        if not agrees:
            fault = f"has captions that do not follow its speech (agreement {match:.2f})"
    yield _verdict(limits, Gate.sync, late_s, limits.sync_s, "s", fault, passed=passed)
    missing = figures.missing_captions
    lacks = f"lacks {missing} of its burned captions"
    yield _at_most(limits, Gate.captions_missing, missing, limits.missing_captions, "captions", lacks)


def _speech(figures: Figures, limits: Limits) -> Iterator[Verdict]:
    share = figures.speaker_share
    passed = share is None or limits.speaker_share is None or share >= limits.speaker_share
    fault = f"shows who speaks only {share:.0%} of the time" if share is not None else ""
    yield _verdict(limits, Gate.speaker, share, limits.speaker_share, "of the speech", fault, passed=passed)
    cut_s = figures.cut_word_s
    cuts = f"cuts {cut_s:.2f} s into a word at an end"
    yield _at_most(limits, Gate.whole_words, cut_s, limits.cut_word_s, "s", cuts)
    level = figures.edge_level_db
    ends = f"is {-level:.0f} dB below its speech at an end where nobody should speak" if level is not None else ""
    yield _at_most(limits, Gate.quiet_ends, level, limits.edge_level_db, "dB", ends)


def _at_most(limits: Limits, gate: Gate, figure: float | None, limit: float | None, unit: str, fault: str) -> Verdict:
    passed = figure is None or limit is None or figure <= limit
    return _verdict(limits, gate, figure, limit, unit, fault, passed=passed)


def _same(limits: Limits, gate: Gate, figure: str, wanted: str, unit: str) -> Verdict:
    return _verdict(limits, gate, figure, wanted, unit, f"is {figure} instead of {wanted}", passed=figure == wanted)


def _verdict(
    limits: Limits,
    gate: Gate,
    figure: float | str | None,
    limit: float | str | None,
    unit: str,
    fault: str,
    *,
    passed: bool,
) -> Verdict:
    shown = OFF if limit is None else limit
    return Verdict(gate, passed, gate in limits.blocking, figure, shown, unit, "" if passed else fault)
