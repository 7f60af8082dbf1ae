"""Finds the items of a model's answer: in JSON alone, in code fences, in prose, after thoughts, or cut off."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from clipper_assets.llm.answers import HIGHEST_SCORE, LOWEST_SCORE, MIDDLE_SCORE, Message, Scored

MAX_ATTEMPTS = 500
"""Most brackets at which JSON is looked for in vain: each may cost a pass over the answer, 1 ms for 1 MB."""
MAX_DEPTH = 5
"""How deep the list of items may lie in the JSON, as in `{"result": {"highlights": [...]}}`."""
_THOUGHTS = re.compile(r"</(?:think|thinking|thought|reasoning)>|<\|message\|>", re.IGNORECASE)
_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*+"?)|,(?=\s*[}\]])', re.DOTALL)
_DECODER = json.JSONDecoder(strict=False)

Item = TypeVar("Item", bound=Scored)


@dataclass(frozen=True)
class Items(Generic[Item]):
    """The items of an answer, each with a score from 1 to 10.

    Attributes:
        malformed: How many items were dropped.
        unscored: How many items had no valid score and got the middle one.
        has_list: False if no list of items was found at all.
    """

    items: Sequence[Item]
    malformed: int
    unscored: int
    has_list: bool


def read_items(message: Message, model: type[Item], key: str) -> Items[Item]:
    """The items of a message: the list under `key`, any other list of objects, or the objects that lie in its text.

    Where a text has several lists, the last one counts, because models correct themselves. Of a text that was cut off,
    the items before the cut are returned.
    """
    values = list(_values(message))
    lists = [found for value in values if (found := _list(value, key, MAX_DEPTH)) is not None]
    candidates = lists[-1] if lists else [value for value in values if isinstance(value, Mapping)]
    items: list[Item] = []
    for candidate in candidates:
        try:
            items.append(model.model_validate(candidate))
        except ValidationError:
            continue
    scores = _on_one_scale([item.score for item in items])
    return Items(
        [item.model_copy(update={"score": score or MIDDLE_SCORE}) for item, score in zip(items, scores, strict=True)],
        malformed=len(candidates) - len(items),
        unscored=scores.count(None),
        has_list=bool(lists or items),
    )


def _on_one_scale(scores: Sequence[float | None]) -> list[float | None]:
    """The scores from 1 to 10, None where they are not valid.

    If most exceed 10 and none 100, the model scored out of 100; if all are between 0 and 1, out of 1.
    """
    given = [score for score in scores if score is not None]
    factor, least = 1.0, LOWEST_SCORE
    if given and max(given) <= 100 and sum(score > HIGHEST_SCORE for score in given) > len(given) / 2:
        factor, least = 0.1, 0.0
    elif given and 0 <= min(given) < 1 >= max(given):
        factor, least = 10.0, 0.0
    scaled = [None if score is None else score * factor for score in scores]
    return [
        None if score is None or not least <= score <= HIGHEST_SCORE else max(score, LOWEST_SCORE) for score in scaled
    ]


def _values(message: Message) -> Iterator[Any]:
    """The JSON values of a message, from its content or else from the arguments of its tool calls."""
    calls = message.tool_calls if isinstance(message.tool_calls, list) else []
    functions = [call.get("function") for call in calls if isinstance(call, Mapping)]
    arguments = [function.get("arguments") for function in functions if isinstance(function, Mapping)]
    for source in (message.content, *arguments):
        if isinstance(source, str):
            yield from _values_in(source)
        elif isinstance(source, Mapping):
            yield source
        elif isinstance(source, list):
            texts = [_text_of_part(part) for part in source]
            yield from _values_in("".join(texts)) if any(texts) else [source]


def _text_of_part(part: Any) -> str:
    """The text of a part of the content, `{"type": "text", "text": "..."}`; empty for thoughts and pictures."""
    if isinstance(part, str):
        return part
    text = part.get("text") if isinstance(part, Mapping) and "think" not in str(part.get("type")) else None
    return text if isinstance(text, str) else ""


def _values_in(text: str) -> Iterator[Any]:
    """The objects and lists in a text, after the model's thoughts, in their order; trailing commas are ignored."""
    answer = _TRAILING_COMMA.sub(lambda match: match[1] or "", _THOUGHTS.split(text)[-1])
    if answer.lstrip().startswith('"'):  # JSON encoded twice
        answer = _decoded(answer.strip()) or answer
    position, attempts = 0, 0
    brackets = re.compile(r"[{\[]")
    while (bracket := brackets.search(answer, position)) and attempts < MAX_ATTEMPTS:
        try:
            value, position = _DECODER.raw_decode(answer, bracket.start())
        except (ValueError, RecursionError):
            position, attempts = bracket.end(), attempts + 1
            continue
        yield value


def _decoded(text: str) -> str | None:
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, str) else None


def _list(value: Any, key: str, depth: int) -> list[Any] | None:
    """The list of items in a JSON value: the one named `key`, else the first one that has objects."""
    if isinstance(value, list):
        return value if any(isinstance(item, Mapping) for item in value) else None
    if not isinstance(value, Mapping) or depth == 0:
        return None
    if isinstance(value.get(key), list):
        return list(value[key])
    return next((found for inner in value.values() if (found := _list(inner, key, depth - 1)) is not None), None)
