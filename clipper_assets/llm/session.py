"""Requests to a model server: the question with its schema, the items of the answer, their cost, and what failed."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import unescape
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from clipper_assets.llm.answers import MIDDLE_SCORE, Choice, Reply, Scored
from clipper_assets.llm.reading import read_items
from clipper_assets.runtime.prices import USD_PER_MILLION_TOKENS
from clipper_assets.text.clean import clean_text

if TYPE_CHECKING:
    from openai import OpenAI

MAX_QUOTED = 200
"""Most characters that are quoted of what a server says."""
_REFUSES_SCHEMAS = {400, 404, 415, 422, 501}
"""Statuses of servers that do not know structured outputs or this schema; they are asked again without one."""
_SECRET = re.compile(
    r"(?i)(\b(?:bearer|authorization|api[-_ ]?key|key|token|password)\b(?: provided)?(?:\s*[:=]\s*|\s+(?=\S*\d)))\S+|"
    r"\b(?:sk|pk|rk|gsk|hf|xai|aiza|eyj)[-_a-z0-9][-_.a-z0-9*]{6,}|"
    r"\S*\*{3,}\S*|//[^/\s@]*@|"
    r"\b(?=[a-z0-9_]*\d)(?=[a-z0-9_]*[a-z])[a-z0-9_]{28,}"
)
"""Keys, tokens and passwords in what a server says, after their name or by their form; OpenAI masks keys with `*`."""
_MARKUP = re.compile(r"(?is)<(script|style|head)\b.*?</\1>|<[^<>]*>")

Item = TypeVar("Item", bound=Scored)


@dataclass(frozen=True)
class Usage:
    """Tokens, cost and retries of requests to a model; `cost_usd` is None if the model's price is unknown."""

    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = 0.0
    retries: int = 0


class ModelUnavailableError(Exception):
    """The model gave no usable answer; the message says why. `usage` is what the failed attempt cost."""

    def __init__(self, reason: str, usage: Usage | None = None):
        super().__init__(reason)
        self.usage = usage or Usage()


def cost_usd(model: str, tokens_in: int, tokens_out: int) -> float | None:
    """Price of the tokens in US dollars; None if the model's price is unknown."""
    if model not in USD_PER_MILLION_TOKENS:
        return None
    price_in, price_out = USD_PER_MILLION_TOKENS[model]
    return (tokens_in * price_in + tokens_out * price_out) / 1e6


def one_line(text: str) -> str:
    return " ".join(clean_text(text).split())


