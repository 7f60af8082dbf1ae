"""What people type is read as words, phrases and prefixes, whatever they type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.search.query import MAX_QUERY, MAX_TERMS, Query, QueryError, parse


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("honey bees", Query([["honey"], ["bee"]], [], [])),
        ('"Honey Bees" dancing', Query([["danc"]], [["honey", "bees"]], [])),
        ("“honey bees”", Query([], [["honey", "bees"]], [])),
        ("pollin*", Query([], [], ["pollin"])),
        ("self-pollin*", Query([["self"]], [], ["pollin"])),
        ("what did they say about bees", Query([["say"], ["bee"]], [], [], is_question=True)),
        ('"unfinished phrase', Query([["unfinish"], ["phrase"]], [], [])),
        ("(title:x)^2 AND", Query([["titl"], ["x"], ["2"]], [], [], is_question=True)),
        ('honey" bees"*', Query([["honey"]], [["bees"]], [])),
    ],
)
def test_query_is_read(text: str, query: Query) -> None:
    assert parse(text, ["en"]) == query


def test_words_are_read_by_the_rules_of_every_language() -> None:
    assert parse("Häuser", ["en", "de"]).words == [["hauser", "haus"]]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the query has no word to search for"),
        ('"" * ?!', "the query has no word to search for"),
        ("x*", "x* would match too many words; type at least 2 letters before the *"),
        ("a" * (MAX_QUERY + 1), f"the query has {MAX_QUERY + 1} characters; use at most {MAX_QUERY}"),
        ("ab " * (MAX_TERMS + 1), f"the query has too many words; use at most {MAX_TERMS}"),
        ("東京都の人" * 10, f"the query has too many words; use at most {MAX_TERMS}"),
    ],
)
def test_query_that_cannot_be_searched_is_refused_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(QueryError) as error:
        parse(text, ["en"])
    assert sentence in str(error.value)


@given(st.text(alphabet=st.sampled_from('ab "*“”\\:^~()[]{}+-!/東ก\u0301\x00é'), max_size=60) | st.text(max_size=400))
def test_any_text_is_a_query_or_refused(text: str) -> None:
    try:
        query = parse(text, ["en", "de", "ja"])
    except QueryError:
        return
    assert query.words or query.phrases or query.prefixes
