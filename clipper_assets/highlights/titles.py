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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from clipper_assets.highlights import title_cues as cues
from clipper_assets.highlights.clauses import Piece, pieces, trimmed, word_count
from clipper_assets.highlights.pickers.word_lists import HOOK, HOUSEKEEPING
from clipper_assets.highlights.rules import MAX_TITLE
from clipper_assets.text.scripts import UNSPACED, split_unspaced
from clipper_assets.text.tokens import tokens
from clipper_assets.transcript.punctuation import is_terminated

TITLE_WORDS, TITLE_CHARACTERS = 8, 80
"""Most words of a title (phrases in languages without spaces), and most characters."""
FEWEST_WORDS = 3
"""Fewest words of a title where a longer line was said; a language without spaces needs one phrase less."""
_BROKEN_OFF = re.compile(r"\s[-\u2013]+\s|\u2014|\u2026|\.{3}|,\s+so\b")
"""A dash, an ellipsis or a new start inside a line, with which speakers break off what they began."""
_FINAL_HASHTAGS = re.compile(r"(?:(?:^|\s+)#[\w-]+){2,}\s*$|(?<=[.!?])\s+#[\w-]+\s*$")
_HASH = re.compile(r"(?<!\b[A-Z])#(?!\d+\b)")
"""The sign of a hashtag, but not that of `C#` and `#1`."""
QUESTION, EXCLAMATION = ("?", "\uff1f", "\u061f"), ("!", "\uff01")


@dataclass(frozen=True)
class Lines:
    """The sentences that a title is chosen from, and how rare each word is in the episode.

    `rarity` is `inverse_frequency` of the episode's sentences. `content` is how much it counts that a line has the rare
    words that are frequent here: more for the title of a chapter, which says what it is about, than for that of a clip,
    which makes curious.
    """

    texts: Sequence[str]
    language: str
    rarity: Mapping[str, float]
    content: float = 2.0

    @property
    def is_english(self) -> bool:
        return self.language.startswith("en")


def spoken_title(lines: Lines) -> str:
    """The strongest line of at most `TITLE_WORDS` words; empty without any words.

    Where no clause is that short, it is the beginning of a sentence, followed by an ellipsis.
    """
    weights = _weights(lines)

    def strongest(pieces_of: Callable[[str, Lines], Sequence[Piece]], texts: Sequence[str]) -> str:
        rated = [
            (_strength(piece, lines, weights) - position / len(texts), -position, piece.text)
            for position, text in enumerate(texts)
            for piece in pieces_of(text, lines)
        ]
        return max(rated, default=(0.0, 0, ""))[2]

    inviting = [text for text in lines.texts if not (lines.is_english and HOUSEKEEPING.search(text))]
    return _capitalized(strongest(_candidates, inviting) or strongest(_beginnings, inviting or lines.texts))


def cleaned_title(title: str, language: str) -> str:
    """A title that a model wrote, without hashtags and quotation marks around it, in at most `TITLE_WORDS` words.

    Empty if it has no clause that is short enough.
    """
    bare = trimmed(_HASH.sub("", _FINAL_HASHTAGS.sub("", title)))
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
    """The pieces of a sentence that may be a title, without the words that only lead over to it.

    The last clause of a sentence that goes on is none, unless the transcript has no punctuation.
    """
    fewest = FEWEST_WORDS - (lines.language in UNSPACED)
    goes_on = not is_terminated(text) and any(map(is_terminated, lines.texts))
    found: list[Piece] = []
    for piece in pieces(text, lines.language, TITLE_WORDS + (cues.MOST_LEADING if lines.is_english else 0)):
        if piece.is_end and goes_on:
            continue
        stripped = cues.without_leading(piece.text) if lines.is_english else piece.text
        words = word_count(stripped, lines.language)
        if fewest <= words <= TITLE_WORDS and len(stripped) <= TITLE_CHARACTERS:
            found.append(replace(piece, text=stripped))
    return found


def _strength(piece: Piece, lines: Lines, weights: Mapping[str, float]) -> float:
    """How strong a line is; the position of its sentence is not part of it."""
    said = tokens(piece.text, lines.language)
    content = sorted((weights[token] for token in set(said) if token in weights), reverse=True)
    strength = lines.content * sum(content[:3]) / 3
    strength += 1.0 * piece.text.endswith(QUESTION) + 0.5 * piece.text.endswith(EXCLAMATION)
    is_whole = piece.is_start and piece.is_end
    strength += 0.5 if is_whole else 0.25 * piece.is_end - 0.5 * (piece.clauses - 1)
    strength -= 1.0 * (len(set(said)) < len(said) - 1 or any(before == after for before, after in pairwise(said)))
    strength -= 1.0 * bool(_BROKEN_OFF.search(piece.text))
    if lines.is_english:
        strength += 1.0 * bool(HOOK.search(piece.text)) + 0.5 * bool(cues.CLAIM.search(piece.text))
        strength += cues.grammar(piece.text, is_start=piece.is_start, is_whole=is_whole, content_words=len(content))
    return strength


def _beginnings(text: str, lines: Lines) -> list[Piece]:
    """The first `TITLE_WORDS` words of a sentence, with an ellipsis if it goes on; nothing of one without words."""
    is_unspaced = lines.language in UNSPACED
    words = split_unspaced(text, lines.language) if is_unspaced else text.split()
    beginning = trimmed(("" if is_unspaced else " ").join(words[:TITLE_WORDS])[:TITLE_CHARACTERS])
    goes_on = len(words) > TITLE_WORDS or len(beginning) == TITLE_CHARACTERS
    return [Piece(f"{beginning}\u2026" if goes_on else beginning, 1, True, not goes_on)] if beginning else []


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
