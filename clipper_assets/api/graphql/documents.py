"""Bounds the cost of GraphQL documents before they are parsed and validated, in time linear in their length.

graphql-core's parser recurses once per bracket, and its validation rules follow every fragment spread and compare every
pair of fields with the same name. Therefore the brackets are counted before parsing, and the nodes that the fragments
expand to before validation.
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
"""Lexer tokens; the largest document of Dagster's UI has less than half as many."""
MOST_BRACKETS = 64
"""Nesting depth of brackets of any kind."""
DEEPEST = 16
"""Nesting depth of fields; the standard introspection query has 15, Dagster's UI at most 12."""
MOST_NODES = 8000
"""Nodes of the document after every fragment spread is expanded."""
MOST_COMPARISONS = 250_000
"""Comparisons in validation: for each field name, the nodes of its fields times the number of other such fields."""
MOST_ERRORS = 5
"""Validation stops after this many errors: for each, it compares a name with all 800 of Dagster's for a suggestion."""

OPENING = {TokenKind.PAREN_L, TokenKind.BRACKET_L, TokenKind.BRACE_L}
CLOSING = {TokenKind.PAREN_R, TokenKind.BRACKET_R, TokenKind.BRACE_R}


class TooCostlyError(Exception):
    """A document exceeds a limit; the message is a sentence that says which one."""


def read(query: str, schema: GraphQLSchema) -> DocumentNode:
    """Parses and validates a document. Raises TooCostlyError if it exceeds a limit, GraphQLError if it is invalid."""
    document = parse_bounded(query)
    check_cost(document)
    if errors := validate(schema, document, max_errors=MOST_ERRORS):
        raise errors[0]
    return document


def parse_bounded(query: str) -> DocumentNode:
    """Parses a document. Raises TooCostlyError if it is too long or too deeply nested, GraphQLError if invalid."""
    if len(query) > MOST_CHARACTERS:
        raise TooCostlyError(f"the document has more than {MOST_CHARACTERS} characters; send a shorter one")
    lexer, depth, tokens = Lexer(Source(query)), 0, 0
    while (kind := lexer.advance().kind) is not TokenKind.EOF:
        tokens += 1
        depth += (kind in OPENING) - (kind in CLOSING)
        if depth > MOST_BRACKETS:
            raise TooCostlyError(f"the document nests more than {MOST_BRACKETS} brackets; split the query")
        if tokens > MOST_TOKENS:
            raise TooCostlyError(f"the document has more than {MOST_TOKENS} tokens; split the query")
    return parse(query, max_tokens=MOST_TOKENS)


@dataclass
class _Definition:
    """Counts of an operation or fragment by itself, and how it is used in the whole document."""

    nodes: int = 0
    deepest: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    """Number of fields by response name."""
    weights: Counter[str] = field(default_factory=Counter)
    """Number of nodes of these fields, without the nodes of nested fields."""
    spreads: list[tuple[str, int]] = field(default_factory=list)
    """Names of the fragments spread here, with the depth of each spread."""
    times: int = 1
    """How often it is processed: once by itself, and once for each spread after expansion."""
    depth: int = 0


def check_cost(document: DocumentNode) -> int:
    """Raises TooCostlyError if a document exceeds a limit. Returns the number of nodes visited to find out."""
    fragments: dict[str, _Definition] = {}
    operations = []
    for node in document.definitions:
        if isinstance(node, FragmentDefinitionNode):
            if node.name.value in fragments:
                raise TooCostlyError(f"the fragment {node.name.value} is defined twice; rename one of them")
            fragments[node.name.value] = _counted(node)
        elif isinstance(node, OperationDefinitionNode):
            operations.append(_counted(node))
        else:
            raise TooCostlyError("the document defines types; send only operations and fragments")
    nodes, fields, weights = 0, Counter[str](), Counter[str]()
    for definition in _outer_first(operations, fragments):
        for name, depth in definition.spreads:
            inner = fragments.get(name)
            if inner:
                inner.times += definition.times
                inner.depth = max(inner.depth, definition.depth + depth)
        if definition.depth + definition.deepest > DEEPEST:
            raise TooCostlyError(f"the document nests more than {DEEPEST} fields; split the query")
        nodes += definition.times * definition.nodes
        for name, count in definition.fields.items():
            fields[name] += definition.times * count
            weights[name] += definition.times * definition.weights[name]
    if nodes > MOST_NODES:
        raise TooCostlyError(f"the document's fragments expand to more than {MOST_NODES} nodes; split the query")
    if sum((count - 1) * weights[name] for name, count in fields.items()) > MOST_COMPARISONS:
        name = max(fields, key=lambda name: (fields[name] - 1) * weights[name])
        raise TooCostlyError(f"the document repeats the field {name} too often ({fields[name]} times); query it once")
    return sum(definition.nodes for definition in (*operations, *fragments.values()))


def _counted(definition: Node) -> _Definition:
    counts = _Definition()
    stack: list[tuple[Node, int, str]] = [(definition, 0, "")]
    while stack:
        node, depth, owner = stack.pop()
        counts.nodes += 1
        if isinstance(node, FieldNode):
            depth, owner = depth + 1, (node.alias or node.name).value
            counts.deepest = max(counts.deepest, depth)
            counts.fields[owner] += 1
        elif isinstance(node, FragmentSpreadNode):
            counts.spreads.append((node.name.value, depth))
        counts.weights[owner] += 1
        stack.extend((child, depth, owner) for child in _children(node))
    return counts


def _children(node: Node) -> Iterator[Node]:
    for key in node.keys:
        value = getattr(node, key, None)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, list | tuple):
            yield from (item for item in value if isinstance(item, Node))


def _outer_first(operations: list[_Definition], fragments: dict[str, _Definition]) -> list[_Definition]:
    """Sorts definitions so that each precedes the fragments it spreads. Raises TooCostlyError for cycles."""
    users = Counter(name for definition in (*operations, *fragments.values()) for name, _ in definition.spreads)
    order = [*operations, *(fragment for name, fragment in fragments.items() if not users[name])]
    for definition in order:  # `order` grows during the loop
        for name, _ in definition.spreads:
            users[name] -= 1
            if not users[name] and name in fragments:
                order.append(fragments[name])
    circular = [name for name in fragments if users[name]]
    if circular:
        raise TooCostlyError(
            f"the fragment {circular[0]} spreads itself, directly or through others; remove that spread"
        )
    return order
