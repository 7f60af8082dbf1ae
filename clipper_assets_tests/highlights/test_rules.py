from itertools import combinations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.highlights.checks import broken_rules
from clipper_assets.highlights.pickers.heuristic import HeuristicPicker
from clipper_assets.highlights.rules import (
    Candidate,
    Rules,
    choose,
    clip_count,
    fit,
    place,
    runs,
    windows_table,
)
from clipper_assets.highlights.run import Run
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.transcript.words import sentences
from clipper_assets_tests.highlights.talks import EPISODE, doubted, ignored, steady, talk_of, words_of


@st.composite
def talks(draw: st.DrawFn) -> tuple[pa.Table, float]:
    """A words table and the duration of its episode: sentences of up to 15 s with silence or overlap in between."""
    shapes = draw(st.lists(st.tuples(st.floats(0.2, 15), st.floats(-2, 40) | st.floats(0, 1)), min_size=1, max_size=40))
    spoken: list[tuple[str, float, float]] = []
    start, end = 0.0, 0.0
    for length, gap in shapes:
        start = max(start, end + gap)
        end = start + length
        spoken.append(("Two words.", start, end))
    latest = max(end for _, _, end in spoken)
    return words_of(spoken), latest + draw(st.floats(0, 20))


rules_of = st.builds(lambda low, ratio: Rules(low, low * ratio), st.floats(8, 40), st.floats(1.5, 3))


def candidate(first: int, last: int, score: float = 5.0) -> Candidate:
    return Candidate(first, last, score, "hook", "title", "reason")


def table(candidates: list[Candidate], words: pa.Table, rules: Rules, duration_s: float, count: int = 12) -> pa.Table:
    allowed = runs(sentences(words), rules, duration_s)
    windows = place(candidates, allowed, count)
    return windows_table(EPISODE, windows, rules, picker="editor", prompt_version=None, degraded=())


@settings(deadline=None)
@given(talks(), rules_of, st.data())
def test_windows_of_any_candidates_obey_the_rules(
    talk: tuple[pa.Table, float], rules: Rules, data: st.DataObject
) -> None:
    words, duration_s = talk
    last = len(sentences(words)) - 1
    number = st.integers(0, last)
    proposed = [
        candidate(min(pair), max(pair), score)
        for pair, score in data.draw(st.lists(st.tuples(st.tuples(number, number), st.floats(1, 10)), min_size=1))
    ]
    proposed.append(candidate(0, last))
    windows = table(proposed, words, rules, duration_s)
    assert windows.num_rows >= 1
    assert broken_rules(windows, words, rules, duration_s) == []


@settings(deadline=None)
@given(talks(), rules_of)
def test_every_transcript_gives_at_least_one_window(talk: tuple[pa.Table, float], rules: Rules) -> None:
    words, duration_s = talk
    talk_input = talk_of(words, duration_s, rules)
    windows = table(
        list(HeuristicPicker().pick(talk_input, ignored).candidates), words, rules, duration_s, talk_input.count
    )
    assert windows.num_rows >= 1
    assert broken_rules(windows, words, rules, duration_s) == []


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20), st.integers(1, 10)), min_size=1, max_size=9),
    st.integers(1, 4),
)
def test_choose_finds_the_best_of_all_selections(shapes: list[tuple[int, int, int]], count: int) -> None:
    spans = [Run(0, 0, start, start + length) for start, length, _ in shapes]
    scores = [float(score) for _, _, score in shapes]

    def apart(chosen: tuple[int, ...]) -> bool:
        return all(spans[a].end <= spans[b].start or spans[b].end <= spans[a].start for a, b in combinations(chosen, 2))

    possible = [c for n in range(1, count + 1) for c in combinations(range(len(spans)), n) if apart(c)]
    best = max((len(c), sum(scores[i] for i in c)) for c in possible)
    chosen = choose(spans, scores, count)
    assert apart(tuple(chosen))
    assert (len(chosen), sum(scores[i] for i in chosen)) == best
    assert [scores[i] for i in chosen] == sorted((scores[i] for i in chosen), reverse=True)


