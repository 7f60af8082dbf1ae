from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
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


class Said(NamedTuple):
    text: str
    start_s: float
    end_s: float


def said(*words: tuple[str, float, float]) -> list[Said]:
    return [Said(*word) for word in words]


@st.composite
def windows(draw: st.DrawFn) -> tuple[list[Said], float, Fraction]:
    """Words, some of them fillers or over each other, the window's length, and a frame rate."""
    fps = draw(st.sampled_from([Fraction(25), Fraction(30000, 1001), Fraction(24), Fraction(12), Fraction(60)]))
    time_s = draw(st.floats(0, 2))
    words = []
    for _ in range(draw(st.integers(0, 25))):
        length_s = draw(st.floats(0.03, 0.8))
        words.append(Said(draw(st.sampled_from(["um", "uh,", "so", "bees", "Yes."])), time_s, time_s + length_s))
        time_s = max(time_s + draw(st.floats(-0.7, 0.1) | st.floats(0.1, 3)) + length_s, time_s)
    last_s = max([time_s, *(word.end_s for word in words)])
    frames = max(int((last_s + draw(st.floats(0.1, 2))) * fps), 1)
    return sorted(words, key=lambda word: word.start_s), float(frames / fps), fps


@given(windows())
def test_kept_pieces_are_frames_in_order_and_long_enough_to_be_seen(window: tuple[list[Said], float, Fraction]) -> None:
    words, window_s, fps = window
    kept = tighten(words, window_s, fps, "en").kept
    assert kept
    for start, end in kept:
        assert 0 <= start < end <= window_s + TICK_S
        assert (start * fps, end * fps) == pytest.approx((round(start * fps), round(end * fps)), abs=1e-6)
    assert all(end < start for (_, end), (start, _) in pairwise(kept))
    if len(kept) > 1:
        assert all(end - start >= SHORTEST_KEPT_S - TICK_S for start, end in kept)


@given(windows(), st.lists(st.floats(0, 1), min_size=2))
def test_the_time_map_is_monotonic_and_onto_the_clip(
    window: tuple[list[Said], float, Fraction], shares: list[float]
) -> None:
    words, window_s, fps = window
    cuts = tighten(words, window_s, fps, "en")
    moments = sorted(share * window_s for share in shares)
    mapped = [cuts.at(moment) for moment in moments]
    assert mapped == sorted(mapped)
    assert cuts.at(0) == 0
    assert cuts.at(window_s) == pytest.approx(cuts.duration_s)
    # Onto: every moment of the clip is that of a moment of the window, found in the piece that it falls into.
    for share in shares:
        clip_s, before_s = share * cuts.duration_s, 0.0
        for start, end in cuts.kept:
            if clip_s < before_s + end - start:
                assert cuts.at(start + clip_s - before_s) == pytest.approx(clip_s, abs=1e-6)
                break
            before_s += end - start


@given(windows())
def test_words_keep_length_order_and_what_is_next_to_them(window: tuple[list[Said], float, Fraction]) -> None:
    words, window_s, fps = window
    cuts = tighten(words, window_s, fps, "en")
    others = [word for word in words if not is_filler(word.text, "en")]
    starts = [cuts.at(word.start_s) for word in others]
    assert starts == sorted(starts)
    for word in others:
        first, last = max(word.start_s - MARGIN_S, 0), min(word.end_s + MARGIN_S, window_s)
        assert cuts.holds((word.start_s + word.end_s) / 2)
        assert cuts.at(last) - cuts.at(first) == pytest.approx(last - first)


@given(windows())
def test_no_pause_is_long_unless_its_cut_would_leave_a_flicker(window: tuple[list[Said], float, Fraction]) -> None:
    words, window_s, fps = window
    others = [word for word in words if not is_filler(word.text, "en")]
    cuts = tighten(words, window_s, fps, "en")
    for before, after in pairwise(others):
        if min(before.end_s - before.start_s, after.end_s - after.start_s) >= SHORTEST_KEPT_S:
            pause_s = cuts.at(after.start_s) - cuts.at(before.end_s)
            assert pause_s <= LONGEST_PAUSE_S + 2 / fps + TICK_S


