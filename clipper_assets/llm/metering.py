"""Counts the tokens of each response of a model server at the wire, whether the answer can be used or not."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2 as httpx

from clipper_assets.llm.answers import Tokens
from clipper_assets.llm.parts import estimated_tokens
from clipper_assets.runtime.spend import count_tokens

MOST_DEPTH = 10
"""How deep texts are looked for; the arguments of a tool call are 6 deep in the choices."""


def count_usage(request: httpx.Request, response: httpx.Response) -> None:
    """Count the tokens that a response says it took; where it says none, estimate them from the texts.

    A response that is an error, or that was never complete, counts as none, because servers do not say its tokens.
    """
    if not response.is_success:
        return
    asked, answered = _object(request.content), _object(response.content)
    usage = answered.get("usage")
    tokens = Tokens.model_validate(usage if isinstance(usage, Mapping) else {})
    if tokens.prompt_tokens or tokens.completion_tokens:
        count_tokens(tokens.prompt_tokens, tokens.completion_tokens)
    else:
        texts = ("".join(_texts(body, MOST_DEPTH)) for body in (asked.get("messages"), answered.get("choices")))
        count_tokens(*map(estimated_tokens, texts))


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, Mapping) else {}


def _texts(body: Any, depth: int) -> Iterator[str]:
    """The texts under `content` and `arguments` in the messages of a request or the choices of an answer."""
    if depth and isinstance(body, Mapping):
        for key, value in body.items():
            if key in ("content", "arguments") and isinstance(value, str):
                yield value
            else:
                yield from _texts(value, depth - 1)
    elif depth and isinstance(body, list):
        for item in body:
            yield from _texts(item, depth - 1)
