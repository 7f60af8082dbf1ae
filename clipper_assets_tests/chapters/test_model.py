"""Titles and summary by a model server on loopback."""

import json
from typing import Any

import pytest

from clipper_assets.chapters.assets import make_chapters
from clipper_assets.chapters.chapter import Chapters
from clipper_assets.llm.language_model import LanguageModel
from clipper_assets_tests.chapters.test_chapters import DURATION_S, spoken
from clipper_assets_tests.support.model_server import ModelServer, Reply, completion

SUMMARY = "A talk about bread, ice and violins."


def made_by(server: ModelServer) -> Chapters:
    model = LanguageModel(base_url=server.url, max_retries=0)
    made, usage = make_chapters(spoken(), [], "en", DURATION_S, model)
    assert usage.retries == 0
    return made


def texts(*values: Any) -> Reply:
    return completion(json.dumps({"chapters": [{"number": number, "text": text} for number, text in values]}))


def test_a_model_writes_titles_and_summary(model_server: ModelServer) -> None:
    model_server.replies = [texts((0, SUMMARY), (1, "Bread"), (2, '"Ice and snow"'), (3, "Violins #music #talk"))]
    made = made_by(model_server)
    assert [chapter.title for chapter in made.chapters] == ["Bread", "Ice and snow", "Violins"]
    assert (made.summary, made.worded_by, list(made.degraded)) == (SUMMARY, "openai:gpt-4o-mini", [])
    (request,) = model_server.requests
    shown = request["messages"][1]["content"]
    assert shown.startswith("1 [0:00]\n")
    assert len(shown) < 3 * 9 * 320


@pytest.mark.parametrize(
    ("reply", "reasons"),
    [
        (texts((1, "Bread"), (9, "Nothing")), ["gave no usable title for 2 of 3 chapters", "gave no usable summary"]),
        (texts((0, "x" * 700), (1, "A"), (2, "B"), (3, "C")), ["gave no usable summary"]),
        (texts((0, SUMMARY), (1, "A"), (2, "B"), (3, " ".join("abcdefghijk"))), ["no usable title for 1 of 3"]),
    ],
)
def test_what_the_model_leaves_out_is_a_spoken_line(
    model_server: ModelServer, reply: Reply, reasons: list[str]
) -> None:
    model_server.replies = [reply]
    made = made_by(model_server)
    said = " ".join(sentence.text for sentence in spoken()).casefold()
    for chapter in made.chapters:
        title = chapter.title.rstrip("\u2026").casefold()
        assert title in ("a", "b", "c", "bread") or title in said
    assert 0 < len(made.summary) < 600
    assert [entry.step for entry in made.degraded] == ["chapters"] * len(reasons)
    for entry, reason in zip(made.degraded, reasons, strict=True):
        assert reason in entry.reason


@pytest.mark.parametrize("reply", [Reply(status=500, body=b"{}"), completion('{"chapters": []}'), texts((0, SUMMARY))])
def test_without_a_usable_answer_all_texts_are_spoken(model_server: ModelServer, reply: Reply) -> None:
    model_server.replies = [reply]
    made = made_by(model_server)
    assert made.worded_by == "spoken"
    (fallback,) = made.degraded
    assert fallback.reason.startswith("chapters have spoken lines as titles, not titles by a model: gpt-4o-mini")
