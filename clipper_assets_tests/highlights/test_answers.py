"""Answers as real model servers send them, and what is taken from each."""

import json
import time
from typing import Any

import pytest

from clipper_assets.highlights.pickers.answers import HIGHLIGHTS, RANKING
from clipper_assets_tests.highlights.conftest import KEY, ModelServer, Reply, completion, highlight, highlights
from clipper_assets_tests.highlights.test_openai import pick, reason

TWO = [highlight(3, 9, 9), highlight(20, 27, 5)]
JSON = json.dumps({"highlights": TWO})
BARE = json.dumps(TWO)
PARTS = [{"type": "thinking", "thinking": "[1]"}, *({"type": "text", "text": text} for text in (JSON[:40], JSON[40:]))]
CALL = {"type": "function", "function": {"name": "answer", "arguments": JSON}}
TEXTS = {
    "fence": f"```json\n{JSON}\n```",
    "fence without a language": f"```\n{JSON}\n```",
    "thoughts": f"<think>Sentences [3] to {{9}}? {json.dumps({'highlights': [highlight(50, 56)]})}</think>\n\n{JSON}",
    "thoughts without their beginning": f"The best are [3-9].\n</think>\n{JSON}",
    "channels": f"<|channel|>analysis<|message|>Hm, {BARE[:80]}<|end|><|channel|>final<|message|>{JSON}",
    "prose": f'Here are the "best" stretches {{as asked}}:\n\n{JSON}\n\nLet me know if you need more [or fewer].',
    "bare list": BARE,
    "other name": json.dumps({"clips": TWO}),
    "nested": json.dumps({"result": {"highlights": TWO}, "ok": True}),
    "two blocks": f"```json\n{json.dumps([highlight(40, 46)])}\n```\nOn reflection:\n```json\n{JSON}\n```",
    "list in Markdown": "\n".join(f"{number}. `{json.dumps(item)}`" for number, item in enumerate(TWO, start=1)),
    "a line each": "\n".join(map(json.dumps, TWO)),
    "trailing commas": JSON.replace("}]}", "},],}").replace('"], ', '",], ').replace('"]}', '",]}'),
    "encoded twice": json.dumps(JSON),
    "line breaks in texts": JSON.replace("it stands alone", "it\nstands alone"),
    "no-break space and mark": f"\ufeff\u00a0{JSON}",
}


def reply(message: dict[str, Any], **choice: Any) -> Reply:
    return Reply(json.dumps({"choices": [{"message": message, **choice}], "usage": {"prompt_tokens": -1}}).encode())


@pytest.mark.parametrize(
    "answer",
    [
        *(pytest.param(completion(text), id=name) for name, text in TEXTS.items()),
        pytest.param(reply({"content": PARTS}), id="content parts"),
        pytest.param(reply({"content": json.loads(JSON)}), id="content as an object"),
        pytest.param(reply({"content": TWO}), id="content as a list"),
        pytest.param(reply({"content": None, "tool_calls": [CALL]}), id="tool call"),
        pytest.param(reply({"content": JSON, "refusal": "", "tool_calls": None}, finish_reason=7), id="odd fields"),
    ],
)
def test_the_stretches_of_an_answer_are_found_in_whatever_surrounds_them(
    model_server: ModelServer, answer: Reply
) -> None:
    model_server.replies = [answer]
    picked = pick(model_server)
    assert picked.picker == "openai:gpt-4o-mini"
    assert picked.degraded == []
    assert [(c.first, c.last, c.score, c.title) for c in picked.candidates] == [
        (3, 9, 9, "title 3"),
        (20, 27, 5, "title 20"),
    ]
    assert len(model_server.requests) == 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"score": "5"}, 5),
        ({"score": 9.0}, 9),
        ({"score": "8/10"}, 8),
        ({"score": "7 out of 10"}, 7),
        ({"score": 8.5}, 8.5),
        ({"score": 85}, 8.5),
        ({"score": 0.7}, 7),
        ({"first_sentence": "3", "last_sentence": "9"}, 8),
        ({"first_sentence": "s3", "last_sentence": "Sentence 9"}, 8),
        ({"first_sentence": 3.0, "last_sentence": "9."}, 8),
        ({"extra": {"start_s": 1.5}}, 8),
    ],
)
def test_numbers_are_read_in_any_form(model_server: ModelServer, fields: dict[str, Any], expected: float) -> None:
    model_server.replies = [highlights({**highlight(3, 9), **fields})]
    picked = pick(model_server)
    assert picked.degraded == []
    (candidate,) = picked.candidates
    assert (candidate.first, candidate.last) == (3, 9)
    assert candidate.score == pytest.approx(expected)


