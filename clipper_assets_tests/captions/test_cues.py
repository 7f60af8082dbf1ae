import math
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.captions.cues import (
    CHARACTERS_PER_S,
    GAP_FRAMES,
    LINE_CHARACTERS,
    MAX_LINES,
    WIDE_LINE_CHARACTERS,
    Cue,
    characters,
    cues,
)
from clipper_assets.captions.lines import CaptionWord, text_of
from clipper_assets_tests.captions.test_lines import talks
from clipper_assets_tests.support.media import words

RATES = st.sampled_from([Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60)])


@st.composite
def conversations(draw: st.DrawFn, rate_cps: float) -> tuple[list[CaptionWord], float]:
    """Words of two people who take turns at up to `rate_cps` characters a second, and the length of the clip."""
    spoken_words: list[CaptionWord] = []
    start_s, sentence, speaker = draw(st.floats(0, 1)), 0, "A"
    for text in draw(st.lists(st.text("abcde,.", min_size=1, max_size=14), min_size=1, max_size=60)):
        long_s = (len(text) + 1) / rate_cps * draw(st.floats(1, 1.5))
        spoken_words.append(CaptionWord(text, start_s, start_s + 0.9 * long_s, sentence, speaker))
        start_s += long_s + draw(st.sampled_from([0, 0, 0, 0.3, 2]))
        if draw(st.integers(0, 7)) == 0:
            sentence += 1
            speaker = draw(st.sampled_from("AB"))
    return spoken_words, start_s + 1


def assert_limits(result: list[Cue], clip_s: float, fps: Fraction) -> None:
    for cue in result:
        assert 1 <= len(cue.lines) <= MAX_LINES
        assert all(characters(text_of(line)) <= LINE_CHARACTERS or len(line) == 1 for line in cue.lines)
        assert 0 <= cue.start < cue.end <= clip_s * fps
        assert cue.end - cue.start <= 7 * fps
        assert len({word.speaker for line in cue.lines for word in line}) <= len(cue.lines)
    for cue, following in pairwise(result):
        gap = following.start - cue.end
        assert gap == GAP_FRAMES or gap >= fps / 2


@settings(deadline=None)
@given(talks(), RATES)
def test_limits_hold_for_any_words(talk: tuple[list[CaptionWord], float], fps: Fraction) -> None:
    spoken_words, clip_s = talk
    room_s = len(spoken_words) * (5 / 6 + (GAP_FRAMES + 1) / float(fps))  # enough for one cue per word
    result = cues(spoken_words, max(clip_s, room_s), fps)
    assert [word for cue in result for line in cue.lines for word in line] == spoken_words
    assert_limits(result, max(clip_s, room_s), fps)
    assert all(cue.end - cue.start >= Fraction(5, 6) * fps for cue in result)


@settings(deadline=None)
@given(conversations(rate_cps=18), RATES)
def test_cues_of_speech_at_a_normal_rate_keep_the_reading_speed_and_are_in_sync(
    talk: tuple[list[CaptionWord], float], fps: Fraction
) -> None:
    result = cues(*talk, fps)
    assert_limits(result, talk[1], fps)
    for cue in result:
        delay_s = cue.start / fps - Fraction(cue.lines[0][0].start_s)
        assert abs(delay_s) <= 0.5
        assert cue.characters / ((cue.end - cue.start) / fps) <= CHARACTERS_PER_S + 0.5 / ((cue.end - cue.start) / fps)


@settings(deadline=None)
@given(conversations(rate_cps=40), RATES)
def test_only_a_cue_that_cannot_be_longer_exceeds_the_reading_speed(
    talk: tuple[list[CaptionWord], float], fps: Fraction
) -> None:
    result = cues(*talk, fps)
    assert_limits(result, talk[1], fps)
    latest_ends = [*(cue.start - GAP_FRAMES for cue in result[1:]), math.floor(talk[1] * fps)]
    for cue, latest in zip(result, latest_ends, strict=True):
        if cue.characters > CHARACTERS_PER_S * (cue.end - cue.start) / fps:
            assert cue.end in (latest, cue.start + 7 * fps // 1)


def shown(spoken_words: list[CaptionWord], clip_s: float = 20.0) -> list[tuple[float, float, list[str]]]:
    return [
        (cue.start / 25, cue.end / 25, [text_of(line) for line in cue.lines])
        for cue in cues(spoken_words, clip_s, Fraction(25))
    ]


def english(text: str, start_s: float = 0.0, speaker: str = "A") -> list[CaptionWord]:
    return [
        CaptionWord(word.text, word.start_s, word.end_s, 0, speaker, "en")
        for word in words(text, each_s=0.3, start_s=start_s)
    ]


def test_a_cue_stays_for_half_a_second_and_close_cues_are_two_frames_apart() -> None:
    spoken_words = [
        *english("That was the whole story."),
        *english("And then?", 3.0, "B"),
        *english("Then nothing.", 4.2),
    ]
    assert shown(spoken_words) == [
        (0.0, 2.0, ["That was the whole story."]),
        (3.0, 4.12, ["And then?"]),
        (4.2, 5.28, ["Then nothing."]),
    ]


def test_two_speakers_share_a_cue_if_one_would_be_too_short() -> None:
    spoken_words = [*english("Yes."), *english("Really?", 0.32, "B"), *english("And so we went on as before.", 3.0)]
    assert shown(spoken_words)[0][2] == ["Yes.", "Really?"]


def test_fast_and_slow_words_share_a_cue() -> None:
    spoken_words = [
        *words("We simply could not believe it.", each_s=0.17),
        *words("Nobody in the whole village had any.", each_s=0.4, start_s=1.02),
        *words("So in the end we ate some other bread.", each_s=0.4, start_s=3.82),
    ]
    assert shown(spoken_words)[0][2] == ["We simply could not believe it.", "Nobody in the whole village had any."]


def test_lines_break_at_phrases() -> None:
    spoken_words = english("We put a sign in the window and nobody who came by had ever read it.")
    assert [lines for _, _, lines in shown(spoken_words)] == [
        ["We put a sign in the window and nobody", "who came by had ever read it."]
    ]


def test_sixteen_wide_characters_fill_a_line() -> None:
    assert characters("面" * WIDE_LINE_CHARACTERS) == LINE_CHARACTERS
    assert characters("한글 ab") == 2 * 42 / 16 + 3
    spoken_words = [CaptionWord("今日は美味しいパンの話", number, number + 1, 0, None, "ja") for number in range(4)]
    assert all(len(line) <= WIDE_LINE_CHARACTERS for _, _, lines in shown(spoken_words) for line in lines)


@pytest.mark.parametrize("clip_s", [0.4, 1.0])
def test_a_clip_too_short_for_its_cues_has_shorter_cues(clip_s: float) -> None:
    spoken_words = [CaptionWord(letter * 40, 0.1, 0.3, 0, None) for letter in "abcd"]
    result = cues(spoken_words, clip_s, Fraction(25))
    assert [word for cue in result for line in cue.lines for word in line] == spoken_words
    assert_limits(result, clip_s, Fraction(25))


def test_a_very_long_word_is_shown_for_only_seven_seconds() -> None:
    assert shown([CaptionWord("mmmmm", 1.0, 12.0, 0, None)]) == [(1.0, 8.0, ["mmmmm"])]


def test_without_words_there_are_no_cues() -> None:
    assert cues([], 3.0, Fraction(25)) == []
