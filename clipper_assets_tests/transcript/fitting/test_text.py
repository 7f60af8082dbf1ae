import pytest

from clipper_assets.transcript.fitting.text import tokens_of
from clipper_assets.transcript.transcript_files import Cue, CueWord


def test_numbers_and_signs_are_spoken_and_share_the_time_of_their_word() -> None:
    cue = Cue([CueWord("Pay"), CueWord("$300,", (3.0, 4.5)), CueWord("—"), CueWord("now!")], (2.0, 6.0))
    tokens = tokens_of([cue], "en")
    assert [token.text for token in tokens] == ["pay", "three", "hundred", "dollars", "now"]
    assert [token.word for token in tokens] == [0, 1, 1, 1, 3]
    assert [token.time_s for token in tokens[1:4]] == [3.0, 3.5, 4.0]


@pytest.mark.parametrize(
    ("language", "text", "tokens"), [("ja", "今日は", ["今日", "日は", "は"]), ("es", "¡Hola!", ["hola"])]
)
def test_languages_without_spaces_are_compared_by_two_letters(language: str, text: str, tokens: list[str]) -> None:
    assert [token.text for token in tokens_of([Cue([CueWord(text)], (0.0, 1.0))], language)] == tokens
