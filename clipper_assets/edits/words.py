"""Words as a person corrected them, on whatever transcript there is."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from clipper_assets.edits.model import Edits, WordEdit

SAME_WORD = 0.5
"""Of the shorter of two words, in time: two transcripts place a word's ends up to 0.1 s apart."""


def corrected(words: pa.Table, edits: Sequence[WordEdit]) -> pa.Table:
    """The words table with the text of each edit on the word that was said at its time, without those it takes out."""
    import pyarrow.compute as pc

    texts = words["text"].to_pylist()
    for edit, row in _found(words, edits):
        if row is not None:
            texts[row] = edit.text
    column = words.column_names.index("text")
    changed = words.set_column(column, words.schema.field(column), pa.array(texts, pa.string()))
    return changed.filter(pc.field("text") != "")


def lost(words: pa.Table, edits: Sequence[WordEdit]) -> list[WordEdit]:
    """The edits whose word is in this transcript no more."""
    return [edit for edit, row in _found(words, edits) if row is None]


def worded(edits: Edits, words: pa.Table, texts: Mapping[int, str]) -> list[WordEdit]:
    """All word edits with new `texts` by number of the word; the transcript's own text takes an edit back.

    Raises ValueError for a word that there is not, and for a text of more than one line.
    """
    kept = {(edit.start, edit.end): edit for edit in edits.words}
    for number, text in texts.items():
        if not 0 <= number < words.num_rows:
            raise ValueError(f"the transcript has no word {number}; it has 0 to {words.num_rows - 1}")
        row = words.slice(number, 1).to_pylist()[0]
        clean = " ".join(text.split())
        if not clean.isprintable():
            raise ValueError(f"word {number} cannot be written as {text!r}; use letters that can be seen")
        span = (row["start"], row["end"])
        overlapping = [each for each in kept if each[0] < span[1] and span[0] < each[1]]
        for each in overlapping:
            del kept[each]
        if clean != row["text"]:
            kept[span] = WordEdit(start=span[0], end=span[1], was=row["text"], text=clean)
    return [kept[span] for span in sorted(kept)]


def _found(words: pa.Table, edits: Sequence[WordEdit]) -> Iterator[tuple[WordEdit, int | None]]:
    """Each edit with the row of its word."""
    starts, ends = words["start"].to_numpy(), words["end"].to_numpy()
    for edit in edits:
        together = np.minimum(ends, edit.end) - np.maximum(starts, edit.start)
        share = together / np.minimum(ends - starts, edit.end - edit.start)
        row = int(np.argmax(share)) if share.size else 0
        yield edit, row if share.size and share[row] >= SAME_WORD else None
