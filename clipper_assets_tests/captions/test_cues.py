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
    """Two people by turns, with pauses, who say `rate_cps` characters a second or fewer; and the length of the clip."""
    said: list[CaptionWord] = []
    start_s, sentence, speaker = draw(st.floats(0, 1)), 0, "A"
    for text in draw(st.lists(st.text("abcde,.", min_size=1, max_size=14), min_size=1, max_size=60)):
        long_s = (len(text) + 1) / rate_cps * draw(st.floats(1, 1.5))
        said.append(CaptionWord(text, start_s, start_s + 0.9 * long_s, sentence, speaker))
        start_s += long_s + draw(st.sampled_from([0, 0, 0, 0.3, 2]))
        if draw(st.integers(0, 7)) == 0:
            sentence += 1
            speaker = draw(st.sampled_from("AB"))
    return said, start_s + 1


def limits_hold(found: list[Cue], clip_s: float, fps: Fraction) -> None:
    for cue in found:
        assert 1 <= len(cue.lines) <= MAX_LINES
        assert all(characters(text_of(line)) <= LINE_CHARACTERS or len(line) == 1 for line in cue.lines)
        assert 0 <= cue.start < cue.end <= clip_s * fps
        assert cue.end - cue.start <= 7 * fps
        assert len({word.speaker for line in cue.lines for word in line}) <= len(cue.lines)
    for cue, following in pairwise(found):
        gap = following.start - cue.end
        assert gap == GAP_FRAMES or gap >= fps / 2


@settings(deadline=None)  # machines are shared
@given(talks(), RATES)
def test_limits_hold_for_whatever_an_engine_gives(talk: tuple[list[CaptionWord], float], fps: Fraction) -> None:
    said, clip_s = talk
    room_s = len(said) * (5 / 6 + (GAP_FRAMES + 1) / float(fps))  # for a cue per word, whichever way they are parted
    found = cues(said, max(clip_s, room_s), fps)
    assert [word for cue in found for line in cue.lines for word in line] == said
    limits_hold(found, max(clip_s, room_s), fps)
    assert all(cue.end - cue.start >= Fraction(5, 6) * fps for cue in found)


@settings(deadline=None)  # machines are shared
@given(conversations(rate_cps=18), RATES)
def test_talk_that_is_not_too_fast_is_read_at_20_characters_a_second_in_time_with_its_words(
    talk: tuple[list[CaptionWord], float], fps: Fraction
) -> None:
    found = cues(*talk, fps)
    limits_hold(found, talk[1], fps)
    for cue in found:
        late = cue.start / fps - Fraction(cue.lines[0][0].start_s)
        assert abs(late) <= 0.5
        assert cue.characters / ((cue.end - cue.start) / fps) <= CHARACTERS_PER_S + 0.5 / ((cue.end - cue.start) / fps)


@settings(deadline=None)  # machines are shared
@given(conversations(rate_cps=40), RATES)
def test_a_cue_that_is_read_faster_has_no_time_left(talk: tuple[list[CaptionWord], float], fps: Fraction) -> None:
    found = cues(*talk, fps)
    limits_hold(found, talk[1], fps)
    nexts = [*(cue.start - GAP_FRAMES for cue in found[1:]), math.floor(talk[1] * fps)]
    for cue, latest in zip(found, nexts, strict=True):
        if cue.characters > CHARACTERS_PER_S * (cue.end - cue.start) / fps:
            assert cue.end in (latest, cue.start + 7 * fps // 1)


def shown(said: list[CaptionWord], clip_s: float = 20.0) -> list[tuple[float, float, list[str]]]:
    return [
        (cue.start / 25, cue.end / 25, [text_of(line) for line in cue.lines])
        for cue in cues(said, clip_s, Fraction(25))
    ]


def english(text: str, start_s: float = 0.0, speaker: str = "A") -> list[CaptionWord]:
    return [
        CaptionWord(word.text, word.start_s, word.end_s, 0, speaker, "en")
        for word in words(text, each_s=0.3, start_s=start_s)
    ]


def test_a_cue_stays_half_a_second_and_the_next_follows_after_two_frames() -> None:
    said = [*english("That was the whole story."), *english("And then?", 3.0, "B"), *english("Then nothing.", 4.2)]
    assert shown(said) == [
        (0.0, 2.0, ["That was the whole story."]),
        (3.0, 4.12, ["And then?"]),
        (4.2, 5.28, ["Then nothing."]),
    ]


def test_two_speakers_share_a_cue_where_one_word_would_flash() -> None:
    said = [*english("Yes."), *english("Really?", 0.32, "B"), *english("And so we went on as before.", 3.0)]
    assert shown(said)[0][2] == ["Yes.", "Really?"]


def test_fast_words_share_the_time_of_slow_ones() -> None:
    said = [
        *words("We simply could not believe it.", each_s=0.17),
        *words("Nobody in the whole village had any.", each_s=0.4, start_s=1.02),
        *words("So in the end we ate some other bread.", each_s=0.4, start_s=3.82),
    ]
    assert shown(said)[0][2] == ["We simply could not believe it.", "Nobody in the whole village had any."]


def test_lines_break_at_phrases() -> None:
    said = english("We put a sign in the window and nobody who came by had ever read it.")
    assert [lines for _, _, lines in shown(said)] == [
        ["We put a sign in the window and nobody", "who came by had ever read it."]
    ]


def test_sixteen_wide_characters_fill_a_line() -> None:
    assert characters("面" * WIDE_LINE_CHARACTERS) == LINE_CHARACTERS
    assert characters("한글 ab") == 2 * 42 / 16 + 3
    said = [CaptionWord("今日は美味しいパンの話", number, number + 1, 0, None, "ja") for number in range(4)]
    assert all(len(line) <= WIDE_LINE_CHARACTERS for _, _, lines in shown(said) for line in lines)


@pytest.mark.parametrize("clip_s", [0.4, 1.0])
def test_a_clip_too_short_for_its_cues_has_shorter_ones(clip_s: float) -> None:
    said = [CaptionWord(letter * 40, 0.1, 0.3, 0, None) for letter in "abcd"]
    found = cues(said, clip_s, Fraction(25))
    assert [word for cue in found for line in cue.lines for word in line] == said
    limits_hold(found, clip_s, Fraction(25))


def test_a_long_word_is_shown_for_seven_seconds() -> None:
    assert shown([CaptionWord("mmmmm", 1.0, 12.0, 0, None)]) == [(1.0, 8.0, ["mmmmm"])]


def test_no_words_no_cues() -> None:
    assert cues([], 3.0, Fraction(25)) == []
