"""Corrected words, on the transcript they were made on and on the next one."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.edits.model import Edits, WordEdit
from clipper_assets.edits.words import corrected, lost, worded
from clipper_assets_tests.highlights.talks import words_of

TALK = words_of([(f"Word{number} again.", 10.0 * number, 10.0 * number + 8) for number in range(10)])
numbers = st.integers(0, TALK.num_rows - 1)


def edits_of(asked: dict[int, str]) -> list[WordEdit]:
    return worded(Edits(version=0), TALK, asked)


def shifted(words: pa.Table, seconds: float) -> pa.Table:
    """The words as another engine times them."""
    for name in ("start", "end"):
        column = words.column_names.index(name)
        times = pa.array(words[name].to_numpy() + seconds)
        words = words.set_column(column, words.schema.field(column), times)
    return words


@given(st.dictionaries(numbers, st.sampled_from(["", "other", "two words"]), max_size=6), st.floats(-0.1, 0.1))
def test_each_edit_lands_on_its_word_though_it_is_timed_otherwise(asked: dict[int, str], seconds: float) -> None:
    words = shifted(TALK, seconds)
    found = corrected(words, edits_of(asked))
    wanted = [asked.get(number, text) for number, text in enumerate(TALK["text"].to_pylist())]
    assert found["text"].to_pylist() == [text for text in wanted if text]
    assert found.schema == TALK.schema
    assert lost(words, edits_of(asked)) == []


def test_without_edits_nothing_changes() -> None:
    assert corrected(TALK, []).equals(TALK)


def test_an_edit_of_a_word_that_is_gone_is_told_and_does_nothing() -> None:
    edits = edits_of({0: "other"})
    later = TALK.slice(4)
    assert corrected(later, edits).equals(later)
    assert lost(later, edits) == edits
    assert lost(TALK.slice(0, 0), edits) == edits
