import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.clips.gates.figures import Figures, PlannedFormat
from clipper_assets.clips.gates.gates import GATES, Frozen
from clipper_assets.clips.gates.verdicts import Limits, blocked_by, verdicts
from clipper_assets_tests.clips.gates.limits import limits_of

GOOD = Figures(
    promised=PlannedFormat(width_px=1080, height_px=1920, fps=30000 / 1001, duration_s=30.03),
    width_px=1080, height_px=1920, size_bytes=5_000_000, duration_s=30.03, fps=30000 / 1001, uneven_s=0.0004,
    video_codec="h264", pixel_format="yuv420p", audio_codec="aac", audio_rate_hz=48_000, audio_channels=2,
    late_sound_s=0.0, long_sound_s=0.01, black_s=0.0, frozen_s=0.5, blank_s=0.0, loudness_lufs=-14.0,
    true_peak_dbtp=-1.5, caption_overhang_px=0.0, reading_speed_cps=17.0, late_speech_s=0.02, speech_match=0.6,
    missing_captions=0, speaker_share=0.97, alone_share=0.95, cut_word_s=0.0, speech_with_words=0.8,
    edge_level_db=-40.0,
)  # fmt: skip


def failed(limits: Limits | None = None, **changes: Any) -> list[str]:
    results = verdicts(GOOD.model_copy(update=changes), limits or limits_of())
    assert [verdict.gate for verdict in results] == [gate.name for gate in GATES]
    assert all(bool(verdict.reason) != verdict.passed for verdict in results)
    return [verdict.gate for verdict in results if not verdict.passed]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"loudness_lufs": -13.5},
        {"loudness_lufs": -14.5},
        {"true_peak_dbtp": -1.0},
        {"late_speech_s": None, "speech_match": None},
        {"speaker_share": None},
        {"alone_share": None},
        {"edge_level_db": None},
        {"reading_speed_cps": None},
        {"missing_captions": None},
        {"speech_with_words": None},
        {"letters_px": None},
        {"advert_s": 2.0},
        {"long_sound_s": 0.06, "duration_s": 30.06},
    ],
)
def test_figures_within_the_limits_or_not_measurable_pass(change: dict[str, Any]) -> None:
    assert failed(**change) == []


@pytest.mark.parametrize(
    ("gate", "change"),
    [
        ("fps", {"fps": 30.0}),
        ("fps", {"uneven_s": 0.01}),
        ("loudness", {"loudness_lufs": -14.6}),
        ("loudness", {"loudness_lufs": -13.4}),
        ("loudness", {"loudness_lufs": None}),
        ("true_peak", {"true_peak_dbtp": -0.9}),
        ("av_offset", {"late_sound_s": -0.05}),
        ("av_offset", {"long_sound_s": 0.07}),
        ("av_offset", {"late_sound_s": 0.05, "long_sound_s": -0.045}),
        ("sync", {"speech_match": 0.1}),
        ("sync", {"late_speech_s": -0.26}),
        ("frozen", {"frozen_s": 5.17}),
        ("words_missing", {"speech_with_words": 0.79}),
        ("alone", {"alone_share": 0.89}),
        ("advert", {"advert_s": 2.1}),
    ],
)
def test_a_figure_just_beyond_a_limit_fails_only_its_gate(gate: str, change: dict[str, Any]) -> None:
    assert failed(**change) == [gate]


def test_low_correlation_is_reported_instead_of_the_delay() -> None:
    results = verdicts(GOOD.model_copy(update={"speech_match": 0.1, "late_speech_s": 1.3}), limits_of())
    assert blocked_by(results) == ["has captions that do not follow its speech (agreement 0.10)"]


def test_only_blocking_gates_hold_a_clip_back() -> None:
    loud_and_fast = GOOD.model_copy(update={"true_peak_dbtp": 0.2, "reading_speed_cps": 40.0, "edge_level_db": -3.0})
    assert blocked_by(verdicts(loud_and_fast, limits_of())) == ["has a true peak of 0.2 dBTP"]
    strict = limits_of(blocking=["reading_speed"])
    assert blocked_by(verdicts(loud_and_fast, strict)) == ["has 40 characters of captions a second"]
    assert {gate.name for gate in GATES if not gate.blocks} == {"reading_speed", "alone", "quiet_ends"}


def test_the_same_figures_pass_under_wider_limits_of_a_show() -> None:
    assert failed(frozen_s=20.0, speaker_share=0.7) == ["frozen", "speaker"]
    assert failed(limits_of(frozen_s=30, speaker_share=0.6), frozen_s=20.0, speaker_share=0.7) == []


