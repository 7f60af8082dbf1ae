"""The options of a run, of its show and of the settings, in this order."""

from itertools import pairwise
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.highlights.checks import broken_rules
from clipper_assets.highlights.edges import Edges
from clipper_assets.highlights.pickers.heuristic import HeuristicPicker
from clipper_assets.highlights.rules import Rules, clip_count, place, windows_table
from clipper_assets.highlights.selection import selection
from clipper_assets.settings import Settings
from clipper_assets.shows.clip_options import LENGTHS
from clipper_assets.shows.show import Show
from clipper_assets.transcript.words import sentences
from clipper_assets_tests.highlights.talks import EPISODE, ignored, talk_of, words_of

BANDS = [*LENGTHS.values(), (20.0, 45.0), (60.0, 180.0)]
TEXTS = [
    "Anna left.",
    "And he went on.",
    "What now?",
    "It was late...",
    "we went on",
    "Nobody knows that.",
    "Yes, right.",
]


def test_the_run_goes_before_the_show_and_the_show_before_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_WINDOW_MIN_S", "10")
    monkeypatch.setenv("CLIPPER_WINDOW_MAX_S", "25")
    show = Show(length="short", max_clips=5, topics="money")
    usual = selection(Show(), Settings())
    assert (usual.rules, usual.max_clips, usual.topics) == (Rules(10, 25), None, "")
    of_show = selection(show, Settings())
    assert (of_show.rules, of_show.max_clips, of_show.topics) == (Rules(15, 30), 5, "money")
    of_run = selection(show, Settings(), length="20-45", within="1:00-2:00", max_clips=9, topics="")
    assert (of_run.rules, of_run.max_clips, of_run.topics) == (Rules(20, 45, within_s=(60, 120)), 9, "")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"length": "medium"}, "length is 'medium'; it should be short, standard, long"),
        ({"within": "45:00-12:30"}, "range is '45:00-12:30'; it should be two times"),
        ({"topics": "x" * 501}, "topics have 501 characters; they should have at most 500"),
    ],
)
def test_a_bad_option_of_a_run_is_refused_in_one_sentence(options: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        selection(Show(), Settings(), **options)  # type: ignore[arg-type]  # a test of each option


@st.composite
def talks(draw: st.DrawFn) -> list[tuple[str, float, float]]:
    """Up to six minutes of sentences with good and bad edges, and pauses between them."""
    spoken: list[tuple[str, float, float]] = []
    end = 0.0
    for text in draw(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=60)):
        start = end + draw(st.sampled_from([0.1, 0.7, 2.5]))
        end = start + draw(st.sampled_from([0.8, 3.0, 9.0]))
        spoken.append((text, start, end))
    return spoken


@settings(deadline=None, max_examples=40)
@given(
    talks(),
    st.sampled_from(BANDS),
    st.tuples(st.floats(0, 200), st.floats(20, 400)) | st.just((0.0, inf)),
    st.sampled_from([None, 1, 2, 40]),
)
def test_windows_of_any_length_range_and_number_follow_the_rules(
    spoken: list[tuple[str, float, float]], band: tuple[float, float], within: tuple[float, float], most: int | None
) -> None:
    words, duration_s = words_of(spoken), spoken[-1][2] + 1
    rules = Rules(*band, within_s=(within[0], within[0] + within[1]))
    talk = talk_of(words, duration_s, rules, max_clips=most)
    edges = Edges(talk.sentences, "en")
    placed = place(HeuristicPicker().pick(talk, ignored).candidates, talk.runs, talk.count) if talk.runs else []
    table = windows_table(EPISODE, placed, rules, picker="heuristic", prompt_version=None, degraded=())
    assert broken_rules(table, words, rules, duration_s) == []
    assert len(placed) <= (most or 20)
    assert bool(placed) == any(rules.admit(sentence) for sentence in talk.sentences)
    windows = sorted((each.run for each in placed), key=lambda run: run.start)
    assert all(one.end <= other.start for one, other in pairwise(windows))
    assert all(rules.within_s[0] <= run.start and run.end <= rules.within_s[1] for run in windows)
    fine = {run.first for run in talk.runs if not (edges.leaning[run.first] or edges.inside[run.first])}
    for run in windows:
        start = talk.sentences[run.first].start
        near = any(abs(talk.sentences[first].start - start) <= min(10, band[0] * 2 / 3) for first in fine)
        assert not (near and edges.leaning[run.first])


def test_a_range_without_a_whole_sentence_has_no_runs_and_one_that_is_too_short_has_one() -> None:
    lines = [("Anna left.", 10.0 * n, 10.0 * n + 9) for n in range(30)]
    words = words_of(lines)
    assert not talk_of(words, 300, Rules(within_s=(101, 108))).runs
    (run,) = talk_of(words, 300, Rules(within_s=(100, 120))).runs
    assert (run.first, run.last, run.start, run.end) == (10, 11, 100, 120)


def test_the_number_of_clips_counts_the_speech_of_the_range_only() -> None:
    spoken = sentences(words_of([("Anna left.", 10.0 * n, 10.0 * n + 10) for n in range(360)]))
    rules = Rules(within_s=(0, 1800))
    assert clip_count(sum(s.end - s.start for s in spoken if rules.admit(s))) == 10
