from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.transcript.checks import CHECKS, check_words, faults, is_ordered, speech_before
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.words import Doubt, Word, words_table
from clipper_assets_tests.support.media import sample_words

SAMPLE_S = 142.8


def table(words: Sequence[Word], language: str = "en") -> pa.Table:
    return words_table("show/ep", words, [0] * len(words), language, {})


def talk(count: int, each_s: float, start_s: float = 0.0, **changes: Any) -> list[Word]:
    """Words without pauses, all different, each `each_s` seconds long."""
    return [
        Word(f"word{number}", start_s + number * each_s, start_s + (number + 1) * each_s, 0, **changes)
        for number in range(count)
    ]


def results(
    words: Sequence[Word], voice: Sequence[Span] = ((0.0, 60.0),), duration_s: float = 60.0, language: str = "en"
) -> dict[str, dg.AssetCheckResult]:
    checked = check_words(table(words, language), voice, duration_s)
    return {str(result.check_name).removeprefix("aligned_transcript_"): result for result in checked}


def figure(result: dg.AssetCheckResult, name: str) -> Any:
    return result.metadata[name].value


def test_the_true_words_of_the_sample_pass_every_check() -> None:
    words = [replace(word, speaker=f"SPEAKER_0{word.channel}") for word in sample_words()]
    voice = [(words[0].start, words[-1].end)]
    checked = check_words(table(words), voice, SAMPLE_S)
    assert [result.check_name for result in checked] == [spec.name for spec in CHECKS]
    assert all(result.passed for result in checked)
    assert [result.description for result in checked] == [None] * len(CHECKS)


def test_only_the_order_check_blocks_downstream_assets() -> None:
    assert [spec.blocking for spec in CHECKS] == [True, False, False, False, False]
    bad_words = talk(5, 1.0, timing="interpolated") + talk(12, 0.05, start_s=20.0, doubt="repeated")
    warnings = [result for name, result in results(bad_words).items() if name != "is_ordered"]
    assert {result.severity for result in warnings} == {dg.AssetCheckSeverity.WARN}
    assert all(result.description for result in warnings if not result.passed)


def test_an_empty_transcript_warns_only_that_no_speech_was_found() -> None:
    checked = results([], voice=[])
    assert {name for name, result in checked.items() if not result.passed} == {"covers_speech"}
    assert checked["covers_speech"].description == "no speech was found"


def test_words_without_detected_speech_give_a_warning() -> None:
    assert results(talk(7, 0.4), voice=[])["covers_speech"].description == "no speech was found, yet there are 7 words"


def test_speech_without_words_gives_a_warning() -> None:
    half = results(talk(75, 0.4))["covers_speech"]
    assert not half.passed
    assert half.description == "only 50% of 60 s of speech has words"
    assert figure(half, "covered") == pytest.approx(30.3 / 60, abs=1e-4)
    assert results(talk(150, 0.4))["covers_speech"].passed
    assert results(talk(75, 0.4), voice=[(0.0, 20.0), (10.0, 30.0)])["covers_speech"].passed


TICKS = st.integers(0, 100)
SPANS = st.lists(st.tuples(TICKS, st.integers(1, 20)), max_size=12)


@given(SPANS, SPANS)
def test_covered_speech_is_counted_once_even_if_spans_overlap(speech: list[Span], spoken: list[Span]) -> None:
    voice = [(start, start + length) for start, length in speech]
    words = [Word("a", 0.3 + start, 0.3 + start + length, 0) for start, length in sorted(spoken)]
    speech_s, covered_s = speech_before(table(words), voice, np.arange(131.0))
    tenths = np.arange(1300) / 10 + 0.05
    in_speech = np.array([any(start < time < end for start, end in voice) for time in tenths])
    in_words = np.array([any(word.start - 0.3 < time < word.end + 0.3 for word in words) for time in tenths])
    for measured, inside in ((speech_s, in_speech), (covered_s, in_speech & in_words)):
        assert measured == pytest.approx(np.append(0, np.cumsum(inside)[9::10] / 10), abs=1e-6)


@pytest.mark.parametrize(("each_s", "passed"), [(0.1, False), (0.17, True), (0.4, True), (1.1, True), (1.5, False)])
def test_speech_too_fast_or_too_slow_for_people_gives_a_warning(each_s: float, passed: bool) -> None:
    rate = results(talk(round(30 / each_s), each_s, speaker="Anna"))["speaks_at_human_rate"]
    assert rate.passed == passed
    assert figure(rate, "words_per_s")["Anna"]["fastest"] == pytest.approx(1 / each_s, abs=0.11)


