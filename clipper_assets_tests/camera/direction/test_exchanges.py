from itertools import cycle

import pytest

from clipper_assets.camera.direction.cast import Voice
from clipper_assets.camera.direction.exchanges import EXCHANGE_S, exchanges


def talk(order: str, each_s: float = 1.5, pause_s: float = 0.2) -> list[Voice]:
    """A voice for each letter, one after the other."""
    step_s = each_s + pause_s
    return [Voice(at * step_s, at * step_s + each_s, (ord(name),)) for at, name in enumerate(order)]


def found(voices: list[Voice]) -> list[str]:
    return ["".join(chr(voice.subject[0]) for voice in run) for run in exchanges(voices)]


@pytest.mark.parametrize(
    ("order", "runs"),
    [
        ("abab", ["abab"]),
        ("aba", []),
        ("abcabc", ["abcabc"]),
        ("abcab", []),
        ("abacbc", ["abacbc"]),
        ("abcdabcd", ["abcdabcd"]),
        ("abababc", ["ababab"]),
        ("abcdeabcde", []),
        ("ababcdcd", ["ababcdcd"]),
    ],
)
def test_each_of_two_to_four_people_has_at_least_two_turns_on_average(order: str, runs: list[str]) -> None:
    assert found(talk(order)) == runs


def test_a_long_turn_or_pause_ends_an_exchange() -> None:
    assert found(talk("abcabc", each_s=EXCHANGE_S)) == []
    assert found(talk("abcabc", pause_s=EXCHANGE_S)) == []


def test_murmurs_do_not_make_somebody_a_partner() -> None:
    lengths = cycle([2.0, 2.0, 0.2])
    voices = [Voice(voice.start_s, voice.start_s + next(lengths), voice.subject) for voice in talk("abcabc", 2.0)]
    assert found(voices) == []
