"""What is asked of a model server, as JSON schemas, and how its answers are read, as pydantic models.

The schemas use only what every server accepts: no `$ref` and no enum of integers, which Gemini's endpoint refuses, and
no limits of numbers and lengths, which OpenAI's strict mode refuses. The models are lenient: what is missing or
malformed in one field costs that field, or its item, and never the whole answer.
"""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

MOST_TOKENS = 100_000_000
"""Most tokens of one request; a count beyond it, or below 0, is taken for none."""
LOWEST_SCORE, MIDDLE_SCORE, HIGHEST_SCORE = 1.0, 5.0, 10.0

_NUMBER = re.compile(r"[^\d.:,-]{0,20}(\d{1,9})(?:\.0{0,9})?[^\d.:,-]{0,20}")
_SCORE = re.compile(r"[^\d.:-]{0,20}(\d{1,9}(?:[.,]\d{1,9})?)(?:\s*(?:/|of|out of)\s*\d{1,9})?[^\d.:-]{0,20}")


def schema(key: str, **properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object with a list of objects; each has all of the properties, as strict mode demands."""
    item = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {key: {"type": "array", "items": item}},
        "required": [key],
        "additionalProperties": False,
    }


INTEGER, TEXT = {"type": "integer"}, {"type": "string"}
SCORE = {"type": "integer", "description": "from 1 to 10"}


def _as_number(value: Any) -> Any:
    """A whole number as models write it: `12`, `12.0`, `"12"`, `"s12"`, `"sentence 12"`; times stay invalid."""
    match = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    return None if isinstance(value, bool) else int(match[1]) if match else value


def _as_score(value: Any) -> Any:
    """A score as models write it: `8`, `8.5`, `"8"`, `"8/10"`; None for anything else."""
    if isinstance(value, str) and (match := _SCORE.fullmatch(value)):
        return float(match[1].replace(",", "."))
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9 else None


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _as_texts(value: Any) -> list[str]:
    words = value.replace(",", " ").split() if isinstance(value, str) else value
    return [word for word in words if isinstance(word, str)] if isinstance(words, list) else []


Number = Annotated[int, BeforeValidator(_as_number)]
Score = Annotated[float | None, BeforeValidator(_as_score)]
Text = Annotated[str, BeforeValidator(_as_text)]
Texts = Annotated[list[str], BeforeValidator(_as_texts)]


class Scored(BaseModel):
    """An item of an answer; its score is None where the answer has none."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    score: Score = None


def _as_count(value: Any) -> Any:
    return value if isinstance(value, int) and 0 <= value <= MOST_TOKENS else 0


Count = Annotated[int, BeforeValidator(_as_count)]


class Tokens(BaseModel):
    prompt_tokens: Count = 0
    completion_tokens: Count = 0


class Message(BaseModel):
    """A message; `content` is a text, a list of parts or, from some servers, the JSON itself."""

    content: Any = None
    refusal: Any = None
    tool_calls: Any = None


class Choice(BaseModel):
    message: Message
    finish_reason: Any = None


class Reply(BaseModel):
    """The fields of a chat completion that are used; servers differ in the others."""

    choices: Annotated[list[Choice], Field(min_length=1)]
    usage: Annotated[Tokens, BeforeValidator(lambda value: value if isinstance(value, dict) else {})] = Tokens()