@pytest.mark.parametrize(
    ("minutes", "max_clips", "clips"),
    [(1, None, 3), (10, None, 3), (36, None, 12), (180, None, 20), (180, 40, 40), (36, 40, 12), (36, 4, 4), (36, 1, 1)],
)
def test_there_is_about_one_clip_per_three_minutes(minutes: float, max_clips: int | None, clips: int) -> None:
    assert clip_count(minutes * 60, max_clips) == clips


@pytest.mark.parametrize(
    ("proposed", "fitted"),
    [
        ((10, 15), (10, 15)),
        ((10, 11), (6, 11)),
        ((1, 2), (0, 5)),
        ((38, 39), (34, 39)),
        ((10, 30), (10, 19)),
        ((30, 39), (30, 39)),
    ],
)
def test_the_start_of_a_candidate_is_moved_rather_than_its_end(
    proposed: tuple[int, int], fitted: tuple[int, int]
) -> None:
    words = words_of(steady(["A sentence."] * 40))
    run = fit(candidate(*proposed), runs(sentences(words), Rules(), 240))
    assert run is not None
    assert (run.first, run.last) == fitted


def test_a_candidate_with_a_leaning_opening_starts_earlier_instead() -> None:
    texts = ["A sentence."] * 40
    texts[20:22] = ["And then he left.", "So it goes."]
    run = fit(candidate(21, 27), runs(sentences(words_of(steady(texts))), Rules(), 240))
    assert run is not None
    assert (run.first, run.last) == (19, 27)


def test_boundaries_are_padded_by_at_most_half_of_the_silence() -> None:
    words = words_of([("One two.", 1.0, 15.0), ("Three four.", 15.2, 30.0), ("Five six.", 32.0, 46.0)])
    (run,) = [r for r in runs(sentences(words), Rules(), 60) if (r.first, r.last) == (1, 2)]
    assert run.start == pytest.approx(15.1)
    assert run.end == pytest.approx(46.3)


def test_a_short_talk_is_extended_into_silence_to_the_minimum_length() -> None:
    words = words_of([("One two.", 5.0, 15.0), ("Three four.", 16.0, 25.0)])
    windows = table([candidate(1, 1)], words, Rules(), 100)
    (row,) = windows.to_pylist()
    assert (row["first_sentence"], row["last_sentence"]) == (0, 1)
    assert row["end"] - row["start"] == pytest.approx(30)
    assert row["degraded"] == []
    assert broken_rules(windows, words, Rules(), 100) == []


def test_a_window_of_a_too_short_episode_is_recorded_as_degraded() -> None:
    words = words_of([("One two.", 2.0, 10.0), ("Three four.", 11.0, 20.0)])
    windows = table([candidate(0, 0)], words, Rules(), 22)
    (row,) = windows.to_pylist()
    assert (row["start"], row["end"]) == (0, 22)
    (entry,) = row["degraded"]
    assert entry["step"] == "highlight_windows"
    assert entry["reason"].startswith("the window is 22.0 s long instead of 30 to 60 s")
    assert broken_rules(windows, words, Rules(), 22) == []


def test_a_fallback_of_the_picker_is_in_every_row() -> None:
    words = words_of(steady(["A sentence."] * 40))
    allowed = runs(sentences(words), Rules(), 240)
    windows = windows_table(
        EPISODE,
        place([candidate(0, 7), candidate(20, 27, 9)], allowed, 3),
        Rules(),
        picker="heuristic",
        prompt_version=None,
        degraded=[Degraded("highlight_windows", "no key")],
    )
    assert [row["degraded"] for row in windows.to_pylist()] == [[{"step": "highlight_windows", "reason": "no key"}]] * 2
    assert windows["virality_score"].to_pylist() == [9, 5]


