import pytest

from clipper_assets.transcript.boundaries import LONG_PAUSE_S, cut_boundaries, quiet_around
from clipper_assets.transcript.words import Sentence

Spoken = tuple[str | None, str, float, float]


def sentences_of(*spoken: Spoken) -> list[Sentence]:
    return [
        Sentence(number, text, start, end, number, number, speaker)
        for number, (speaker, text, start, end) in enumerate(spoken)
    ]


@pytest.mark.parametrize(
    ("spoken", "cut"),
    [
        ([(None, "It is done.", 0, 2), (None, "Now go.", 2.1, 3)], set()),
        ([(None, "It is not", 0, 2), (None, "done.", 2.7, 3)], {1}),
        ([(None, "It is not", 0, 2), (None, "done.", 2 + LONG_PAUSE_S, 5)], set()),
        ([("A", "It is not", 0, 2), ("B", "Why?", 2.1, 3)], set()),
        ([("A", "It is not", 0, 2), ("B", "Mm-hm.", 2.1, 2.5), ("A", "done.", 2.6, 3)], {1, 2}),
        ([("A", "It is.", 0, 2), ("B", "Mm-hm.", 2.1, 2.5), ("A", "Done.", 2.6, 3)], set()),
        ([("A", "It is not", 0, 2), ("B", "Well, I think so.", 2.1, 6), ("A", "done.", 6.1, 7)], set()),
        ([(None, "今日は", 0, 2), (None, "いい。", 2.2, 3), (None, "はい。", 3, 4)], {1}),
        ([(None, 'He said "no."', 0, 2), (None, "¿Y tú?", 2, 3), (None, "(Yes!)", 3, 4), (None, "And", 4, 5)], set()),
        ([], set()),
    ],
)  # fmt: skip
def test_a_boundary_inside_what_somebody_says_is_a_cut(spoken: list[Spoken], cut: set[int]) -> None:
    assert cut_boundaries(sentences_of(*spoken)) == cut


def test_the_silence_around_sentences_ends_where_others_speak() -> None:
    spoken = sentences_of((None, "One.", 1, 2), (None, "Two.", 3, 5), (None, "Three.", 6, 7))
    assert quiet_around(spoken, 1, 1, 9.0) == (2, 3, 5, 6)
    assert quiet_around(spoken, 0, 2, 9.0) == (0.0, 1, 7, 9.0)
