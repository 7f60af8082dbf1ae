"""Word edits, applied to the transcript that they were made on and to a later one."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.edits.model import Edits, WordEdit
from clipper_assets.edits.words import apply_word_edits, unmatched_edits, updated_word_edits
from clipper_assets_tests.highlights.talks import words_of

TALK = words_of([(f"Word{number} again.", 10.0 * number, 10.0 * number + 8) for number in range(10)])
numbers = st.integers(0, TALK.num_rows - 1)


def edits_of(texts: dict[int, str]) -> list[WordEdit]:
    return updated_word_edits(Edits(version=0), TALK, texts)


def shifted(words: pa.Table, seconds: float) -> pa.Table:
    """The words with all times shifted, as another engine may time them."""
    for name in ("start", "end"):
        column = words.column_names.index(name)
        times = pa.array(words[name].to_numpy() + seconds)
        words = words.set_column(column, words.schema.field(column), times)
    return words


@given(st.dictionaries(numbers, st.sampled_from(["", "other", "two words"]), max_size=6), st.floats(-0.1, 0.1))
def test_each_edit_applies_to_its_word_when_times_differ_by_up_to_100_ms(texts: dict[int, str], seconds: float) -> None:
    words = shifted(TALK, seconds)
    edited = apply_word_edits(words, edits_of(texts))
    expected = [texts.get(number, text) for number, text in enumerate(TALK["text"].to_pylist())]
    assert edited["text"].to_pylist() == [text for text in expected if text]
    assert edited.schema == TALK.schema
    assert unmatched_edits(words, edits_of(texts)) == []


def test_without_edits_nothing_changes() -> None:
    assert apply_word_edits(TALK, []).equals(TALK)


def test_an_edit_without_a_matching_word_is_reported_and_changes_nothing() -> None:
    edits = edits_of({0: "other"})
    later = TALK.slice(4)
    assert apply_word_edits(later, edits).equals(later)
    assert unmatched_edits(later, edits) == edits
    assert unmatched_edits(TALK.slice(0, 0), edits) == edits
