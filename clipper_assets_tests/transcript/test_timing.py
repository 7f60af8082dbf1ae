from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.transcript.timing import MAX_WORD_S, Span, fill, fit, interpolation_records, spread
from clipper_assets.transcript.words import Word

seconds = st.floats(-20, 200, allow_nan=False)
texts = st.lists(st.text("abcdef", min_size=1, max_size=12), min_size=1, max_size=20)


@given(st.lists(st.tuples(seconds, seconds)), st.floats(0.001, 120))
def test_fitted_words_satisfy_the_contract(spans: list[Span], duration_s: float) -> None:
    words = [Word(str(number), start, end, 0) for number, (start, end) in enumerate(spans)]
    fitted = fit(words, duration_s)
    assert sorted(word.text for word in fitted) == sorted(word.text for word in words)
    assert all(0 <= word.start < word.end <= duration_s for word in fitted)
    assert all(word.end - word.start <= MAX_WORD_S + 1e-9 for word in fitted)
    assert [word.start for word in fitted] == sorted(word.start for word in fitted)


def test_times_that_fit_are_not_changed() -> None:
    words = [Word("a", 0.5, 0.9, 0), Word("b", 0.9, 1.4, 0)]
    assert fit(words, 2.0) == words


@given(texts, st.floats(0, 100), st.floats(0, 30))
def test_spread_spans_are_adjacent_and_proportional_to_text_length(
    texts: list[str], start: float, length: float
) -> None:
    spans = spread(texts, (start, start + length))
    assert spans[0][0] == start
    assert abs(spans[-1][1] - (start + length)) < 1e-9
    for text, (first, last), (following, _) in zip(texts, spans, [*spans[1:], (spans[-1][1], 0.0)], strict=True):
        assert abs(last - following) < 1e-9
        assert abs((last - first) - length * len(text) / sum(map(len, texts))) < 1e-9


def test_filling_keeps_known_spans_and_spreads_the_others_between_them() -> None:
    spans: list[Span | None] = [None, (2.0, 3.0), None, None, (5.0, 6.0), None]
    filled = fill(["aa", "b", "c", "ddd", "e", "f"], spans, (1.0, 8.0))
    assert filled == [(1.0, 2.0), (2.0, 3.0), (3.0, 3.5), (3.5, 5.0), (5.0, 6.0), (6.0, 8.0)]


@given(st.lists(st.booleans(), max_size=20))
def test_filling_gives_every_word_a_span(known: list[bool]) -> None:
    spans = [(float(number), number + 0.5) if is_known else None for number, is_known in enumerate(known)]
    filled = fill(["word"] * len(known), spans, (0.0, float(len(known))))
    assert len(filled) == len(known)
    assert all(kept in (None, span) for kept, span in zip(spans, filled, strict=True))
    assert filled == sorted(filled)


def test_interpolated_words_are_counted() -> None:
    words = [Word("a", 0, 1, 0), Word("b", 1, 2, 0, timing="interpolated")]
    assert interpolation_records(words[:1]) == []
    (degraded,) = interpolation_records(words)
    assert "1 of 2 words" in degraded.reason
