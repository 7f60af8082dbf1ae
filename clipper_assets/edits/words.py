"""Applies the corrections of words that people made to the current transcript, which may be a newer one."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from clipper_assets.edits.model import Edits, WordEdit

SAME_WORD = 0.5
"""Share of the shorter of two words that must overlap in time for them to be the same word.

Two transcripts place the ends of a word up to 0.1 s apart.
"""


def apply_word_edits(words: pa.Table, edits: Sequence[WordEdit]) -> pa.Table:
    """The words table with the text of each edit for the word at its time; words with empty text are removed."""
    import pyarrow.compute as pc

    texts = words["text"].to_pylist()
    for edit, row in _matches(words, edits):
        if row is not None:
            texts[row] = edit.text
    column = words.column_names.index("text")
    changed = words.set_column(column, words.schema.field(column), pa.array(texts, pa.string()))
    return changed.filter(pc.field("text") != "")


def unmatched_edits(words: pa.Table, edits: Sequence[WordEdit]) -> list[WordEdit]:
    """The edits whose word is not in this transcript."""
    return [edit for edit, row in _matches(words, edits) if row is None]


def updated_word_edits(edits: Edits, words: pa.Table, texts: Mapping[int, str]) -> list[WordEdit]:
    """All word edits of an episode after its words get new `texts`, given by number of the word.

    A text that equals the transcript's removes the edit of that word. Raises ValueError if there is no such word, or if
    a text has characters that cannot be printed.
    """
    edits_by_span = {(edit.start, edit.end): edit for edit in edits.words}
    for number, text in texts.items():
        if not 0 <= number < words.num_rows:
            raise ValueError(f"the transcript has no word {number}; it has 0 to {words.num_rows - 1}")
        row = words.slice(number, 1).to_pylist()[0]
        new_text = " ".join(text.split())
        if not new_text.isprintable():
            raise ValueError(
                f"the text {text!r} for word {number} has invisible characters; use printable characters only"
            )
        span = (row["start"], row["end"])
        overlapping = [other for other in edits_by_span if other[0] < span[1] and span[0] < other[1]]
        for other in overlapping:
            del edits_by_span[other]
        if new_text != row["text"]:
            edits_by_span[span] = WordEdit(start=span[0], end=span[1], was=row["text"], text=new_text)
    return [edits_by_span[span] for span in sorted(edits_by_span)]


def _matches(words: pa.Table, edits: Sequence[WordEdit]) -> Iterator[tuple[WordEdit, int | None]]:
    """Each edit with the row of its word, None if no word matches."""
    starts, ends = words["start"].to_numpy(), words["end"].to_numpy()
    for edit in edits:
        overlap = np.minimum(ends, edit.end) - np.maximum(starts, edit.start)
        share = overlap / np.minimum(ends - starts, edit.end - edit.start)
        row = int(np.argmax(share)) if share.size else 0
        yield edit, row if share.size and share[row] >= SAME_WORD else None
