"""Turns, made from sentences."""

from typing import Any

import pytest

from clipper_assets.library.tables import SENTENCES
from clipper_assets.library.turns import turns_of


def sentence(number: int, turn: int, speaker: str | None, **changed: Any) -> dict[str, Any]:
    row = {"episode": "a.mp4", "show": ".", "sentence": number, "turn": turn, "speaker": speaker, "language": "en"}
    row |= {"start": 10.0 * number, "end": 10.0 * number + 4, "words": 8, "doubtful": 0, "text": "", "plain": ""}
    return row | {"question": False, "advert": False} | changed


def test_a_turn_counts_what_is_said_outside_adverts() -> None:
    rows = [
        sentence(0, 0, "Anna", question=True),
        sentence(1, 0, "Anna", advert=True, question=True, words=99),
        sentence(2, 0, "Anna", doubtful=3),
        sentence(3, 1, None),
        sentence(4, 2, "Ben", advert=True),
        sentence(0, 0, "Anna", episode="b.mp4"),
    ]
    turns = turns_of(SENTENCES.table(rows)).to_pylist()
    assert [(row["episode"], row["turn"], row["speaker"]) for row in turns] == [
        ("a.mp4", 0, "Anna"),
        ("a.mp4", 1, None),
        ("b.mp4", 0, "Anna"),
    ]
    first = {name: turns[0][name] for name in ("start", "end", "sentences", "questions", "words", "seconds")}
    assert first == {"start": 0.0, "end": 24.0, "sentences": 2, "questions": 1, "words": 13, "seconds": 8.0}


@pytest.mark.parametrize("rows", [[], [sentence(0, 0, "Anna", advert=True)]])
def test_without_speech_there_are_no_turns(rows: list[dict[str, Any]]) -> None:
    assert turns_of(SENTENCES.table(rows)).num_rows == 0
