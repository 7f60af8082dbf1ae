from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.clips.cuts import (
    FILLERS,
    LONGEST_PAUSE_S,
    MARGIN_S,
    PAUSE_S,
    SHORTEST_KEPT_S,
    TimeMap,
    is_filler,
    tighten,
)

FPS = Fraction(25)
FRAME_S = 1 / 25
TICK_S = 1e-9


class SpokenWord(NamedTuple):
    text: str
    start_s: float
    end_s: float


def spoken(*words: tuple[str, float, float]) -> list[SpokenWord]:
    return [SpokenWord(*word) for word in words]


@st.composite
def windows(draw: st.DrawFn) -> tuple[list[SpokenWord], float, Fraction]:
    """Words, some of them fillers or overlapping, the window's length in seconds, and a frame rate."""
    fps = draw(st.sampled_from([Fraction(25), Fraction(30000, 1001), Fraction(24), Fraction(12), Fraction(60)]))
    time_s = draw(st.floats(0, 2))
    words = []
    for _ in range(draw(st.integers(0, 25))):
        length_s = draw(st.floats(0.03, 0.8))
        words.append(SpokenWord(draw(st.sampled_from(["um", "uh,", "so", "bees", "Yes."])), time_s, time_s + length_s))
        time_s = max(time_s + draw(st.floats(-0.7, 0.1) | st.floats(0.1, 3)) + length_s, time_s)
    last_s = max([time_s, *(word.end_s for word in words)])
    frames = max(int((last_s + draw(st.floats(0.1, 2))) * fps), 1)
    return sorted(words, key=lambda word: word.start_s), float(frames / fps), fps


@settings(deadline=None)
@given(windows())
def test_kept_pieces_are_whole_frames_in_order_and_not_too_short(
    window: tuple[list[SpokenWord], float, Fraction],
) -> None:
    words, window_s, fps = window
    kept = tighten(words, window_s, fps, "en").kept
    assert kept
    for start, end in kept:
        assert 0 <= start < end <= window_s + TICK_S
        assert (start * fps, end * fps) == pytest.approx((round(start * fps), round(end * fps)), abs=1e-6)
    assert all(end < start for (_, end), (start, _) in pairwise(kept))
    if len(kept) > 1:
        assert all(end - start >= SHORTEST_KEPT_S - TICK_S for start, end in kept)


@settings(deadline=None)
@given(windows(), st.lists(st.floats(0, 1), min_size=2))
def test_the_time_map_is_monotonic_and_covers_the_whole_clip(
    window: tuple[list[SpokenWord], float, Fraction], shares: list[float]
) -> None:
    words, window_s, fps = window
    cuts = tighten(words, window_s, fps, "en")
    moments = sorted(share * window_s for share in shares)
    mapped = [cuts.at(moment) for moment in moments]
    assert mapped == sorted(mapped)
    assert cuts.at(0) == 0
    assert cuts.at(window_s) == pytest.approx(cuts.duration_s)
    # Every time of the clip corresponds to a time of the window, which is found in the piece that contains it.
    for share in shares:
        clip_s, before_s = share * cuts.duration_s, 0.0
        for start, end in cuts.kept:
            if clip_s < before_s + end - start:
                assert cuts.at(start + clip_s - before_s) == pytest.approx(clip_s, abs=1e-6)
                break
            before_s += end - start


@settings(deadline=None)
@given(windows())
def test_kept_words_keep_their_length_order_and_margins(window: tuple[list[SpokenWord], float, Fraction]) -> None:
    words, window_s, fps = window
    cuts = tighten(words, window_s, fps, "en")
    others = [word for word in words if not is_filler(word.text, "en")]
    starts = [cuts.at(word.start_s) for word in others]
    assert starts == sorted(starts)
    for word in others:
        first, last = max(word.start_s - MARGIN_S, 0), min(word.end_s + MARGIN_S, window_s)
        assert cuts.contains((word.start_s + word.end_s) / 2)
        assert cuts.at(last) - cuts.at(first) == pytest.approx(last - first)


@settings(deadline=None)
@given(windows())
def test_every_pause_between_words_of_normal_length_is_shortened(
    window: tuple[list[SpokenWord], float, Fraction],
) -> None:
    words, window_s, fps = window
    others = [word for word in words if not is_filler(word.text, "en")]
    cuts = tighten(words, window_s, fps, "en")
    for before, after in pairwise(others):
        if min(before.end_s - before.start_s, after.end_s - after.start_s) >= SHORTEST_KEPT_S:
            pause_s = cuts.at(after.start_s) - cuts.at(before.end_s)
            assert pause_s <= LONGEST_PAUSE_S + 2 / fps + TICK_S


