from clipper_assets.transcript.preview import SHOWN, preview
from clipper_assets.transcript.words import Sentence


def sentence(number: int, start: float, text: str = "Hello.", speaker: str | None = None) -> Sentence:
    return Sentence(number, text, start, start + 1, number, number, speaker)


def test_the_preview_is_a_markdown_table_of_sentences() -> None:
    table = preview([sentence(0, 59.99, "a | b", "Ann"), sentence(1, 3725.2)])
    assert table.splitlines()[2:] == ["| 0:59 | Ann | a \\| b |", "| 62:05 |  | Hello. |"]


def test_only_the_first_sentences_are_shown() -> None:
    lines = preview([sentence(number, number) for number in range(SHOWN + 3)]).splitlines()
    assert len(lines) == 2 + SHOWN + 2
    assert lines[-1] == "3 more sentences"
