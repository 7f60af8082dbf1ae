"""The adverts in force: those that were detected, changed by what people marked and unmarked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import TypeVar

from clipper_assets.adverts.spans import AdSpan, SpanKind
from clipper_assets.edits.model import Edits, MarkedSpan, UnmarkedSpan
from clipper_assets.transcript.timing import Span

S = TypeVar("S", bound=UnmarkedSpan)

REMNANT_S = 2.0
"""A rest of a span that is shorter than this is dropped with the part that a person unmarked or marked.

Another transcript moves the ends of a span by a sentence or two, and the limit for adverts in a clip is 2 s.
"""
MOST_MARKS = 500
"""Most passages that people can mark, and that they can unmark, in one episode."""


@dataclass(frozen=True, kw_only=True)
class SpanInForce(AdSpan):
    """A span that clips avoid; `marked` if a person marked it."""

    marked: bool = False


def spans_in_force(detected: Sequence[AdSpan], edits: Edits) -> list[SpanInForce]:
    """The `detected` spans without the parts that people unmarked, and the spans that they marked.

    In order and apart, as `detected` are. The evidence of a marked span is empty, and its confidence is 1.
    """
    changed = [(span.start, span.end) for span in (*edits.unmarked, *edits.marked)]
    left = [
        SpanInForce(start=start, end=end, kind=span.kind, evidence=span.evidence, confidence=span.confidence)
        for span in detected
        for start, end in remaining((span.start, span.end), changed)
    ]
    marked = [
        SpanInForce(start=mark.start, end=mark.end, kind=mark.kind, evidence=(), confidence=1.0, marked=True)
        for mark in edits.marked
    ]
    return sorted([*left, *marked], key=lambda span: span.start)


def times(spans: Iterable[AdSpan], *kinds: SpanKind) -> list[Span]:
    """Start and end of the spans of these kinds; of all spans without kinds."""
    return [(span.start, span.end) for span in spans if not kinds or span.kind in kinds]


def with_marks(
    edits: Edits, mark: Sequence[MarkedSpan], unmark: Sequence[UnmarkedSpan], duration_s: float = inf
) -> Edits:
    """The next version of the edits, in which people unmarked `unmark` and then marked `mark`.

    Later marks replace earlier ones where they overlap. Spans end at the end of the episode, at `duration_s`. Raises
    ValueError if one begins after that, or if there would be more than `MOST_MARKS`.
    """
    mark, unmark = [_until(span, duration_s) for span in mark], [_until(span, duration_s) for span in unmark]
    marked, unmarked = list(edits.marked), list(edits.unmarked)
    for gone in unmark:
        marked = _without(marked, gone)
        unmarked = [*_without(unmarked, gone), gone]
    for new in mark:
        marked = [*_without(marked, new), new]
        unmarked = _without(unmarked, new)
    for spans in (marked, unmarked):
        spans.sort(key=lambda span: span.start)
        if len(spans) > MOST_MARKS:
            raise ValueError(f"an episode can have at most {MOST_MARKS} marked passages; mark longer ones instead")
    what = "marked an advert" if mark else "unmarked an advert"
    return edits.followed_by(what, marked=marked, unmarked=unmarked)


def remaining(span: Span, gone: Iterable[Span], shortest_s: float = REMNANT_S) -> list[Span]:
    """The parts of a span, in order, that are in none of the spans `gone`; parts below `shortest_s` are dropped.

    A span that none of them touches remains, however short it is.
    """
    touching = sorted((start, end) for start, end in gone if start < span[1] and span[0] < end)
    if not touching:
        return [span]
    parts, begin = [], span[0]
    for start, end in touching:
        parts.append((begin, start))
        begin = max(begin, end)
    return [(start, end) for start, end in (*parts, (begin, span[1])) if end - start >= shortest_s]


def _until(span: S, duration_s: float) -> S:
    if span.start >= duration_s:
        raise ValueError(f"no passage starts at {span.start:.1f} s, because the episode lasts {duration_s:.1f} s")
    return span.model_copy(update={"end": min(span.end, duration_s)})


def _without(spans: Sequence[S], gone: UnmarkedSpan) -> list[S]:
    """The spans with the part that is in `gone` cut out."""
    return [
        span.model_copy(update={"start": start, "end": end})
        for span in spans
        for start, end in remaining((span.start, span.end), [(gone.start, gone.end)])
    ]
