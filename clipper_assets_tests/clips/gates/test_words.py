import json
from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.captions.lines import CaptionWord, Page
from clipper_assets.clips.cuts import Span, TimeMap
from clipper_assets.clips.gates.words import (
    advert_s,
    cut_word_s,
    overhang_px,
    reading_speed_cps,
    speech_with_words,
    spoken_around,
)
from clipper_assets.media.frame import Box
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples, load_speech
from clipper_assets.transcript.words import Word, words_table
from clipper_assets_tests.clips.gates.clip import FIXTURE

SAFE = Box(65, 270, 885, 980)


@pytest.mark.parametrize(
    ("box", "overhang"),
    [
        (Box(65, 270, 885, 980), 0),
        (Box(60, 300, 100, 100), 5),
        (Box(100, 250, 100, 100), 20),
        (Box(900, 300, 100, 100), 50),
        (Box(100, 1200, 100, 80), 30),
    ],
)
def test_the_overhang_is_that_of_the_side_furthest_outside(box: Box, overhang: float) -> None:
    assert overhang_px([Box(300, 600, 10, 10), box], SAFE) == overhang


def page(text: str, start_s: float, end_s: float) -> Page:
    return Page(((CaptionWord(text, start_s, end_s, 0, None),),), start_s, end_s)


@pytest.mark.parametrize(
    ("adverts", "kept", "shown_s"),
    [
        ([], [(0.0, 30.0)], 0.0),
        ([(90.0, 101.5), (128.0, 160.0)], [(0.0, 30.0)], 3.5),
        ([(110.0, 112.0)], [(0.0, 30.0)], 2.0),
        ([(110.0, 112.0)], [(0.0, 10.5), (11.5, 30.0)], 1.0),
        ([(110.0, 112.0)], [(0.0, 10.0), (12.0, 30.0)], 0.0),
    ],
)
def test_adverts_are_counted_only_where_the_clip_shows_them(
    adverts: list[Span], kept: list[Span], shown_s: float
) -> None:
    assert advert_s(adverts, 100.0, TimeMap(tuple(kept))) == pytest.approx(shown_s)


def test_reading_speed_is_averaged_over_at_least_five_seconds() -> None:
    even = [page("x" * 10, float(second), second + 1.0) for second in range(10)]
    assert reading_speed_cps(even) == 10
    assert reading_speed_cps([*even[:4], page("x" * 30, 4, 5), *even[5:]]) == 14
    assert reading_speed_cps([page("x" * 30, 0, 1)]) == 30
    assert reading_speed_cps([]) is None


def around(spans: list[Span], cuts: TimeMap) -> list[Span]:
    """The episode's words in and around the window from 10 to 20 s, in seconds of its clip."""
    words = words_table("e", [Word("w", start, end, 0) for start, end in spans], [0] * len(spans), "en", {})
    return [(round(start, 6), round(end, 6)) for start, end in spoken_around(words, 10, 20, cuts)]


def test_words_outside_the_window_keep_their_distance_from_the_clip() -> None:
    spans = [(5.0, 6.0), (9.0, 9.5), (9.8, 10.3), (12.0, 12.5), (19.9, 20.4), (21.0, 21.5), (23.0, 24.0)]
    uncut = around(spans, TimeMap(((0.0, 10.0),)))
    assert uncut == [(-1, -0.5), (-0.2, 0.3), (2, 2.5), (9.9, 10.4), (11, 11.5)]
    tightened = around(spans, TimeMap(((0.0, 1.0), (3.0, 10.0))))
    assert tightened == [(-1, -0.5), (-0.2, 0.3), (7.9, 8.4), (9, 9.5)]


@pytest.mark.parametrize(
    ("spoken", "cut_s"),
    [
        ([(0.0, 1.0), (9.0, 10.0)], 0.0),
        ([(-0.02, 0.5)], 0.02),
        ([(-0.5, 0.03)], 0.03),
        ([(9.6, 10.5)], 0.4),
        ([(-5.0, -1.0), (11.0, 12.0)], 0.0),
        ([], 0.0),
    ],
)
def test_a_cut_word_is_measured_by_its_smaller_part(spoken: list[Span], cut_s: float) -> None:
    assert cut_word_s(spoken, 10.0) == pytest.approx(cut_s)


@given(st.lists(st.floats(0.05, 2), min_size=2, max_size=40), st.data())
def test_only_a_word_across_the_start_or_end_is_cut(lengths: list[float], data: st.DataObject) -> None:
    bounds = [0.0, *accumulate(lengths)]
    spoken = list(pairwise(bounds))
    first = data.draw(st.integers(0, len(bounds) - 2))
    last = data.draw(st.integers(first + 1, len(bounds) - 1))
    clip = [(start - bounds[first], end - bounds[first]) for start, end in spoken]
    assert cut_word_s(clip, bounds[last] - bounds[first]) == pytest.approx(0, abs=1e-9)
    cut_s = data.draw(st.floats(0.01, lengths[last - 1] / 2))
    assert cut_word_s(clip, bounds[last] - bounds[first] - cut_s) == pytest.approx(cut_s)


@pytest.fixture(scope="module")
def talk() -> Samples:
    return load_speech(FIXTURE / "talk.flac")[: 30 * SPEECH_RATE_HZ]


@pytest.fixture(scope="module")
def said() -> list[Span]:
    turns = json.loads((FIXTURE / "truth.json").read_text())
    return [(start, end) for turn in turns for _, start, end in turn["words"] if end < 30]


def under_music(speech: Samples, level: float) -> Samples:
    """Speech over a chord whose loudness swells twice a second."""
    seconds = np.arange(len(speech)) / SPEECH_RATE_HZ
    chord = sum(np.sin(2 * np.pi * pitch * seconds) for pitch in (220.0, 277.2, 329.6, 440.0))
    return (speech + level * chord * (1 + np.sin(4 * np.pi * seconds)) / 8).astype(np.float32)


@pytest.mark.parametrize("music", [0.0, 0.02, 0.05])
def test_all_speech_of_the_true_words_has_words(talk: Samples, said: list[Span], music: float) -> None:
    assert speech_with_words(under_music(talk, music), said) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(("first", "last"), [(0.0, 12.0), (8.0, 20.0), (20.0, 30.0), (0.0, 30.0)])
def test_the_share_falls_by_the_speech_whose_words_are_missing(
    talk: Samples, said: list[Span], first: float, last: float
) -> None:
    kept = [span for span in said if not first <= span[0] < last]
    share = speech_with_words(talk, kept)
    gone_s = sum(end - start for start, end in said if first <= start < last)
    assert share == pytest.approx(1 - gone_s / sum(end - start for start, end in said), abs=0.12)


@pytest.mark.parametrize("error_s", [0.1, 0.25, 0.5])
def test_words_that_are_misplaced_a_little_still_cover_the_speech(
    talk: Samples, said: list[Span], error_s: float
) -> None:
    errors = np.random.default_rng(3).normal(0, error_s, len(said))
    moved = [(start + error, end + error) for (start, end), error in zip(said, errors.tolist(), strict=True)]
    assert (speech_with_words(talk, moved) or 0) > 0.9


def test_music_silence_and_a_few_words_are_not_measured(talk: Samples, said: list[Span]) -> None:
    silence = np.zeros(20 * SPEECH_RATE_HZ, np.float32)
    assert speech_with_words(silence, []) is None
    assert speech_with_words(under_music(silence, 0.2), []) is None
    assert speech_with_words(talk[: 4 * SPEECH_RATE_HZ], []) is None
