import pytest
from dagster_graphql.schema import create_schema
from graphql import GraphQLError, GraphQLSchema, get_introspection_query

from clipper_assets.api.graphql.documents import TooCostlyError, check_cost, parse_bounded, read
from clipper_assets.api.graphql.operations import operation
from clipper_assets_tests.api.graphql.test_server import BOMB, NAMES, chain


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    graphql_schema: GraphQLSchema = create_schema().graphql_schema
    return graphql_schema


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("{ ...F0 } " + BOMB, "fragments expand to more than"),
        ("{ version } " + BOMB, "fragments expand to more than"),
        ("{ ...F0 } " + chain(1, "...F").replace("version", "...F0"), "the fragment F0 spreads itself"),
        ("{ version } fragment F0 on Query { ...F0 }", "the fragment F0 spreads itself"),
        ("{ version } " + "fragment F0 on Query { version } " * 2, "the fragment F0 is defined twice"),
        ("{" + "version " * 3990 + "}", "repeats the field version too often"),
        ("{" + "b: a { c a: b } " * 300 + "}", "repeats the field b too often"),
        ("{ a " * 5000, "nests more than"),
        ("{ a(b: " + "[" * 5000, "nests more than"),
        ("query A($b: " + "[" * 5000, "nests more than"),
        ("{ a " * 17 + "}" * 17, "nests more than 16 fields"),
        (
            "{ a { ...F0 } } " + " ".join(f"fragment F{n} on Q {{ a {{ ...F{n + 1} }} }}" for n in range(20)),
            "nests more than 16 fields",
        ),
        ("{" + "a " * 4000 + "}", "tokens"),
        ("#" * 40_001, "characters"),
        ("type Query { version: String }", "defines types"),
    ],
)
def test_a_document_that_costs_too_much_is_refused_with_one_sentence(
    schema: GraphQLSchema, document: str, sentence: str
) -> None:
    with pytest.raises(TooCostlyError, match=sentence):
        read(document, schema)


@pytest.mark.parametrize("document", ["{", "", "{ nothingOfThatName }", "{ ...Missing }", "# \n" * 5000])
def test_an_invalid_document_is_a_graphql_error(schema: GraphQLSchema, document: str) -> None:
    with pytest.raises(GraphQLError):
        read(document, schema)


@pytest.mark.parametrize("document", [*map(operation, NAMES), get_introspection_query()])
def test_the_documents_of_frontends_and_tools_are_within_the_limits(schema: GraphQLSchema, document: str) -> None:
    read(document, schema)


@pytest.mark.parametrize("spreads", ["...F a: version", "a: version { b } ...F", "...F"])
def test_checking_a_document_takes_linear_time(spreads: str) -> None:
    few, many = (check_cost(parse_bounded(chain(length, spreads))) for length in (6, 12))
    assert few < many <= 2 * few