@dataclass
class Session:
    """A client, the accumulated usage of its requests, and what was wrong with answers that were used all the same."""

    client: "OpenAI"
    model: str
    usage: Usage
    flaws: list[str] = field(default_factory=list)
    knows_schemas: bool = True

    def ask(self, system: str, user: str, schema: Mapping[str, Any], item: type[Item]) -> Sequence[Item]:
        """Send a request for a list of items; the schema has the name of the list as its only property.

        A server that refuses the schema is asked once more without it, because the prompt describes the answer, too.

        Raises:
            ModelUnavailableError: There is no usable answer; the message has the server's reason without secrets.
        """
        from openai import APIStatusError

        (key,) = schema["properties"]
        try:
            choice = self._choice(system, user, schema if self.knows_schemas else None)
        except ModelUnavailableError as error:
            cause = error.__cause__
            if not (self.knows_schemas and isinstance(cause, APIStatusError) and cause.status_code in _REFUSES_SCHEMAS):
                raise
            self.knows_schemas = False
            choice = self._choice(system, user, None)
            self.flaws.append(f"{error}; it was asked again without a JSON schema")
        return self._items(choice, item, key)

    def _items(self, choice: Choice, item: type[Item], key: str) -> Sequence[Item]:
        found = read_items(choice.message, item, key)
        if not found.items and choice.message.refusal:
            raise self.unavailable(f"refused to answer{_said(self._clean(choice.message.refusal))}")
        if choice.finish_reason == "content_filter" or (choice.finish_reason == "length" and not found.items):
            raise self.unavailable(f"sent an incomplete answer (finish reason {choice.finish_reason})")
        if not found.has_list:
            raise self.unavailable(f'sent an invalid answer: it has no JSON list "{key}"')
        if choice.finish_reason == "length":
            self.flaws.append(f"{self.model} sent an incomplete answer (finish reason length)")
        if found.malformed:
            total = found.malformed + len(found.items)
            self.flaws.append(f"{self.model} gave no valid numbers for {found.malformed} of {total} stretches")
        if found.unscored:
            unscored = f"{found.unscored} of {len(found.items)} stretches"
            self.flaws.append(f"{self.model} gave no valid score for {unscored}; {MIDDLE_SCORE:g} was used")
        return found.items

    def _choice(self, system: str, user: str, schema: Mapping[str, Any] | None) -> Choice:
        """The first choice of the answer to one request. Raises ModelUnavailableError if there is none."""
        from openai import APIConnectionError, APIStatusError, omit

        response_format: Any = omit
        if schema:
            (key,) = schema["properties"]
            named = {"name": key.capitalize(), "strict": True, "schema": schema}
            response_format = {"type": "json_schema", "json_schema": named}
        try:
            raw = self.client.chat.completions.with_raw_response.create(
                model=self.model,
                messages=[{"role": "system", "content": system}, {"role": "user", "content": user}],
                response_format=response_format,
            )
        except (APIConnectionError, APIStatusError) as error:
            # In this header the client counts the retries of a request.
            retries = int(error.request.headers["x-stainless-retry-count"])
            self.usage = replace(self.usage, retries=self.usage.retries + retries)
            raise self.unavailable(f"{self._failure(error)} ({retries} retries)") from error
        try:
            reply = Reply.model_validate_json(raw.content)
        except ValidationError as error:
            said = _said(self._reason(raw.content))
            raise self.unavailable(f"sent an invalid answer: it is not a chat completion{said}") from error
        tokens_in = self.usage.tokens_in + reply.usage.prompt_tokens
        tokens_out = self.usage.tokens_out + reply.usage.completion_tokens
        self.usage = Usage(
            tokens_in, tokens_out, cost_usd(self.model, tokens_in, tokens_out), self.usage.retries + raw.retries_taken
        )
        return reply.choices[0]

    def _failure(self, error: Exception) -> str:
        from openai import APIStatusError, APITimeoutError

        from clipper_assets.llm.bounded import AnswerTooLargeError

        if isinstance(error, APIStatusError):
            return f"answered with HTTP status {error.status_code}{_said(self._reason(error.response.content))}"
        if isinstance(error, APITimeoutError):
            return f"did not answer within {self.client.timeout:g} s"
        if isinstance(error.__cause__, AnswerTooLargeError):
            return "sent an answer of more than 1 MB"
        return "could not be reached"

    def _reason(self, body: bytes) -> str:
        """What the body of a failed response says: JSON of OpenAI, Gemini, FastAPI or Ollama, HTML, or a text."""
        try:
            return self._clean(next(_messages(json.loads(body)), ""))
        except (ValueError, RecursionError):
            text = body.decode(errors="replace")
            return "" if text.lstrip()[:1] in ("{", "[") else self._clean(text)

    def _clean(self, said: Any) -> str:
        """A short quotation of what a server said: one line, without markup and secrets."""
        if not isinstance(said, str):
            return ""
        text = one_line(unescape(_MARKUP.sub(" ", said[: 100 * MAX_QUOTED])))[: 5 * MAX_QUOTED]
        text = _SECRET.sub(lambda match: f"{match[1] or ''}[removed]", text.replace(self.client.api_key, "[removed]"))
        return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}..."

    def unavailable(self, failure: str) -> ModelUnavailableError:
        return ModelUnavailableError(f"{self.model} {failure}", self.usage)


def _messages(body: Any, depth: int = 4) -> Iterator[str]:
    """The texts of an error's body that say what is wrong: `{"error": {"message": "..."}}` and the like."""
    if isinstance(body, str):
        yield body
    elif depth and isinstance(body, Mapping):
        for key in ("error", "message", "detail", "msg"):
            yield from _messages(body.get(key), depth - 1)
    elif depth and isinstance(body, list):
        for part in body:
            yield from _messages(part, depth - 1)


def _said(text: str) -> str:
    return f": {text}" if text else ""
