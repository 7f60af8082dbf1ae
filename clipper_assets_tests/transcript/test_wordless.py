from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.transcript.checks import WIDENED_S
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.wordless import LEAST_S, WORDLESS, read_wordless, wordless_spans
from clipper_assets.transcript.words import Word, words_table


def words_in(stretches: list[Span]) -> list[Span]:
    """Words of up to a second that fill stretches of talk."""
    return [
        (start + second, min(start + second + 1, end))
        for start, end in stretches
        for second in range(ceil(end - start))
    ]


@pytest.mark.parametrize(
    ("voice", "spoken", "wordless"),
    [
        ([(0, 10)], [(0.2, 4.7), (7.3, 10)], [(5, 7)]),
        ([(0, 10)], [], [(0, 10)]),
        ([(0, 10)], [(0, 4), (5.5, 10)], []),
        ([(0, 10), (20, 30)], [(2, 9.7), (12, 19), (24, 40)], [(0, 1.7), (20, 23.7)]),
        ([(0, 6), (4, 10)], [(0, 3)], [(3.3, 6), (6, 10)]),
        ([(5, 9)], [(0, 20), (1, 2)], []),
        ([], [(0, 1)], []),
    ],
)
def test_speech_without_words_is_found(voice: list[Span], spoken: list[Span], wordless: list[Span]) -> None:
    assert wordless_spans(words_in(spoken), voice) == wordless


TICKS = st.integers(0, 60)
SPANS = st.lists(st.tuples(TICKS, st.integers(1, 15)).map(lambda span: (span[0], span[0] + span[1])), max_size=8)


@given(SPANS, SPANS)
def test_every_wordless_moment_is_in_speech_and_far_from_words(voice: list[Span], spoken: list[Span]) -> None:
    found = wordless_spans(words_in(spoken), voice)
    assert found == sorted(found)
    assert all(end - start >= LEAST_S - 1e-3 for start, end in found)
    for time in np.arange(0, 80, 0.25) + 0.1:
        without = not any(start - WIDENED_S <= time <= end + WIDENED_S for start, end in spoken)
        expected = without and any(start < time < end for start, end in voice)
        if any(start + 1e-3 < time < end - 1e-3 for start, end in found):
            assert expected
        elif expected:
            assert not any(
                start <= time - LEAST_S
                and time + LEAST_S <= end
                and not any(a - WIDENED_S < time + LEAST_S and time - LEAST_S < b + WIDENED_S for a, b in spoken)
                for start, end in voice
            )


def test_a_word_stretched_over_speech_does_not_cover_it() -> None:
    assert wordless_spans([(0.0, 0.5), (0.5, 5.0), (5.0, 5.5)], [(0.0, 5.5)]) == [(2.8, 4.7)]
    assert wordless_spans([(0.0, 2.5), (2.5, 5.0)], [(0.0, 5.0)]) == []


def test_a_words_table_carries_the_spans() -> None:
    words = [Word("word", 0, 1, 0)]
    assert read_wordless(words_table("show/ep", words, [0], "en", {WORDLESS: "[[1.5, 4.0]]"})) == [(1.5, 4.0)]
    assert read_wordless(words_table("show/ep", words, [0], "en", {})) == []
