"""Windows and adverts: no picker's window contains one, and without adverts nothing changes."""

from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.highlights.breaks import SLIVER_S, Breaks
from clipper_assets.highlights.checks import broken_rules
from clipper_assets.highlights.pickers.base import Talk
from clipper_assets.highlights.pickers.heuristic import HeuristicPicker
from clipper_assets.highlights.rules import Candidate, Rules, place, runs, windows_table
from clipper_assets.highlights.run import Run
from clipper_assets.highlights.shortfall import shortfall
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.words import sentences
from clipper_assets_tests.highlights.talks import EPISODE, ignored, steady, talk_of, words_of
from clipper_assets_tests.highlights.test_rules import candidate, rules_of, talks

TALK = words_of(steady([f"This is sentence number {n} of the talk." for n in range(60)]))


def with_adverts(words: pa.Table, duration_s: float, adverts: list[Span], rules: Rules | None = None) -> Talk:
    return replace(talk_of(words, duration_s, rules), adverts=adverts)


def windows_of(talk: Talk, candidates: list[Candidate]) -> pa.Table:
    placed = place(candidates, talk.runs, talk.count)
    return windows_table(EPISODE, placed, talk.rules, picker="editor", prompt_version=None, degraded=())


@st.composite
def talks_with_adverts(draw: st.DrawFn) -> tuple[pa.Table, float, list[Span]]:
    """A talk, and spans in order and apart: of whole sentences, inside of sentences, and in silence."""
    words, duration_s = draw(talks())
    edges = [edge for sentence in sentences(words) for edge in (sentence.start, sentence.end)]
    times = st.sampled_from(edges) | st.floats(0, duration_s)
    drawn = sorted(draw(st.lists(times, max_size=8, unique=True)))
    return words, duration_s, list(zip(drawn[::2], drawn[1::2], strict=False))


@settings(deadline=None, max_examples=60)
@given(talks_with_adverts(), rules_of, st.data())
def test_no_window_of_any_picker_contains_an_advert(
    given_talk: tuple[pa.Table, float, list[Span]], rules: Rules, data: st.DataObject
) -> None:
    words, duration_s, adverts = given_talk
    talk = with_adverts(words, duration_s, adverts, rules)
    number = st.integers(0, len(talk.sentences) - 1)
    of_a_model = [
        candidate(min(pair), max(pair), score)
        for pair, score in data.draw(st.lists(st.tuples(st.tuples(number, number), st.floats(1, 10)), min_size=1))
    ]
    of_the_heuristic = list(HeuristicPicker().pick(talk, ignored).candidates)
    assert bool(of_the_heuristic) is any(talk.usable)
    for candidates in (of_a_model, of_the_heuristic):
        windows = windows_of(talk, candidates)
        for row in windows.to_pylist():
            inside = [min(row["end"], end) - max(row["start"], start) for start, end in adverts]
            assert sum(max(seconds, 0.0) for seconds in inside) <= SLIVER_S + 1e-6
    if any(talk.usable):
        assert broken_rules(windows, words, rules, duration_s, adverts) == []


@settings(deadline=None, max_examples=40)
@given(talks(), rules_of)
def test_adverts_that_nothing_touches_change_no_window(talk: tuple[pa.Table, float], rules: Rules) -> None:
    words, duration_s = talk
    plain, other = talk_of(words, duration_s, rules), with_adverts(words, duration_s, [(2e4, 3e4)], rules)
    assert list(plain.runs) == list(other.runs)
    assert HeuristicPicker().pick(plain, ignored) == HeuristicPicker().pick(other, ignored)


def test_windows_end_and_begin_beside_an_advert_without_padding_into_it() -> None:
    spoken = sentences(TALK)
    advert = (spoken[20].start - 0.2, spoken[25].end + 0.2)
    allowed = with_adverts(TALK, 340.0, [advert]).runs
    before = max(run.end for run in allowed if run.last < 20)
    after = min(run.start for run in allowed if run.first > 25)
    assert before == pytest.approx(spoken[19].end + 0.2)
    assert after == pytest.approx(spoken[26].start - 0.2)
    assert not [run for run in allowed if run.first <= 25 and run.last >= 20]


def test_no_window_crosses_an_advert_in_which_nobody_speaks() -> None:
    words = words_of([*steady(["One two three."] * 8), ("Four five six.", 60.0, 65.0), ("Seven eight.", 65.6, 90.0)])
    allowed = with_adverts(words, 100.0, [(47.0, 58.0)], Rules(20, 60)).runs
    assert {run.last for run in allowed if run.first < 8} <= set(range(8))


def test_a_short_talk_is_not_extended_into_an_advert() -> None:
    words = words_of([("One two.", 5.0, 15.0), ("Three four.", 16.0, 25.0)])
    allowed = runs(sentences(words), Rules(), 100, adverts=[(25.0, 60.0)])
    assert [(run.first, run.last, run.end) for run in allowed] == [(0, 1, 25.0)]


def test_a_sentence_belongs_to_an_advert_by_half_of_it_or_by_more_than_a_sliver() -> None:
    breaks = Breaks([(10.0, 20.0), (30.0, 30.4)])
    held = {(9.8, 10.1): False, (9.8, 10.3): True, (12.0, 12.2): True, (0.0, 10.5): False, (0.0, 10.6): True}
    for (start, end), expected in {**held, (25.0, 35.0): False}.items():
        assert breaks.hold(Run(0, 0, start, end)) is expected, (start, end)


def test_the_check_rejects_a_window_with_an_advert_but_requires_none_if_all_speech_is_adverts() -> None:
    words = words_of(steady(["A sentence."] * 40))
    windows = windows_of(talk_of(words, 240), [candidate(2, 8)])
    spoken = sentences(words)
    advert = (spoken[4].start, spoken[5].end)
    assert broken_rules(windows, words, Rules(), 240, [advert]) == ["clip 0 contains 10.6 s of adverts"]
    assert broken_rules(windows.slice(0, 0), words, Rules(), 240, [(0.0, 240.0)]) == []
    assert broken_rules(windows.slice(0, 0), words, Rules(), 240, [advert]) == ["0 windows instead of 1 to 40"]


def test_missing_clips_are_put_down_to_adverts_only_where_these_are_the_reason() -> None:
    spoken = sentences(TALK)
    (fallback,) = shortfall(with_adverts(TALK, 340.0, [(spoken[9].start, 340.0)]), 1)
    assert fallback.reason == "adverts leave room for only 1 of 3 clips"
    assert shortfall(with_adverts(TALK, 340.0, [(spoken[50].start, 340.0)]), 1) == []
    assert shortfall(with_adverts(TALK, 340.0, []), 1) == []
    short = words_of(steady(["A sentence."] * 8))
    assert shortfall(with_adverts(short, 60.0, [(50.0, 60.0)]), 1) == []
