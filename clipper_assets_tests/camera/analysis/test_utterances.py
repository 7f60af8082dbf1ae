"""Splitting words into utterances."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.camera.analysis.utterances import Utterance, utterances
from clipper_assets.transcript.words import Word, words_table


def spoken(*words: tuple[float, float, int, str | None], cuts: list[int] | None = None) -> list[Utterance]:
    """The utterances of a 10 s window from 100 s on; a word is start and end in the window, sentence and speaker."""
    table = [Word("word", 100 + start, 100 + end, 0, speaker=voice) for start, end, _, voice in words]
    return utterances(words_table("e", table, [word[2] for word in words], "en", {}), 100.0, 250, cuts or [0])


def test_an_utterance_ends_at_a_pause_a_new_sentence_or_another_speaker() -> None:
    assert spoken((1, 1.4, 0, "a"), (1.5, 2, 0, "a")) == [Utterance(25, 50, "a")]
    assert spoken((1, 1.4, 0, "a"), (2, 2.4, 0, "a")) == [Utterance(25, 35, "a"), Utterance(50, 60, "a")]
    assert spoken((1, 1.4, 0, None), (1.4, 2, 1, None)) == [Utterance(25, 35, None), Utterance(35, 50, None)]
    assert spoken((1, 1.4, 0, "a"), (1.4, 2, 0, "b")) == [Utterance(25, 35, "a"), Utterance(35, 50, "b")]


def test_long_sentences_and_cuts_split_an_utterance() -> None:
    words = [(number * 0.5, number * 0.5 + 0.5, 0, "a") for number in range(12)]
    assert spoken(*words) == [Utterance(0, 100, "a"), Utterance(100, 150, "a")]
    parts = [Utterance(0, 30, "a"), Utterance(30, 100, "a"), Utterance(100, 150, "a")]
    assert spoken(*words, cuts=[0, 30, 200]) == parts


def test_words_outside_the_window_are_ignored_and_words_on_its_edge_are_shortened() -> None:
    assert spoken((-2, -1, 0, "a"), (-0.5, 0.5, 0, "a"), (9.8, 11, 1, "b"), (12, 13, 2, "b")) == [
        Utterance(0, 12, "a"),
        Utterance(245, 250, "b"),
    ]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-2, 12), st.floats(0.01, 3), st.booleans(), st.sampled_from(["a", "b", None])), max_size=20
    ),
    st.sets(st.integers(1, 249), max_size=3),
)
def test_utterances_are_in_order_inside_the_window_and_cross_no_cut(
    words: list[tuple[float, float, bool, str | None]], cuts: set[int]
) -> None:
    table, sentence = [], 0
    for start, length, ends, voice in sorted(words, key=lambda word: word[0]):
        table.append((start, start + length, sentence, voice))
        sentence += ends
    result = spoken(*table, cuts=[0, *sorted(cuts)])
    assert all(0 <= utterance.start < utterance.end <= 250 for utterance in result)
    assert all(earlier.end <= later.start for earlier, later in pairwise(result))
    assert not any(utterance.start < cut < utterance.end for utterance in result for cut in cuts)