@given(st.lists(st.floats(0.05, 2), min_size=1, max_size=20), st.floats(0.3, 2))
def test_fillers_with_air_around_them_vanish(pauses: list[float], length_s: float) -> None:
    words, time_s = [], 0.0
    for pause_s in pauses:
        words += said(("word", time_s, time_s + length_s))
        time_s += length_s + 0.1 + pause_s
        words += said(("um", time_s, time_s + 0.3))
        time_s += 0.4 + pause_s
    words += said(("word", time_s, time_s + length_s))
    window_s = float(round((time_s + length_s) * FPS) / FPS)
    cuts = tighten(words, window_s, FPS, "en")
    for word in words:
        moved_s = cuts.at(word.end_s) - cuts.at(word.start_s)
        assert cuts.holds((word.start_s + word.end_s) / 2) == (word.text == "word")
        assert moved_s <= 2 * FRAME_S if word.text == "um" else moved_s == pytest.approx(length_s, abs=FRAME_S)


def kept_frames(cuts: TimeMap) -> list[tuple[int, int]]:
    return [(round(start * FPS), round(end * FPS)) for start, end in cuts.kept]


def test_a_long_pause_is_shortened_to_a_quarter_of_a_second() -> None:
    cuts = tighten(said(("one", 0.0, 1.0), ("two", 3.0, 4.0)), 4.0, FPS, "en")
    assert kept_frames(cuts) == [(0, 29), (71, 100)]
    assert cuts.at(3.0) - cuts.at(1.0) == pytest.approx(PAUSE_S, abs=2 * FRAME_S)


def test_a_pause_at_an_end_of_the_window_is_cut_at_that_end() -> None:
    cuts = tighten(said(("one", 2.0, 3.0)), 5.0, FPS, "en")
    assert kept_frames(cuts) == [(43, 82)]
    assert cuts.at(1.0) == 0.0
    assert not cuts.holds(1.0)


def test_a_filler_goes_with_its_pause_and_one_between_close_words_leaves_them_whole() -> None:
    loose = tighten(said(("so", 0.0, 1.0), ("um,", 1.1, 1.4), ("yes", 1.5, 2.4)), 2.4, FPS, "en")
    assert kept_frames(loose) == [(0, 28), (35, 60)]
    tight = tighten(said(("so", 0.0, 1.0), ("um", 1.0, 1.4), ("yes", 1.4, 2.4)), 2.4, FPS, "en")
    assert kept_frames(tight) == [(0, 27), (33, 60)]
    assert not tight.holds(1.2)


@pytest.mark.parametrize(
    "words",
    [
        [],
        said(("one", 0.1, 1.0), ("two", 1.5, 2.9)),
        said(("um", 0.0, 1.0), ("uh", 2.0, 2.5)),
        said(("yes", 0.1, 1.2), ("um", 0.6, 1.1), ("no", 1.2, 2.9)),  # under another voice
        said(("late", 3.5, 4.0)),
    ],
)
def test_a_window_without_anything_to_leave_out_is_whole(words: list[Said]) -> None:
    assert tighten(words, 3.0, FPS, "en") == TimeMap.whole(3.0)


def test_nothing_is_cut_within_a_flicker_of_another_cut() -> None:
    words = said(("so", 0.0, 1.0), ("um", 1.1, 1.4), ("I", 1.5, 1.53), ("uh", 1.6, 2.0), ("go", 2.1, 3.0))
    cuts = tighten(words, 3.0, FPS, "en")
    assert kept_frames(cuts) == [(0, 28), (35, 75)]
    assert cuts.holds(1.8)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Um,"), ("en", "uhhh..."), ("en", "erm"), ("de", "Äähm"), ("de", "öh"), ("fr", "euh"), ("fr", "Heu..."),
        ("es", "ehh"), ("sv", "öh"), ("da", "øhm"), ("ru", "э-э"), ("ru", "эээм"), ("ja", "えーっと"),
        ("ja", "えっと、"), ("zh", "呃,"), ("ko", "음..."),
    ],
)  # fmt: skip
def test_fillers_of_the_language(language: str, text: str) -> None:
    assert is_filler(text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "um"), ("de", "er"), ("de", "eh"), ("en", "her"), ("en", "ER"), ("en", "umbrella"), ("en", "uh-huh"),
        ("en", "hmm"), ("fr", "eu"), ("fr", "eux"), ("fr", "eh"), ("es", "he"), ("it", "e"), ("pt", "é"),
        ("ja", "ええ"), ("ja", "あの"), ("en", ""), ("en", "—"), ("xx", "um"), ("", "um"),
    ],
)  # fmt: skip
def test_words_that_mean_something_are_no_fillers(language: str, text: str) -> None:
    assert not is_filler(text, language)


def test_languages_are_named_as_whisper_names_them() -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    assert set(FILLERS) <= set(_LANGUAGE_CODES)
