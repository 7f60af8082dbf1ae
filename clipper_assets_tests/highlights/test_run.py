"""Windows avoid edges inside a sentence, and speech without words."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.highlights.edges import Edges
from clipper_assets.highlights.rules import Candidate, Rules, fit, runs
from clipper_assets.transcript.words import sentences
from clipper_assets_tests.highlights.talks import steady, words_of


def candidate(first: int, last: int) -> Candidate:
    return Candidate(first, last, 5.0, "hook", "title", "reason")


@st.composite
def cut_talks(draw: st.DrawFn) -> list[tuple[str, float, float]]:
    """Sentences with and without a full stop, with short and long pauses between them."""
    spoken: list[tuple[str, float, float]] = []
    end = 0.0
    for _ in range(draw(st.integers(1, 40))):
        start = end + draw(st.sampled_from([0.1, 0.7, 2.5]))
        end = start + draw(st.floats(1, 15))
        spoken.append((draw(st.sampled_from(["Two words.", "two words", "two words,"])), start, end))
    return spoken


@settings(deadline=None)
@given(cut_talks(), st.data())
def test_no_window_has_a_worse_edge_while_another_overlaps_it(
    spoken: list[tuple[str, float, float]], data: st.DataObject
) -> None:
    lines = sentences(words_of(spoken))
    edges = Edges(lines, "en")
    whole = [replace(line, text="Two words.") for line in lines]
    allowed = runs(whole, Rules(), spoken[-1][2])
    kept = runs(lines, Rules(), spoken[-1][2])
    flaws = {run: int(edges.inside[run.first] + edges.inside[run.last + 1]) for run in allowed}
    assert set(kept) <= set(allowed)
    assert bool(kept) == bool(allowed)
    for run in kept:
        overlapping = [other for other in kept if other.first <= run.last and run.first <= other.last]
        assert {flaws[other] for other in overlapping} == {flaws[run]}
    if kept:
        last = len(lines) - 1
        first = data.draw(st.integers(0, last))
        picked = fit(candidate(first, data.draw(st.integers(first, last))), kept)
        assert picked is None or picked in kept


def test_a_picked_window_moves_to_the_end_of_the_sentence() -> None:
    texts = ["It starts here."] * 4 + ["This one goes on", "and on", "until here."] + ["It ends here."] * 9
    allowed = runs(sentences(words_of(steady(texts))), Rules(), 100)
    for first, last in ((5, 10), (6, 11), (0, 4), (0, 5)):
        run = fit(candidate(first, last), allowed)
        assert run is not None
        assert run.first not in (5, 6)
        assert run.last not in (4, 5)


@pytest.mark.parametrize(
    ("wordless", "first"),
    [([], 0), ([(9.0, 14.0)], 0), ([(9.0, 21.0)], 1), ([(9.0, 15.0), (16.0, 21.5)], 1), ([(4.0, 60.0)], 0)],
)
def test_no_window_is_stretched_over_wordless_speech_while_another_overlaps_it(
    wordless: list[tuple[float, float]], first: int
) -> None:
    """The first sentence is left out if too little of the speech after it has words, but not if all choices are bad."""
    spoken = [("One.", 1.0, 8.0), ("Two.", 22.0, 28.0), ("Three.", 28.5, 45.0), ("Four.", 46.0, 60.0)]
    found = runs(sentences(words_of(spoken)), Rules(), 60, wordless)
    assert min(run.first for run in found) == first


def test_a_short_talk_is_not_extended_into_wordless_speech() -> None:
    lines = sentences(words_of([("One two.", 5.0, 15.0), ("Three four.", 16.0, 25.0)]))
    (run,) = runs(lines, Rules(), 100, [(1.0, 3.0), (28.0, 60.0)])
    assert (run.start, run.end) == (3.0, 28.0)
    (run,) = runs(lines, Rules(), 100, [(70.0, 90.0)])
    assert run.end - run.start == pytest.approx(30)


def test_windows_with_flaws_are_used_only_if_too_few_have_none() -> None:
    broken = ["it goes on", "and on"] * 20
    for whole, parts in ((3, {0}), (2, {0, 1})):
        lines = sentences(words_of(steady([*["It ends here."] * (6 * whole), *broken])))
        found = runs(lines, Rules(), 600)
        assert {int(run.last >= 6 * whole) for run in found} == parts
