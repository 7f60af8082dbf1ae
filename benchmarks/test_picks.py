"""The judge of picked windows, on a few words whose faults are known."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.picks_figures import Counts, counts, random_counts, results, verdicts
from benchmarks.picks_judge import Span, Talked, Window, covered_s, is_leaning, judge, plain
from benchmarks.picks_made import Made, read_sample
from benchmarks.picks_plot import write_plot

SAID = "Why do we sleep? And why so long? It repairs the brain. Buy our soap today. Nobody knows the rest of it"
"""One word each second, the last three after a pause."""


def talked(adverts: list[Span] | None = None, reviewed: tuple[Span, ...] = (), text: str = SAID) -> Talked:
    texts = text.split()
    starts = np.arange(len(texts), dtype=np.float64)
    starts[-3:] += 2.0
    return Talked("talk", float(starts[-1] + 1), texts, starts, starts + 0.9, adverts, reviewed)


def judged(start: float, end: float, title: str | None = None, adverts: list[Span] | None = None) -> dict[str, object]:
    found = judge(talked(adverts), Window(start, end, title))
    return {name: value for name, value in vars(found).items() if value not in (None, False)}


@pytest.mark.parametrize(
    ("window", "faults"),
    [
        ((0.0, 4.0), {}),
        ((1.0, 4.0), {"begins_inside": True}),
        ((0.0, 3.0), {"ends_inside": True}),
        ((4.0, 8.0), {"leans": True, "leans_needlessly": True}),
        ((20.5, 24.0), {}),  # after a pause
        ((0.0, 24.0), {}),
        ((500.0, 530.0), {}),
    ],
)
def test_faults_at_the_edges_are_found(window: Span, faults: dict[str, object]) -> None:
    assert judged(*window) == faults


def test_a_window_leans_by_need_if_no_other_thought_begins_nearby() -> None:
    alone = talked(text="And it goes on for a long time without any end of that sentence")
    found = judge(alone, Window(0.0, 8.0))
    assert (found.leans, found.leans_needlessly) == (True, False)


def test_an_advert_is_no_better_opening() -> None:
    text = "Buy our soap. And it goes on for a very long time without a word that ends"
    before_it = judge(talked([(0.0, 3.0)], text=text), Window(3.0, 9.0))
    assert (before_it.leans, before_it.leans_needlessly) == (True, False)
    assert judge(talked([], text=text), Window(3.0, 9.0)).leans_needlessly


@pytest.mark.parametrize(
    ("word", "leans"),
    [("And", True), ("\"It's", True), ("Sold", False), ("...", False), ("so,", True), ("Andy", False)],
)
def test_leaning_words_are_whole_words(word: str, leans: bool) -> None:
    assert is_leaning(word) == leans


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("It repairs the brain", True),
        ("why do WE sleep", True),
        ("Brain, Sleep, Soap", False),
        ("pairs the bra", False),
    ],
)
def test_a_title_must_have_been_said(title: str, said: bool) -> None:
    assert judge(talked(), Window(0.0, 12.0, title)).titled == said
    assert plain(title) == plain(title.upper() + "!")


def test_seconds_of_advert_are_summed() -> None:
    assert judged(10.0, 16.0, adverts=[(12.0, 14.0), (15.0, 30.0)])["advert_s"] == 3.0


def test_words_and_windows_are_counted() -> None:
    found = counts(talked([(12.0, 16.0)], ((0.0, 8.0),)), [Window(0.0, 8.0), Window(12.0, 20.0)], [(11.0, 14.0)])
    assert (found.windows, found.judged, found.advert) == (2, 2, 1)
    assert (found.ad_words, found.ad_words_found, found.other_words, found.other_words_lost) == (4, 2, 18, 1)
    assert (found.picks, found.picks_found) == (1, 1)
    assert found.of("advert", "judged") == 0.5
    assert Counts().of("advert", "judged") is None


def test_overlapping_windows_cover_a_second_once() -> None:
    assert covered_s([Window(5.0, 9.0), Window(0.0, 6.0), Window(6.0, 8.0)]) == 9.0


def test_random_windows_are_the_same_in_every_run() -> None:
    windows = [Window(0.0, 5.0), Window(8.0, 12.0)]
    one, other = (random_counts(talked([(12.0, 16.0)]), windows) for _ in range(2))
    assert one == other
    assert one.windows == 2
    assert 0 < one.advert < 2


def test_a_limit_that_does_not_hold_fails() -> None:
    good = Counts(windows=10, judged=10, ad_words=100, ad_words_found=80, other_words=100, other_words_lost=3)
    assert all(verdict.holds for verdict in verdicts(good))
    failing = {
        verdict.subject for verdict in verdicts(good + Counts(windows=1, judged=1, advert=1, leans_needlessly=1))
    }
    assert failing >= {"with advert", "needlessly"}
    assert not all(v.holds for v in verdicts(good + Counts(windows=1, judged=1, advert=1)))


def test_the_plot_is_written(tmp_path: Path) -> None:
    sample = read_sample()
    found = results([sample], [Made([], [Window(10.0, 45.0, "x")])])
    write_plot(found, tmp_path / "picks.png")
    assert (tmp_path / "picks.png").read_bytes().startswith(b"\x89PNG")
