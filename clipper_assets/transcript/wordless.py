"""Finds speech without words, over which no clip should be stretched."""

import json
from collections.abc import Iterable

import pyarrow as pa

from clipper_assets.storage.tables import provenance
from clipper_assets.transcript.checks import WIDENED_S
from clipper_assets.transcript.timing import Span

WORDLESS = "wordless"
"""Key of the spans, as JSON, in the provenance of the words table."""
LONGEST_WORD_S = 2.0
"""More of a word's time is not the word: an aligner stretches a word over speech that the text lacks. The longest word
that `base` recognised in four minutes of real speech takes 1.0 s."""
LEAST_S = 1.0
"""Shorter speech without words is a laugh, a breath or an error of the detector."""


def wordless_spans(said: Iterable[Span], voice: Iterable[Span]) -> list[Span]:
    """The parts of detected speech, of at least `LEAST_S`, in which no word is said.

    `said` has the times of the words, of which up to `LONGEST_WORD_S` count, widened by `WIDENED_S`; `voice` has the
    spans of detected speech. Both may overlap; the result is in order and does not.
    """
    words = sorted((start - WIDENED_S, min(end, start + LONGEST_WORD_S) + WIDENED_S) for start, end in said)
    spans: list[Span] = []
    covered_until, number = 0.0, 0
    for start, end in sorted(voice):
        time = max(start, covered_until)
        while time < end:
            while number < len(words) and words[number][0] <= time:
                covered_until = max(covered_until, words[number][1])
                number += 1
            time = max(time, covered_until)
            until = min(end, words[number][0]) if number < len(words) else end
            if until - time >= LEAST_S:
                spans.append((round(time, 3), round(until, 3)))
            time = covered_until = max(time, until)
    return spans


def read_wordless(words: pa.Table) -> list[Span]:
    """The spans that a words table records; empty for a table of an earlier version."""
    return [(start, end) for start, end in json.loads(provenance(words).get(WORDLESS, "[]"))]