@settings(deadline=None)
@given(st.lists(st.floats(0.05, 2), min_size=1, max_size=20), st.floats(0.3, 2))
def test_fillers_between_pauses_are_removed(pauses: list[float], length_s: float) -> None:
    words, time_s = [], 0.0
    for pause_s in pauses:
        words += spoken(("word", time_s, time_s + length_s))
        time_s += length_s + 0.1 + pause_s
        words += spoken(("um", time_s, time_s + 0.3))
        time_s += 0.4 + pause_s
    words += spoken(("word", time_s, time_s + length_s))
    window_s = float(round((time_s + length_s) * FPS) / FPS)
    cuts = tighten(words, window_s, FPS, "en")
    for word in words:
        length_in_clip_s = cuts.at(word.end_s) - cuts.at(word.start_s)
        assert cuts.contains((word.start_s + word.end_s) / 2) == (word.text == "word")
        assert (
            length_in_clip_s <= 2 * FRAME_S
            if word.text == "um"
            else length_in_clip_s == pytest.approx(length_s, abs=FRAME_S)
        )


def kept_frames(cuts: TimeMap) -> list[tuple[int, int]]:
    return [(round(start * FPS), round(end * FPS)) for start, end in cuts.kept]


def test_a_long_pause_is_shortened_to_a_quarter_of_a_second() -> None:
    cuts = tighten(spoken(("one", 0.0, 1.0), ("two", 3.0, 4.0)), 4.0, FPS, "en")
    assert kept_frames(cuts) == [(0, 29), (71, 100)]
    assert cuts.at(3.0) - cuts.at(1.0) == pytest.approx(PAUSE_S, abs=2 * FRAME_S)


def test_a_pause_at_an_end_of_the_window_is_cut_at_that_end() -> None:
    cuts = tighten(spoken(("one", 2.0, 3.0)), 5.0, FPS, "en")
    assert kept_frames(cuts) == [(43, 82)]
    assert cuts.at(1.0) == 0.0
    assert not cuts.contains(1.0)


def test_a_filler_is_removed_without_cutting_into_its_neighbours() -> None:
    loose = tighten(spoken(("so", 0.0, 1.0), ("um,", 1.1, 1.4), ("yes", 1.5, 2.4)), 2.4, FPS, "en")
    assert kept_frames(loose) == [(0, 28), (35, 60)]
    tight = tighten(spoken(("so", 0.0, 1.0), ("um", 1.0, 1.4), ("yes", 1.4, 2.4)), 2.4, FPS, "en")
    assert kept_frames(tight) == [(0, 27), (33, 60)]
    assert not tight.contains(1.2)


@pytest.mark.parametrize(
    "words",
    [
        [],
        spoken(("one", 0.1, 1.0), ("two", 1.5, 2.9)),
        spoken(("um", 0.0, 1.0), ("uh", 2.0, 2.5)),
        spoken(("yes", 0.1, 1.2), ("um", 0.6, 1.1), ("no", 1.2, 2.9)),  # spoken over another voice
        spoken(("late", 3.5, 4.0)),
    ],
)
def test_a_window_with_nothing_to_remove_is_kept_whole(words: list[SpokenWord]) -> None:
    assert tighten(words, 3.0, FPS, "en") == TimeMap.whole(3.0)


def test_no_cut_is_made_too_close_to_another() -> None:
    words = spoken(("so", 0.0, 1.0), ("um", 1.1, 1.4), ("I", 1.5, 1.53), ("uh", 1.6, 2.0), ("go", 2.1, 3.0))
    cuts = tighten(words, 3.0, FPS, "en")
    assert kept_frames(cuts) == [(0, 28), (35, 75)]
    assert cuts.contains(1.8)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Um,"), ("en", "uhhh..."), ("en", "erm"), ("de", "Äähm"), ("de", "öh"), ("fr", "euh"), ("fr", "Heu..."),
        ("es", "ehh"), ("sv", "öh"), ("da", "øhm"), ("ru", "э-э"), ("ru", "эээм"), ("ja", "えーっと"),
        ("ja", "えっと、"), ("zh", "呃,"), ("ko", "음..."),
    ],
)  # fmt: skip
def test_fillers_are_recognised_in_their_language(language: str, text: str) -> None:
    assert is_filler(text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "um"), ("de", "er"), ("de", "eh"), ("en", "her"), ("en", "ER"), ("en", "umbrella"), ("en", "uh-huh"),
        ("en", "hmm"), ("fr", "eu"), ("fr", "eux"), ("fr", "eh"), ("es", "he"), ("it", "e"), ("pt", "é"),
        ("ja", "ええ"), ("ja", "あの"), ("en", ""), ("en", "—"), ("xx", "um"), ("", "um"),
    ],
)  # fmt: skip
def test_words_with_a_meaning_are_not_fillers(language: str, text: str) -> None:
    assert not is_filler(text, language)


def test_language_codes_are_those_of_whisper() -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    assert set(FILLERS) <= set(_LANGUAGE_CODES)