@pytest.mark.parametrize(
    ("column", "value", "broken"),
    [
        ("start", 11.0, "clip 0 does not start in the silence before sentence 2"),
        ("end", 50.0, "clip 0 does not end in the silence after sentence 8"),
        ("last_sentence", 99, "clip 0 refers to sentences 2 to 99, which are not in the transcript"),
        ("clip", 1, "clips are not numbered from 0"),
        ("virality_score", 11.0, "clip 0 has a score of 11, which is outside 1 to 10"),
    ],
)
def test_the_check_describes_a_violated_rule(column: str, value: float, broken: str) -> None:
    words = words_of(steady(["A sentence."] * 40))
    windows = table([candidate(2, 8)], words, Rules(), 240)
    row = {**windows.to_pylist()[0], column: value}
    changed = pa.Table.from_pylist([row], schema=windows.schema)
    assert broken_rules(windows, words, Rules(), 240) == []
    assert broken in broken_rules(changed, words, Rules(), 240)


def test_the_check_describes_overlap_wrong_order_and_wrong_length() -> None:
    words = words_of(steady(["A sentence."] * 40))
    windows = table([candidate(2, 8, 9), candidate(20, 26, 4)], words, Rules(), 240)
    better, worse = windows.to_pylist()
    again = pa.Table.from_pylist([better, {**better, "clip": 1}], schema=windows.schema)
    assert broken_rules(again, words, Rules(), 240) == ["clips 0 and 1 overlap"]
    swapped = pa.Table.from_pylist([{**worse, "clip": 0}, {**better, "clip": 1}], schema=windows.schema)
    assert broken_rules(swapped, words, Rules(), 240) == ["windows are not ordered by score"]
    short = broken_rules(windows, words, Rules(45, 90), 240)
    assert short == [f"clip {clip} is 39.2 s long instead of 45 to 90 s" for clip in (0, 1)]


@settings(deadline=None)
@given(talks(), rules_of, st.data())
def test_no_window_contains_or_touches_a_doubtful_sentence(
    talk: tuple[pa.Table, float], rules: Rules, data: st.DataObject
) -> None:
    words, duration_s = talk
    last = len(sentences(words)) - 1
    doubtful = data.draw(st.sets(st.integers(0, last), max_size=last))
    words = doubted(words, doubtful)
    talk_input = talk_of(words, duration_s, rules)
    windows = table(
        list(HeuristicPicker().pick(talk_input, ignored).candidates), words, rules, duration_s, talk_input.count
    )
    assert windows.num_rows >= 1
    assert broken_rules(windows, words, rules, duration_s) == []
    for row in windows.to_pylist():
        assert not doubtful.intersection(range(row["first_sentence"], row["last_sentence"] + 1))
        after = [s.start for s in talk_input.sentences if s.doubtful and s.number > row["last_sentence"]]
        assert row["end"] <= max(min(after, default=duration_s), talk_input.sentences[row["last_sentence"]].end)


def test_a_short_talk_is_not_extended_into_a_doubtful_word() -> None:
    spoken = [("One two.", 5.0, 15.0), ("Thanks for watching!", 20.0, 22.0)]
    words = doubted(words_of(spoken), [1])
    (row,) = table([candidate(0, 1)], words, Rules(), 100).to_pylist()
    assert (row["first_sentence"], row["last_sentence"], row["start"], row["end"]) == (0, 0, 0.0, 20.0)
    assert row["degraded"]


def test_the_check_rejects_doubtful_sentences_but_requires_no_window_if_all_are() -> None:
    words = words_of(steady(["A sentence."] * 40))
    windows = table([candidate(2, 8)], words, Rules(), 240)
    broken = broken_rules(windows, doubted(words, [5]), Rules(), 240)
    assert broken == ["clip 0 contains a sentence that may not have been said"]
    none = windows.slice(0, 0)
    assert broken_rules(none, doubted(words, range(40)), Rules(), 240) == []
    assert broken_rules(none, words.slice(0, 0), Rules(), 240) == []
    assert broken_rules(none, doubted(words, range(39)), Rules(), 240) == ["0 windows instead of 1 to 40"]


def test_text_without_punctuation_still_gives_windows_of_every_part() -> None:
    words = words_of(steady(["no punctuation at all"] * 60))
    windows = table([candidate(0, 8), candidate(25, 31, 9), candidate(50, 57)], words, Rules(), 400)
    assert windows.num_rows == 3
