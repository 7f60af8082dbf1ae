"""The adverts in force: what detection found, changed by what people marked and unmarked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.adverts.spans import AdSpan, SpanKind
from clipper_assets.edits.adverts import MOST_MARKS, SpanInForce, spans_in_force, times, with_marks
from clipper_assets.edits.model import Edits, MarkedSpan, UnmarkedSpan
from clipper_assets.transcript.timing import Span

NONE = Edits(version=0)


def detected(*spans: Span, kind: SpanKind = SpanKind.advert) -> list[AdSpan]:
    return [AdSpan(start=start, end=end, kind=kind, evidence=["promo code"], confidence=0.8) for start, end in spans]


def mark(start: float, end: float, kind: SpanKind = SpanKind.advert) -> MarkedSpan:
    return MarkedSpan(start=start, end=end, kind=kind)


def unmark(start: float, end: float) -> UnmarkedSpan:
    return UnmarkedSpan(start=start, end=end)


def test_without_edits_the_detected_spans_are_in_force() -> None:
    (span,) = spans_in_force(detected((10, 40), kind=SpanKind.intro), NONE)
    assert span == SpanInForce(start=10, end=40, kind=SpanKind.intro, evidence=["promo code"], confidence=0.8)


def test_a_marked_span_is_in_force_beside_the_detected_ones() -> None:
    edits = with_marks(NONE, [mark(50, 60)], [])
    first, second = spans_in_force(detected((10, 40)), edits)
    assert (first.marked, second.marked) == (False, True)
    assert (second.start, second.end, second.evidence, second.confidence) == (50, 60, (), 1.0)


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        ((10, 40), []),
        ((0, 100), []),
        ((11, 38.5), []),  # another transcript moved the ends of the detected span
        ((10, 25), [(25, 40)]),
        ((20, 30), [(10, 20), (30, 40)]),
        ((40, 60), [(10, 40)]),
    ],
)
def test_an_unmarked_stretch_is_not_in_force(gone: Span, left: list[Span]) -> None:
    edits = with_marks(NONE, [], [unmark(*gone)])
    assert times(spans_in_force(detected((10, 40)), edits)) == left


def test_the_later_of_two_edits_of_a_stretch_wins() -> None:
    unmarked = with_marks(NONE, [], [unmark(10, 40)])
    marked = with_marks(unmarked, [mark(10, 20)], [])
    assert times(spans_in_force(detected((10, 40)), marked)) == [(10, 20)]
    again = with_marks(marked, [], [unmark(0, 50)])
    assert spans_in_force(detected((10, 40)), again) == []
    assert again.marked == []


def test_a_mark_changes_the_kind_of_a_detected_span() -> None:
    edits = with_marks(NONE, [mark(10, 40, SpanKind.intro)], [])
    spans = spans_in_force(detected((10, 40)), edits)
    assert times(spans, SpanKind.intro) == [(10, 40)]
    assert times(spans, SpanKind.advert) == []


def test_marks_make_a_new_version_that_keeps_the_other_edits() -> None:
    edits = with_marks(NONE, [mark(1, 9)], [])
    assert (edits.version, edits.base, edits.what) == (1, 0, "marked an advert")
    assert with_marks(edits, [], [unmark(20, 30)]).marked == edits.marked
    assert edits.followed_by("clip 0: hook", clips=[]).marked == edits.marked
    assert edits.discarded().is_empty


def test_more_marks_than_allowed_are_refused() -> None:
    marks = [mark(10 * number, 10 * number + 5) for number in range(MOST_MARKS + 1)]
    assert len(with_marks(NONE, marks[:-1], []).marked) == MOST_MARKS
    with pytest.raises(ValueError, match="at most 500 marked passages"):
        with_marks(NONE, marks, [])


@pytest.mark.parametrize("span", [(5.0, 5.0), (5.0, 4.0), (-1.0, 4.0)])
def test_a_stretch_must_have_a_length(span: Span) -> None:
    with pytest.raises(ValueError, match="must start at 0 s or later, and end after its start"):
        mark(*span)


def test_a_span_ends_with_the_episode_and_begins_in_it() -> None:
    assert with_marks(NONE, [mark(50, 1e300)], [], 60.0).marked == [mark(50, 60)]
    with pytest.raises(ValueError, match=r"no passage starts at 60\.0 s, because the episode lasts 60\.0 s"):
        with_marks(NONE, [], [unmark(60, 61)], 60.0)


stretches = st.tuples(st.floats(0, 300), st.floats(0.1, 60)).map(lambda drawn: (drawn[0], drawn[0] + drawn[1]))


@given(
    st.lists(st.floats(0, 300), max_size=8, unique=True).map(sorted),
    st.lists(st.tuples(st.booleans(), stretches), max_size=12),
)
def test_spans_in_force_are_in_order_and_apart_after_any_edits(
    edges: list[float], changes: list[tuple[bool, Span]]
) -> None:
    found = detected(*zip(edges[::2], edges[1::2], strict=False))
    edits = NONE
    for is_mark, stretch in changes:
        edits = with_marks(edits, [mark(*stretch)] if is_mark else [], [] if is_mark else [unmark(*stretch)])
    edges_in_force = [edge for span in times(spans_in_force(found, edits)) for edge in span]
    assert edges_in_force == sorted(edges_in_force)
    if changes:
        is_mark, (start, end) = changes[-1]
        inside = [max(min(b, end) - max(a, start), 0) for a, b in times(spans_in_force(found, edits))]
        assert sum(inside) == pytest.approx(end - start if is_mark else 0)
