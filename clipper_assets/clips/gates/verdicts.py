"""Figures held against limits: a pure function, so that a show that changes its limits renders nothing again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clipper_assets.clips.gates.figures import Figures
from clipper_assets.clips.gates.limits import Gate, Limits

CODECS = "h264 yuv420p, aac 48000 Hz 2 channels"
FPS_TOLERANCE = 0.0005
"""Half of what lies between 30 and 30000/1001."""
UNEVEN_FRAMES = 0.1
"""Of a frame's time: more than the clock of any container rounds."""


@dataclass(frozen=True)
class Verdict:
    """One gate on one clip. `reason` says in a phrase what is wrong, to follow the clip's name; empty if it passed."""

    gate: Gate
    passed: bool
    blocking: bool
    figure: int | float | str | None
    limit: int | float | str
    unit: str
    reason: str


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
    together = all(-limits.early_sound_s <= offset_s <= limits.late_sound_s for offset_s in (late_s, long_s))
    allowed = f"-{limits.early_sound_s:g} to {limits.late_sound_s:g}"
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
    loud = lufs is not None and abs(lufs - target) <= tolerance + 0.01
    fault = "is silent" if lufs is None else f"has {lufs:.1f} LUFS instead of {target:g} within {tolerance:g}"
    yield _verdict(limits, Gate.loudness, lufs, target, "LUFS", fault, passed=loud)
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
        passed = abs(late_s) <= limits.sync_s and match >= limits.speech_match
        side = "before" if late_s < 0 else "after"
        fault = f"has speech {abs(late_s):.2f} s {side} its captions"
        if match < limits.speech_match:
            fault = f"has captions that do not follow its speech (agreement {match:.2f})"
    yield _verdict(limits, Gate.sync, late_s, limits.sync_s, "s", fault, passed=passed)
    missing = figures.missing_captions
    lacks = f"lacks {missing} of its burned captions"
    yield _at_most(limits, Gate.captions_missing, missing, limits.missing_captions, "captions", lacks)


def _speech(figures: Figures, limits: Limits) -> Iterator[Verdict]:
    share = figures.speaker_share
    passed = share is None or share >= limits.speaker_share
    fault = f"shows who speaks only {share:.0%} of the time" if share is not None else ""
    yield _verdict(limits, Gate.speaker, share, limits.speaker_share, "of the speech", fault, passed=passed)
    cut_s = figures.cut_word_s
    cuts = f"cuts {cut_s:.2f} s into a word at an end"
    yield _at_most(limits, Gate.whole_words, cut_s, limits.cut_word_s, "s", cuts)
    level = figures.edge_level_db
    ends = f"is {-level:.0f} dB below its speech at an end where nobody should speak" if level is not None else ""
    yield _at_most(limits, Gate.quiet_ends, level, limits.edge_level_db, "dB", ends)


def _at_most(limits: Limits, gate: Gate, figure: float | None, limit: float, unit: str, fault: str) -> Verdict:
    return _verdict(limits, gate, figure, limit, unit, fault, passed=figure is None or figure <= limit)


def _same(limits: Limits, gate: Gate, figure: str, wanted: str, unit: str) -> Verdict:
    return _verdict(limits, gate, figure, wanted, unit, f"is {figure} instead of {wanted}", passed=figure == wanted)


def _verdict(
    limits: Limits, gate: Gate, figure: float | str | None, limit: float | str, unit: str, fault: str, *, passed: bool
) -> Verdict:
    return Verdict(gate, passed, gate in limits.blocking, figure, limit, unit, "" if passed else fault)
