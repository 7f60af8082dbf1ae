"""Answers of a model server that translates: each line of the request by a function of the test."""

import json
import re
from collections.abc import Callable
from typing import Any

from clipper_assets_tests.support.model_server import Reply, completion

LINE = re.compile(r"^(\d+) \[([^\]]*)\] (.*)$", re.MULTILINE)


def lines_of(request: dict[str, Any]) -> dict[int, str]:
    """The lines that a request asks to translate, by number."""
    return {int(number): text for number, _, text in LINE.findall(request["messages"][1]["content"])}


def translations(texts: dict[int, str]) -> Reply:
    """The answer with these texts."""
    items = [{"number": number, "text": text} for number, text in texts.items()]
    return completion(json.dumps({"translations": items}))


def translator(translate: Callable[[str], str]) -> Callable[[dict[str, Any]], Reply]:
    """A reply that translates each line of its request."""
    return lambda request: translations({number: translate(text) for number, text in lines_of(request).items()})


def in_pseudo_spanish(text: str) -> str:
    """Each word with an ending that makes it a word of no other language: `breado` for `bread`."""
    return re.sub(r"([A-Za-z]+)", r"\1ado", text)
