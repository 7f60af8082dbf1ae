"""Invented episodes: conversation and adverts as sentences with times."""

import json
from collections.abc import Sequence
from typing import Any

from clipper_assets.transcript.words import Sentence
from clipper_assets_tests.support.model_server import Reply, completion

NOUNS = ("river", "engine", "garden", "theory", "violin", "harvest", "border", "glacier", "novel", "kitchen", "signal")
ADVERT = (
    "Winters are long and your feet know it.",
    "This episode is brought to you by Fernwick.",
    "Fernwick slippers are made from three layers of wool.",
    "They stay warm when the floor is cold.",
    "Put them on and forget the weather.",
    "Right now, new customers get 20 percent off the first pair.",
    "Go to fernwick.com slash show and use code SHOW at checkout.",
    "That's F-E-R-N-W-I-C-K dot com.",
)


def conversation(count: int, first: int = 0) -> list[str]:
    """Sentences of a conversation; no two are the same."""
    return [
        f"I was told that the {NOUNS[n % 11]} of number {n} had {NOUNS[n * 7 % 11]} trouble near the "
        f"{NOUNS[(n * 3 + n // 11) % 11]} {n * 13 % 97}."
        for n in range(first, first + count)
    ]


def spoken(*parts: Sequence[str], pause_s: float = 1.5) -> list[Sentence]:
    """Sentences at three words a second, 0.2 s apart, with a pause between the parts."""
    sentences: list[Sentence] = []
    time = 1.0
    for part in parts:
        for text in part:
            end = time + len(text.split()) / 3
            sentences.append(Sentence(len(sentences), text, time, end, 0, 0, None))
            time = end + 0.2
        time += pause_s
    return sentences


def named(first: int, last: int, kind: str = "advert", score: int = 9) -> dict[str, Any]:
    """A span as a model names it."""
    return {"first_sentence": first, "last_sentence": last, "kind": kind, "score": score}


def named_spans(*spans: dict[str, Any]) -> Reply:
    return completion(json.dumps({"spans": spans}))
