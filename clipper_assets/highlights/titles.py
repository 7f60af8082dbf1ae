"""Titles and hashtags without a model: the strongest line that was said in a window, as it is written.

A line is a short sentence, or whole clauses of a longer one (`clauses.py`). The strongest one asks or claims something,
has words that are rare in the episode and frequent in the window, stands alone, and comes early. What makes a claim and
what leans on other sentences is known for English only; punctuation, frequency and position count in any language.

Sources
- Weighing lines by cue words, frequent words and position: Edmundson, New methods in automatic extracting, Journal of
  the ACM 16(2), 1969.
- Headlines that ask are clicked more often: Lai & Farbrot, What makes you click?, Social Influence 9(4), 2014.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from clipper_assets.highlights import title_cues as cues
from clipper_assets.highlights.clauses import Piece, pieces, trimmed, word_count
from clipper_assets.highlights.pickers.word_lists import HOOK, HOUSEKEEPING
from clipper_assets.highlights.rules import MAX_TITLE
from clipper_assets.text.scripts import UNSPACED, split_unspaced
from clipper_assets.text.tokens import tokens

TITLE_WORDS, TITLE_CHARACTERS = 8, 80
"""Most words of a title (phrases in languages without spaces), and most characters."""
FEWEST_WORDS = 3
"""Fewest words of a title where a longer line was said; a language without spaces needs one phrase less."""
_BROKEN_OFF = re.compile(r"\s[-\u2013]+\s|\u2014|\u2026|\.{3}|,\s+so\b")
"""A dash, an ellipsis or a new start inside a line, with which speakers break off what they began."""
_FINAL_HASHTAGS = re.compile(r"(?:(?:^|\s+)#[\w-]+){2,}\s*$|(?<=[.!?])\s+#[\w-]+\s*$")
QUESTION, EXCLAMATION = ("?", "\uff1f", "\u061f"), ("!", "\uff01")


@dataclass(frozen=True)
class Lines:
    """The sentences that a title is chosen from, and how rare each word is in the episode.

    `rarity` is `inverse_frequency` of the episode's sentences.
    """

    texts: Sequence[str]
    language: str
    rarity: Mapping[str, float]

    @property
    def is_english(self) -> bool:
        return self.language.startswith("en")


def spoken_title(lines: Lines) -> str:
    """The strongest line of at most `TITLE_WORDS` words; empty without any words.

    Where no clause is that short, the first words of the first sentence, followed by an ellipsis.
    """
    weights = _weights(lines)
    rated = [
        (_strength(piece, lines, weights) - position / max(len(lines.texts), 1), -position, piece.text)
        for position, text in enumerate(lines.texts)
        if not (lines.is_english and HOUSEKEEPING.search(text))
        for piece in _candidates(text, lines)
    ]
    if rated:
        return _capitalized(max(rated)[2])
    beginnings = (_beginning(text, lines.language) for text in lines.texts)
    return _capitalized(next((beginning for beginning in beginnings if beginning), ""))


def cleaned_title(title: str, language: str) -> str:
    """A title that somebody else wrote, without hashtags and quotation marks around it, and in `TITLE_WORDS` words.

    Empty where it has no clause that is short enough.
    """
    bare = trimmed(_FINAL_HASHTAGS.sub("", title).replace("#", ""))
    short = (piece.text for piece in pieces(bare, language, TITLE_WORDS) if piece.is_start)
    fitting = bare if word_count(bare, language) <= TITLE_WORDS else max(short, key=len, default="")
    return fitting if len(fitting) <= MAX_TITLE else ""


def _weights(lines: Lines) -> dict[str, float]:
    """How much each word says about these lines (tf x idf), relative to the word that says most: 0..1."""
    counts = Counter(token for text in lines.texts for token in tokens(text, lines.language))
    if lines.is_english:
        counts = Counter({token: count for token, count in counts.items() if token not in cues.FUNCTION_WORDS})
    raw = {token: min(count, 3) * lines.rarity.get(token, 0.0) for token, count in counts.items()}
    most = max(raw.values(), default=0.0) or 1.0
    return {token: value / most for token, value in raw.items()}


def _candidates(text: str, lines: Lines) -> list[Piece]:
    """The pieces of a sentence that may be a title, without the words that only lead over to it."""
    fewest = FEWEST_WORDS - (lines.language in UNSPACED)
    found: list[Piece] = []
    for piece in pieces(text, lines.language, TITLE_WORDS + (cues.MOST_LEADING if lines.is_english else 0)):
        stripped = cues.without_leading(piece.text) if lines.is_english else piece.text
        words = word_count(stripped, lines.language)
        if fewest <= words <= TITLE_WORDS and len(stripped) <= TITLE_CHARACTERS:
            found.append(replace(piece, text=stripped))
    return found


def _strength(piece: Piece, lines: Lines, weights: Mapping[str, float]) -> float:
    """How strong a line is; the position of its sentence is not part of it."""
    said = tokens(piece.text, lines.language)
    content = sorted((weights[token] for token in set(said) if token in weights), reverse=True)
    strength = 2.0 * sum(content[:3]) / 3
    strength += 1.0 * piece.text.endswith(QUESTION) + 0.5 * piece.text.endswith(EXCLAMATION)
    is_whole = piece.is_start and piece.is_end
    strength += 0.5 if is_whole else 0.25 * piece.is_end - 0.5 * (piece.clauses - 1)
    strength -= 1.0 * (len(set(said)) < len(said) - 1 or any(before == after for before, after in pairwise(said)))
    strength -= 1.0 * bool(_BROKEN_OFF.search(piece.text))
    if lines.is_english:
        strength += 1.0 * bool(HOOK.search(piece.text)) + 0.5 * bool(cues.CLAIM.search(piece.text))
        strength += cues.grammar(piece.text, is_whole=is_whole, content_words=len(content))
    return strength


def _beginning(text: str, language: str) -> str:
    """The first `TITLE_WORDS` words of a sentence, with an ellipsis if it goes on."""
    words = split_unspaced(text, language) if language in UNSPACED else text.split()
    beginning = ("" if language in UNSPACED else " ").join(words[:TITLE_WORDS])[:TITLE_CHARACTERS]
    return trimmed(text) if len(words) <= TITLE_WORDS else f"{trimmed(beginning)}\u2026"


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
