import io
import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from clipper_assets.transcript.plot import MAX_BINS, bins, doubtful_spans, pace_plot, time_label
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.words import Word, words_table
from clipper_assets_tests.support.media import Picture, sample_words

SAMPLE_S = 142.8
MISSING = (0xF3, 0xC6, 0xC6)
FIRST_SPEAKER = (0x44, 0x77, 0xAA)


def table(words: Sequence[Word]) -> pa.Table:
    return words_table("show/ep", words, [0] * len(words), "en", {})


def png(words: Sequence[Word], voice: Sequence[Span] = ((0.0, SAMPLE_S),), duration_s: float = SAMPLE_S) -> bytes:
    picture = pace_plot(table(words), voice, duration_s)
    assert picture
    return picture


def pixels(picture: bytes) -> Picture:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


def share_of(picture: bytes, colour: tuple[int, int, int]) -> float:
    return float((pixels(picture) == colour).all(axis=2).mean())


def test_the_plot_of_the_sample_is_a_small_png_of_900_by_360_pixels() -> None:
    picture = png(sample_words())
    assert pixels(picture).shape == (360, 900, 3)
    assert len(picture) < 8_000


def test_the_plot_of_six_hours_with_many_speakers_stays_below_45_kb() -> None:
    words = [Word("a", n * 0.36, n * 0.36 + 0.3, 0, speaker=f"SPEAKER_{n // 700 % 9:02d}") for n in range(60_000)]
    words[::5000] = [replace(word, doubt="unsure") for word in words[::5000]]
    picture = png(words, [(s, s + 8.0) for s in range(0, 21_600, 10)], 21_600.0)
    assert len(picture) < 45_000


def test_without_words_there_is_no_plot() -> None:
    assert pace_plot(table([]), [(0.0, 10.0)], SAMPLE_S) is None


def test_speech_without_words_is_coloured() -> None:
    words = sample_words()
    assert share_of(png(words), MISSING) < 0.01
    assert share_of(png([word for word in words if word.start < 70]), MISSING) > 0.05
    assert share_of(png(words, voice=[]), MISSING) == 0


def test_doubtful_words_are_shaded() -> None:
    words = sample_words()
    doubted = [replace(word, doubt="repeated" if 60 < word.start < 90 else None) for word in words]
    assert share_of(png(doubted), FIRST_SPEAKER) < 0.9 * share_of(png(words), FIRST_SPEAKER)


@pytest.mark.parametrize("name", ["_Bob", "$x_1$ & \\frac", "Anna " * 30])
def test_any_speaker_name_can_be_drawn(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        png([replace(word, speaker=name) for word in sample_words()])


def test_adjacent_doubtful_words_form_one_span() -> None:
    words = [Word("a", n, n + 0.5, 0, doubt="unsure" if n in {0, 3, 4, 9} else None) for n in range(10)]
    assert doubtful_spans(table(words)) == [(0.0, 0.5), (3.0, 4.5), (9.0, 9.5)]


@pytest.mark.parametrize(("duration_s", "count"), [(0.5, 1), (30, 6), (SAMPLE_S, 29), (3600, 60), (6 * 3600, 72)])
def test_the_number_of_bins_depends_on_the_length_of_the_episode(duration_s: float, count: int) -> None:
    assert len(bins(duration_s)) - 1 == count


@given(st.floats(0.1, 48 * 3600))
def test_bins_are_equal_and_cover_the_episode(duration_s: float) -> None:
    edges = bins(duration_s)
    assert (edges[0], edges[-1]) == (0, duration_s)
    assert 1 <= len(edges) - 1 <= MAX_BINS
    assert np.diff(edges) == pytest.approx(duration_s / (len(edges) - 1))


def test_time_labels_are_minutes_or_hours_by_the_length_of_the_episode() -> None:
    assert time_label(90, SAMPLE_S) == "1:30"
    assert time_label(5400, 7200) == "1:30"