def test_ten_fast_seconds_in_an_hour_are_listed_with_speaker_and_time() -> None:
    before = talk(4500, 0.4, speaker="Anna")
    fast = talk(100, 0.1, start_s=1800.0, speaker="Ben")
    after = talk(4475, 0.4, start_s=1810.0, speaker="Anna")
    rate = results([*before, *fast, *after], [(0, 3600)], 3600.0)["speaks_at_human_rate"]
    assert figure(rate, "outside") == ["Ben says 10.0 words a second from 30:00 on"]
    assert not rate.passed


def test_pauses_and_turns_of_other_speakers_do_not_count_as_slow_speech() -> None:
    turns = [word for turn in range(20) for word in talk(5, 0.4, start_s=turn * 60.0, speaker="AB"[turn % 2])]
    rate = results(turns, [(0, 1200)], 1200.0)["speaks_at_human_rate"]
    assert figure(rate, "words_per_s") == {name: {"slowest": 2.5, "fastest": 2.5} for name in "AB"}


def test_less_than_ten_seconds_of_talk_are_not_checked() -> None:
    assert results(talk(90, 0.1))["speaks_at_human_rate"].passed
    assert not results(talk(110, 0.1))["speaks_at_human_rate"].passed


def test_the_rate_of_languages_without_spaces_is_not_checked() -> None:
    rate = results(talk(300, 0.1), language="ja")["speaks_at_human_rate"]
    assert rate.passed
    assert figure(rate, "words_left_out") == 300


def test_more_than_a_tenth_of_interpolated_times_gives_a_warning() -> None:
    aligned = talk(90, 0.4)
    assert results([*aligned, *talk(10, 0.4, 36.0, timing="interpolated")])["is_aligned"].passed
    is_aligned = results([*aligned, *talk(11, 0.4, 36.0, timing="interpolated")])["is_aligned"]
    assert is_aligned.description == "the times of 11 of 101 words are interpolated"
    assert figure(is_aligned, "most_interpolated") == 0.1


def test_attention_times_give_a_warning_and_given_times_none() -> None:
    rough = results(talk(10, 0.4, timing="attention"))["is_aligned"]
    assert rough.description == "the times of 10 of 10 words are Whisper's own, which are rougher"
    assert (figure(rough, "attention"), figure(rough, "interpolated")) == (1.0, 0.0)
    both = [*talk(8, 0.4), *talk(1, 0.4, 3.2, timing="attention"), *talk(1, 0.4, 3.6, timing="interpolated")]
    assert results(both)["is_aligned"].description == (
        "the times of 1 of 10 words are interpolated; the times of 1 of 10 words are Whisper's own, which are rougher"
    )
    assert results([*talk(9, 0.4), *talk(1, 0.4, 3.6, timing="attention")])["is_aligned"].passed
    assert results(talk(10, 0.4, timing="given"))["is_aligned"].passed


@pytest.mark.parametrize("doubt", [None, "repeated"])
def test_every_loop_is_listed_with_its_start_and_text(doubt: Doubt | None) -> None:
    words = talk(100, 0.4)
    for first in (25, 75):
        words[first : first + 12] = [replace(word, text="la", doubt=doubt) for word in words[first : first + 12]]
    has_no_loops = results(words)["has_no_loops"]
    assert not has_no_loops.passed
    loop = " ".join(["la"] * 12)
    assert figure(has_no_loops, "loops") == [f"0:10 {loop}", f"0:30 {loop}"]
    assert figure(has_no_loops, "repeated_words") == 24


def test_words_out_of_order_do_not_stop_the_other_checks() -> None:
    checked = results(talk(100, 0.4)[::-1])
    assert not checked["is_ordered"].passed
    assert checked["speaks_at_human_rate"].passed


def test_six_hours_of_speech_pass() -> None:
    voice = [(start, start + 9.0) for start in range(0, 21_600, 10)]
    checked = results(talk(60_000, 0.36), voice, 21_600.0)
    assert checked["is_ordered"].passed
    assert checked["has_no_loops"].passed


def word(start: float, end: float) -> Word:
    return Word("a", start, end, 0)


def test_violations_of_the_words_contract_are_named() -> None:
    good = words_table("e", [word(0, 1), word(1, 2)], [0, 0], "en", {})
    assert faults(good, 2.0) == []
    assert "outside 0 to 1.50 s" in faults(good, 1.5)[0]
    assert faults(words_table("e", [word(1, 2), word(0, 1)], [0, 0], "en", {}), 2.0) == ["starts decrease"]
    assert faults(words_table("e", [word(0, 1), word(1, 2)], [0, 2], "en", {}), 2.0) == ["sentences do not rise by one"]
    assert faults(words_table("e", [word(0, 1)], [1], "en", {}), 2.0) == ["sentences do not begin at 0"]
    assert faults(words_table("e", [], [], "en", {}), 2.0) == []
    assert not is_ordered(good, 1.5).passed
    assert is_ordered(good, 2.0).passed
    assert "columns" in faults(good.drop_columns(["channel"]), 2.0)[0]
