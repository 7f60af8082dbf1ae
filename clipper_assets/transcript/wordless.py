"""Finds speech without words, over which no clip should be stretched."""

import json
from collections.abc import Sequence

import pyarrow as pa

from clipper_assets.storage.tables import provenance
from clipper_assets.transcript.checks import WIDENED_S
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.words import Word

WORDLESS = "wordless"
"""Key of the spans, as JSON, in the provenance of the words table."""
LEAST_S = 1.0
"""Shorter speech without words is a laugh, a breath or an error of the detector."""


def wordless_spans(words: Sequence[Word], voice: Sequence[Span]) -> list[Span]:
    """The spans of `voice`, of at least `LEAST_S`, in which no word is said (words are widened by `WIDENED_S`).

    `voice` has the spans of detected speech, which may overlap. The result is in order and without overlaps.
    """
    said = sorted((word.start - WIDENED_S, word.end + WIDENED_S) for word in words)
    spans: list[Span] = []
    covered_until, number = 0.0, 0
    for start, end in sorted(voice):
        time = max(start, covered_until)
        while time < end:
            while number < len(said) and said[number][0] <= time:
                covered_until = max(covered_until, said[number][1])
                number += 1
            time = max(time, covered_until)
            until = min(end, said[number][0]) if number < len(said) else end
            if until - time >= LEAST_S:
                spans.append((round(time, 3), round(until, 3)))
            time = covered_until = max(time, until)
    return spans


def read_wordless(words: pa.Table) -> list[Span]:
    """The spans that a words table records; empty for a table of an earlier version."""
    return [(start, end) for start, end in json.loads(provenance(words).get(WORDLESS, "[]"))]
