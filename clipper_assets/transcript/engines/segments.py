"""The words of a segment that faster-whisper decoded."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from clipper_assets.text.clean import clean_text
from clipper_assets.text.scripts import UNSPACED, split_unspaced
from clipper_assets.transcript.pronunciation import is_said
from clipper_assets.transcript.transcript_files import CueWord

if TYPE_CHECKING:
    from faster_whisper.transcribe import Segment


def segment_words(segment: "Segment", language: str) -> list[CueWord]:
    """The words of a decoded segment, with Whisper's times.

    Punctuation belongs to the word before it, and so does a piece without a leading space ("-known" after "well"). In
    languages that are written without spaces, the pieces are regrouped into the words of `split_unspaced`.
    """
    pieces = [
        (piece.word, float(piece.start), float(piece.end), float(piece.probability)) for piece in segment.words or ()
    ]
    if language in UNSPACED:
        pieces = _regrouped(pieces, language)
    words: list[CueWord] = []
    for raw, start, end, probability in pieces:
        text = clean_text(raw)
        continues_word = language not in UNSPACED and not text.startswith(" ")
        if words and (continues_word or not is_said(text)):
            first = words[-1].span or (start, end)
            words[-1] = replace(words[-1], text=words[-1].text + text.rstrip(), span=(first[0], end))
        elif is_said(text):
            words.append(CueWord(text.strip(), (start, end), confidence=probability, timing="attention"))
    return words


def _regrouped(
    pieces: Sequence[tuple[str, float, float, float]], language: str
) -> list[tuple[str, float, float, float]]:
    """Regroup pieces (text, start, end, probability) into words.

    A word has the time span and the mean probability of its letters.
    """
    letters = [piece[1:] for piece in pieces for char in piece[0] if not char.isspace()]
    words = []
    for text in split_unspaced("".join(piece[0] for piece in pieces), language):
        word_letters, letters = letters[: len(text)], letters[len(text) :]
        probability = sum(letter[2] for letter in word_letters) / len(word_letters)
        words.append((text, word_letters[0][0], word_letters[-1][1], probability))
    return words