def test_other_names_of_the_sentences_are_read(model_server: ModelServer) -> None:
    model_server.replies = [completion('[{"start": "12", "end": "18"}, {"first": 20, "last": 27, "score": null}]')]
    picked = pick(model_server)
    assert [(c.first, c.last, c.score) for c in picked.candidates] == [(12, 18, 5), (20, 27, 5)]
    assert [entry.reason for entry in picked.degraded] == [
        "gpt-4o-mini gave no valid score for 2 of 2 stretches; 5 was used"
    ]
    assert picked.candidates[0].hook == "This is sentence number 12 of the talk."
    assert picked.candidates[0].title == "This is sentence number 12 of the talk"


@pytest.mark.parametrize("score", [85, -1, 0, 11, "good", True, [8], 1e300])
def test_one_invalid_score_costs_neither_the_stretch_nor_the_others(model_server: ModelServer, score: Any) -> None:
    model_server.replies = [highlights(highlight(3, 9, 7), {**highlight(20, 27), "score": score}, highlight(40, 46, 6))]
    picked = pick(model_server)
    assert [(c.first, c.score) for c in picked.candidates] == [(3, 7), (20, 5), (40, 6)]
    assert [entry.reason for entry in picked.degraded] == [
        "gpt-4o-mini gave no valid score for 1 of 3 stretches; 5 was used"
    ]


@pytest.mark.parametrize(
    "item",
    [
        {"first_sentence": "0:12"},
        {"first_sentence": 3.5},
        {"last_sentence": None},
        {"last_sentence": True},
        {"last_sentence": "9" * 5000},
    ],
)
def test_a_stretch_without_sentence_numbers_is_dropped_alone(model_server: ModelServer, item: dict[str, Any]) -> None:
    model_server.replies = [completion(json.dumps([{**highlight(3, 9), **item}, "text", highlight(20, 27)]))]
    picked = pick(model_server)
    assert [c.first for c in picked.candidates] == [20]
    assert [entry.reason for entry in picked.degraded] == ["gpt-4o-mini gave no valid numbers for 2 of 3 stretches"]


def test_missing_texts_and_malformed_hashtags_cost_nothing_else(model_server: ModelServer) -> None:
    item = {**highlight(3, 9), "hook": None, "title": 7, "reason": ["a"], "hashtags": "#one, two"}
    model_server.replies = [highlights(item, {**highlight(20, 27), "hashtags": [None, "three", 4]})]
    first, second = pick(model_server).candidates
    assert (first.hook, first.title) == (
        "This is sentence number 3 of the talk.",
        "This is sentence number 3 of the talk",
    )
    assert first.reason == ""
    assert (first.hashtags, second.hashtags) == (("#one", "#two"), ("#three",))


def test_the_whole_stretches_of_an_answer_that_was_cut_off_are_used(model_server: ModelServer) -> None:
    model_server.replies = [completion(JSON[:-40], finish_reason="length")]
    picked = pick(model_server)
    assert [c.first for c in picked.candidates] == [3]
    assert [entry.reason for entry in picked.degraded] == [
        "gpt-4o-mini sent an incomplete answer (finish reason length)"
    ]


