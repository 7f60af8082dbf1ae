"""The tokens of each response are counted at the wire."""

import json
from typing import Any

import httpx2 as httpx
import pytest

from clipper_assets.llm.metering import count_usage
from clipper_assets.runtime.spend import used

ASKED = {"model": "m", "messages": [{"role": "system", "content": "a" * 300}, {"role": "user", "content": "b" * 300}]}
ANSWER = {"choices": [{"message": {"content": "c" * 30}}]}
CALLED = {"choices": [{"message": {"content": None, "tool_calls": [{"function": {"arguments": "c" * 30}}]}}]}
ESTIMATED = (201, 11)


def counted(answer: Any, status: int = 200) -> tuple[int, int]:
    before = used()
    request = httpx.Request("POST", "http://127.0.0.1/v1/chat/completions", json=ASKED)
    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    count_usage(request, httpx.Response(status, content=content, request=request))
    spent = used().since(before)
    return spent.input_tokens, spent.output_tokens


@pytest.mark.parametrize(
    ("answer", "tokens"),
    [
        ({**ANSWER, "usage": {"prompt_tokens": 5, "completion_tokens": 2}}, (5, 2)),
        ({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 0}}, (5, 0)),
        ({**ANSWER, "usage": {"prompt_tokens": 0, "completion_tokens": 0}}, ESTIMATED),
        ({**ANSWER, "usage": None}, ESTIMATED),
        ({**ANSWER, "usage": {"prompt_tokens": -5, "completion_tokens": 10**30}}, ESTIMATED),
        (ANSWER, ESTIMATED),
        (CALLED, ESTIMATED),
        (b"no JSON", (201, 1)),
        (b"[" * 100_000, (201, 1)),
        ([[[ANSWER]]], (201, 1)),
    ],
)
def test_tokens_are_those_that_the_server_says_or_else_estimated(answer: Any, tokens: tuple[int, int]) -> None:
    assert counted(answer) == tokens


def test_an_error_costs_nothing() -> None:
    assert counted({"error": "overloaded"}, status=503) == (0, 0)
