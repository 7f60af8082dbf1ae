from dataclasses import replace
from itertools import pairwise

import pytest

from clipper_assets.captions.lines import CaptionWord, spaced
from clipper_assets.captions.long_words import READABLE_PX, break_long_words
from clipper_assets.captions.styles import load_style, style_names
from clipper_assets_tests.captions.drawing import captions_of

ADDRESS = "https://www.example.org/shows/quiet-kitchen/episodes/2026/bread"
TREATY = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
KANNADA = "ಕಾರ್ಯಕ್ರಮಗಳಲ್ಲಿರುವವರಿಗೆಲ್ಲರಿಗೂಸಂಬಂಧಿಸಿದಂತಹವುಗಳೆಲ್ಲವನ್ನೂ"
TEXTS = [
    ADDRESS,
    TREATY,
    KANNADA,
    "a" * 300,
    "someone.with.a.very.long.name@department.university.example.org",
    "漢" * 60,
]


def word(text: str) -> CaptionWord:
    return CaptionWord(text, 1.0, 3.0, 0, "A")


def by_characters(text: str, language: str) -> float:
    return float(len(text))


def texts(words: list[CaptionWord]) -> list[str]:
    return [each.text for each in words]


def test_words_that_fit_stay_whole() -> None:
    words = [word("bread"), word("a" * 16)]
    assert break_long_words(words, by_characters, 10, 100) == words


def test_an_address_is_broken_after_its_separators() -> None:
    pieces = break_long_words([word("see"), word(ADDRESS)], by_characters, 26, 36)
    assert texts(pieces) == ["see", "https://www.example.org/", "shows/quiet-kitchen/", "episodes/2026/bread"]
    assert [piece.continues for piece in pieces] == [False, False, True, True]
    assert not spaced(pieces[1], pieces[2])
    assert spaced(pieces[0], pieces[1])


def test_a_word_of_letters_gets_hyphens_and_equal_pieces() -> None:
    first, *_, last = break_long_words([word("x" * 25)], by_characters, 10, 36)
    assert first.text.endswith("-")
    assert 6 <= len(last.text) <= 10


def test_the_pieces_share_the_time_of_their_word() -> None:
    pieces = break_long_words([word(ADDRESS)], by_characters, 26, 36)
    assert (pieces[0].start_s, pieces[-1].end_s) == (1.0, 3.0)
    assert all(before.end_s == after.start_s for before, after in pairwise(pieces))


def test_no_piece_begins_with_a_mark() -> None:
    pieces = break_long_words([word("e\u0301" * 40)], by_characters, 10, 36)
    assert not any(piece.text.startswith("\u0301") for piece in pieces)


@pytest.mark.parametrize("style", style_names())
@pytest.mark.parametrize("text", TEXTS)
def test_letters_of_long_words_stay_readable_inside_the_safe_area(style: str, text: str) -> None:
    captions = captions_of([replace(word("see"), end_s=1.2), word(text)], load_style(style), 4.0, hook=text)
    assert captions.smallest_em_px is not None
    assert captions.smallest_em_px >= READABLE_PX
    safe = captions.frame.safe
    assert all(safe.left - 1 <= each.box.left and each.box.right <= safe.right + 1 for each in captions.boxes)
    shown = "".join(each.text for page in captions.pages for each in page.words)
    assert shown.replace("-", "") == f"see{text}".replace("-", "")