@pytest.mark.parametrize(
    "hostile",
    [
        "[" * 900_000,
        '{"a":' * 100_000,
        '{"' * 250_000,
        '"' * 400_000,
        "{" + '"a\\' * 150_000,
        '{"highlights": ' + "[" * 100_000 + "]" * 100_000 + "}",
        "<think>" * 100_000,
        ", " * 400_000,
    ],
)
def test_a_hostile_answer_is_read_in_seconds(model_server: ModelServer, hostile: str) -> None:
    model_server.replies = [completion(hostile)]
    started = time.process_time()
    assert reason(pick(model_server)).startswith("gpt-4o-mini sent an invalid answer: it ")
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "Provider returned error", "code": 502}}, "Provider returned error"),
        ({"choices": [], "error": "model 'x' not found"}, "model 'x' not found"),
        ("<html><head><title>x</title></head><body><h1>502 Bad&nbsp;Gateway</h1></body></html>", "502 Bad Gateway"),
    ],
)
def test_an_error_with_status_200_is_quoted(model_server: ModelServer, body: Any, said: str) -> None:
    model_server.replies = [Reply((body if isinstance(body, str) else json.dumps(body)).encode())]
    assert reason(pick(model_server)) == f"gpt-4o-mini sent an invalid answer: it is not a chat completion: {said}"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([{"error": {"code": 403, "message": "Quota\nexceeded", "status": "X"}}], "Quota exceeded"),
        ({"detail": [{"loc": ["body"], "msg": "field required"}]}, "field required"),
        ({"error": "no such model"}, "no such model"),
        ({"message": f"bad key {KEY} or Bearer abc1234567890"}, "bad key [removed] or Bearer [removed]"),
        ({"message": "Incorrect API key provided: sk-ab*****wxyz."}, "Incorrect API key provided: [removed]"),
        ({"message": "see https://me:pass@host/x, api_key=12345"}, "see https:[removed]host/x, api_key=[removed]"),
        ({"message": f"token {'a1' * 20}"}, "token [removed]"),
        ({"message": "x " * 5000}, f"{'x ' * 100}..."),
        ("<html><script>alert(1)</script><b>Forbidden</b></html>", "Forbidden"),
    ],
)
def test_the_reason_of_a_server_is_quoted_short_and_without_secrets(
    model_server: ModelServer, body: Any, said: str
) -> None:
    model_server.replies = [Reply((body if isinstance(body, str) else json.dumps(body)).encode(), 403)]
    assert reason(pick(model_server)) == f"gpt-4o-mini answered with HTTP status 403: {said} (0 retries)"


def of_limited_server(request: dict[str, Any]) -> Reply:
    """Refuses what Gemini's endpoint and others refuse: references, enums of numbers, limits; else a good answer."""
    schema = json.dumps(request.get("response_format", {}))
    refused = ("$ref", "$defs", "enum", "const", "minimum", "maximum", "minItems", "maxItems", "maxLength", "pattern")
    if found := [word for word in refused if f'"{word}"' in schema]:
        return Reply(json.dumps([{"error": {"message": f"unknown field {found}"}}]).encode(), 400)
    return highlights(*TWO)


def test_the_schemas_have_nothing_that_a_server_refuses(model_server: ModelServer) -> None:
    model_server.replies = [of_limited_server]
    assert len(pick(model_server).candidates) == 2
    assert len(model_server.requests) == 1
    request = {"response_format": [HIGHLIGHTS, RANKING]}
    assert of_limited_server(request).status == 200


def of_server_without_schemas(request: dict[str, Any]) -> Reply:
    if "response_format" in request:
        return Reply(b'{"error": "response_format is not supported"}', 400)
    assert '"first_sentence"' in request["messages"][0]["content"]
    return completion(f"Sure!\n```json\n{JSON}\n```")


def test_a_server_that_refuses_schemas_is_asked_without_one(model_server: ModelServer) -> None:
    model_server.replies = [of_server_without_schemas]
    picked = pick(model_server)
    assert [c.first for c in picked.candidates] == [3, 20]
    assert [entry.reason for entry in picked.degraded] == [
        "gpt-4o-mini answered with HTTP status 400: response_format is not supported (0 retries); "
        "it was asked again without a JSON schema"
    ]
