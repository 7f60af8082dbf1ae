"""GraphQL documents from outside: what they cost is known, in time linear in their length, before they are worked on.

graphql-core's parser recurses once per bracket, and its rules follow each spread of a fragment and compare each pair of
fields of one name. So the brackets are counted before a document is parsed, and what its fragments expand to before it
is validated.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    Lexer,
    Node,
    OperationDefinitionNode,
    Source,
    TokenKind,
    parse,
    validate,
)

MOST_CHARACTERS = 40_000
MOST_TOKENS = 4000
"""Words and signs; Dagster's UI has no document of half that."""
MOST_BRACKETS = 64
"""Brackets within brackets of any kind."""
DEEPEST = 16
"""Fields within fields; the standard introspection query goes down to 15, Dagster's UI to 12."""
MOST_NODES = 8000
"""Nodes of the document with each fragment in the place of each of its spreads."""
MOST_COMPARISONS = 250_000
"""What validation compares: of each name, the nodes of all its fields, once for each other field of that name."""
MOST_ERRORS = 5
"""Each error has Dagster's 800 names compared with one of the document, for a suggestion."""

OPENING = {TokenKind.PAREN_L, TokenKind.BRACKET_L, TokenKind.BRACE_L}
CLOSING = {TokenKind.PAREN_R, TokenKind.BRACKET_R, TokenKind.BRACE_R}


class TooCostlyError(Exception):
    """A document that is not worked on; the message is a sentence that says which limit it exceeds."""


def read(query: str, schema: GraphQLSchema) -> DocumentNode:
    """The document, within all limits and valid. Raises TooCostlyError or GraphQLError."""
    document = parse_bounded(query)
    check_cost(document)
    if errors := validate(schema, document, max_errors=MOST_ERRORS):
        raise errors[0]
    return document


def parse_bounded(query: str) -> DocumentNode:
    """Raises TooCostlyError for a document that is too long or nested too deeply, GraphQLError for what is none."""
    if len(query) > MOST_CHARACTERS:
        raise TooCostlyError(f"the document has more than {MOST_CHARACTERS} characters; send a shorter one")
    lexer, within, tokens = Lexer(Source(query)), 0, 0
    while (kind := lexer.advance().kind) is not TokenKind.EOF:
        tokens += 1
        within += (kind in OPENING) - (kind in CLOSING)
        if within > MOST_BRACKETS:
            raise TooCostlyError(f"the document nests more than {MOST_BRACKETS} brackets; ask for less at once")
        if tokens > MOST_TOKENS:
            raise TooCostlyError(f"the document has more than {MOST_TOKENS} words and signs; ask for less at once")
    return parse(query, max_tokens=MOST_TOKENS)


@dataclass
class _Definition:
    """An operation or a fragment by itself, and where it comes to stand in the whole."""

    nodes: int = 0
    deepest: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    """Fields by the name that they have in the answer."""
    weights: Counter[str] = field(default_factory=Counter)
    """Nodes of these fields, without the fields within them."""
    spreads: list[tuple[str, int]] = field(default_factory=list)
    """Names of fragments, and the depth that each is spread at."""
    times: int = 1
    """How often it is worked on: once by itself, and once where it is spread."""
    depth: int = 0


def check_cost(document: DocumentNode) -> int:
    """The number of nodes that were looked at to find out. Raises TooCostlyError."""
    fragments: dict[str, _Definition] = {}
    operations = []
    for node in document.definitions:
        if isinstance(node, FragmentDefinitionNode):
            if node.name.value in fragments:
                raise TooCostlyError(f"the fragment {node.name.value} is defined twice; give each a name of its own")
            fragments[node.name.value] = _taken_apart(node)
        elif isinstance(node, OperationDefinitionNode):
            operations.append(_taken_apart(node))
        else:
            raise TooCostlyError("the document defines types; send operations and fragments only")
    nodes, fields, weights = 0, Counter[str](), Counter[str]()
    for each in _outer_first(operations, fragments):
        for name, depth in each.spreads:
            inner = fragments.get(name)
            if inner:
                inner.times += each.times
                inner.depth = max(inner.depth, each.depth + depth)
        if each.depth + each.deepest > DEEPEST:
            raise TooCostlyError(f"the document has more than {DEEPEST} fields within fields; ask in several steps")
        nodes += each.times * each.nodes
        for name, count in each.fields.items():
            fields[name] += each.times * count
            weights[name] += each.times * each.weights[name]
    if nodes > MOST_NODES:
        raise TooCostlyError(f"the document's fragments expand to more than {MOST_NODES} nodes; ask for less at once")
    if sum((count - 1) * weights[name] for name, count in fields.items()) > MOST_COMPARISONS:
        name = max(fields, key=lambda name: (fields[name] - 1) * weights[name])
        raise TooCostlyError(f"the document repeats the field {name} too often ({fields[name]} times); ask for it once")
    return sum(each.nodes for each in (*operations, *fragments.values()))


def _taken_apart(definition: Node) -> _Definition:
    found = _Definition()
    waiting: list[tuple[Node, int, str]] = [(definition, 0, "")]
    while waiting:
        node, depth, owner = waiting.pop()
        found.nodes += 1
        if isinstance(node, FieldNode):
            depth, owner = depth + 1, (node.alias or node.name).value
            found.deepest = max(found.deepest, depth)
            found.fields[owner] += 1
        elif isinstance(node, FragmentSpreadNode):
            found.spreads.append((node.name.value, depth))
        found.weights[owner] += 1
        waiting.extend((child, depth, owner) for child in _children(node))
    return found


def _children(node: Node) -> Iterator[Node]:
    for key in node.keys:
        value = getattr(node, key, None)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, list | tuple):
            yield from (each for each in value if isinstance(each, Node))


def _outer_first(operations: list[_Definition], fragments: dict[str, _Definition]) -> list[_Definition]:
    """Each definition before the fragments that it spreads. Raises TooCostlyError where fragments go in a circle."""
    users = Counter(name for each in (*operations, *fragments.values()) for name, _ in each.spreads)
    order = [*operations, *(each for name, each in fragments.items() if not users[name])]
    for each in order:  # grows while it is gone through
        for name, _ in each.spreads:
            users[name] -= 1
            if not users[name] and name in fragments:
                order.append(fragments[name])
    circular = [name for name in fragments if users[name]]
    if circular:
        raise TooCostlyError(f"the fragment {circular[0]} spreads itself, by others or directly; take that spread out")
    return order
