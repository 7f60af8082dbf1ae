"""A transcript as one sequence of spoken tokens with the times that the file gives them."""

from collections.abc import Sequence
from typing import NamedTuple

from clipper_assets.text.scripts import UNSPACED
from clipper_assets.transcript.pronunciation import spoken
from clipper_assets.transcript.timing import fill
from clipper_assets.transcript.transcript_files import Cue


class Token(NamedTuple):
    """A spoken word (two letters in languages without spaces): its time by the file in seconds, its cue, its word."""

    text: str
    time_s: float
    cue: int
    word: int


def tokens_of(cues: Sequence[Cue], language: str) -> list[Token]:
    """The tokens of all cues in order. Words without a time of their own share their cue's span by length."""
    tokens = []
    for number, cue in enumerate(cues):
        spans = fill(cue.texts, [word.span for word in cue.words], cue.span)
        for word, (text, (start, end)) in enumerate(zip(cue.texts, spans, strict=True)):
            parts = spoken_tokens(text, language)
            step = (end - start) / max(len(parts), 1)
            tokens += [Token(part, start + step * place, number, word) for place, part in enumerate(parts)]
    texts = comparable([token.text for token in tokens], language)
    return [token._replace(text=text) for token, text in zip(tokens, texts, strict=True)]


def spoken_tokens(text: str, language: str) -> list[str]:
    """The spoken words of a written one, in lower case; in languages without spaces, their letters."""
    words = spoken(text, language)
    return [letter for word in words for letter in word] if language in UNSPACED else words


def comparable(parts: Sequence[str], language: str) -> list[str]:
    """The parts themselves; in languages without spaces each letter with the next, as few letters are too alike."""
    if language not in UNSPACED:
        return list(parts)
    return [first + second for first, second in zip(parts, [*parts[1:], ""], strict=True)]