BAD: dict[str, Any] = {
    "duration_s": 40.0, "size_bytes": 10**12, "late_sound_s": 9.0, "long_sound_s": -9.0, "black_s": 9.0,
    "frozen_s": 9.0, "blank_s": 9.0, "loudness_lufs": None, "true_peak_dbtp": 3.0, "caption_overhang_px": 99.0,
    "reading_speed_cps": 99.0, "late_speech_s": 1.9, "speech_match": -1.0, "missing_captions": 9,
    "missing_letters": "今天", "letters_px": 17.0,
    "speaker_share": 0.0, "alone_share": 0.0, "cut_word_s": 1.0, "speech_with_words": 0.24,
    "edge_level_db": 0.0, "advert_s": 9.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("gate", "off"),
    [
        ("duration", ["duration_s"]),
        ("bytes", ["bytes"]),
        ("av_offset", ["early_sound_s", "late_sound_s"]),
        ("black", ["black_s"]),
        ("frozen", ["frozen_s"]),
        ("blank", ["blank_s"]),
        ("loudness", ["loudness_lufs"]),
        ("loudness", ["loudness_lu"]),
        ("true_peak", ["true_peak_dbtp"]),
        ("safe_area", ["overhang_px"]),
        ("reading_speed", ["reading_speed_cps"]),
        ("sync", ["sync_s", "speech_match"]),
        ("captions_missing", ["missing_captions"]),
        ("glyphs", ["missing_letters"]),
        ("letter_size", ["letters_px"]),
        ("speaker", ["speaker_share"]),
        ("alone", ["alone_share"]),
        ("whole_words", ["cut_word_s"]),
        ("words_missing", ["speech_with_words"]),
        ("quiet_ends", ["edge_level_db"]),
        ("advert", ["advert_s"]),
    ],
)
def test_a_gate_with_its_limits_off_passes_any_figure(gate: str, off: list[str]) -> None:
    limits = limits_of(**dict.fromkeys(off, False))
    assert set(failed(**BAD)) - set(failed(limits, **BAD)) == {gate}
    (limit,) = [verdict.limit for verdict in verdicts(GOOD.model_copy(update=BAD), limits) if verdict.gate == gate]
    assert limit in ("off", "off to off")


@pytest.mark.parametrize(
    ("off", "change", "reason"),
    [
        (
            "early_sound_s",
            {"long_sound_s": 0.2},
            "has audio that starts +0.00 s and ends +0.20 s relative to its video",
        ),
        (
            "late_sound_s",
            {"long_sound_s": -0.2},
            "has audio that starts +0.00 s and ends -0.20 s relative to its video",
        ),
        ("sync_s", {"speech_match": 0.1}, "has captions that do not follow its speech (agreement 0.10)"),
        ("speech_match", {"late_speech_s": 1.0}, "has speech 1.00 s after its captions"),
    ],
)
def test_one_of_two_limits_of_a_gate_can_be_off(off: str, change: dict[str, float], reason: str) -> None:
    results = verdicts(GOOD.model_copy(update=change), limits_of(**{off: False}))
    assert [verdict.reason for verdict in results if not verdict.passed] == [reason]


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_an_infinite_figure_or_limit_raises_an_error(number: float) -> None:
    with pytest.raises(ValueError, match=r"the figure or limit of the gate frozen is .+; use a finite number"):
        verdicts(GOOD.model_copy(update={"frozen_s": number}), limits_of())
    with pytest.raises(ValueError, match=r"the figure or limit of the gate frozen is .+; use a finite number"):
        verdicts(GOOD, Limits([Frozen.model_construct(frozen_s=number)], frozenset()))


POSITIVE_LIMITS = [
    "duration_s", "bytes", "early_sound_s", "late_sound_s", "black_s", "frozen_s", "blank_s", "loudness_lu",
    "overhang_px", "reading_speed_cps", "sync_s", "cut_word_s",
]  # fmt: skip


@given(
    limit=st.sampled_from(POSITIVE_LIMITS),
    narrow_limit=st.floats(0.1, 20),
    widening=st.floats(0, 20),
    figures=st.fixed_dictionaries(
        {
            name: st.floats(0, 30)
            for name in ("duration_s", "black_s", "frozen_s", "blank_s", "caption_overhang_px", "reading_speed_cps",
                         "cut_word_s", "late_sound_s", "long_sound_s")
        }
        | {"loudness_lufs": st.floats(-30, 0), "late_speech_s": st.floats(-2, 2)}
    ),
)  # fmt: skip
def test_a_wider_limit_never_makes_another_gate_fail(
    limit: str, narrow_limit: float, widening: float, figures: dict[str, float]
) -> None:
    narrow, wide = (limits_of(**{limit: int(value) + 1}) for value in (narrow_limit, narrow_limit + widening))
    assert set(failed(wide, **figures)) <= set(failed(narrow, **figures))


def test_figures_survive_serialization_to_json() -> None:
    assert Figures.model_validate_json(GOOD.model_dump_json()) == GOOD
