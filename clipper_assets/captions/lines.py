"""Splits the words of a clip into pages: the one or two lines that are on screen at the same time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations, pairwise

from clipper_assets.captions.line_breaks import BOUND, SENTENCE, break_cost
from clipper_assets.captions.partition import cheapest_partition
from clipper_assets.text.scripts import joined

PAUSE_S = 0.6
"""A longer silence ends a page, so that viewers do not read ahead of the voice."""
HOLD_S = 0.5
"""A page stays on screen this long after its last word, unless the next page starts earlier."""
FLICKER_S = 0.3
"""A shorter gap between two pages is closed: the first one stays until the second starts."""
SHORT_CHARACTERS = 6
"""A word with at most this many characters should not be alone on one of two lines."""

# Costs of a page. An orphan (a page of one word) outweighs all else, so it occurs only if it cannot be avoided.
ORPHAN, LONE_WORD = 1000.0, 20.0
PAGE, PAGE_BREAK, LINE_BREAK, UNEVEN_LINES, UNFILLED, SENTENCE_INSIDE = 2.0, 8.0, 3.0, 2.0, 1.0, 5.0


@dataclass(frozen=True)
class CaptionWord:
    """A word to be shown; seconds count from the start of the clip. `sentence` is the episode's sentence number.

    `language` is an ISO 639-1 code or empty; `is_key` marks a word that a style may emphasize. A piece of a broken word
    that `continues` it stands without a space before it.
    """

    text: str
    start_s: float
    end_s: float
    sentence: int
    speaker: str | None
    language: str = ""
    is_key: bool = False
    continues: bool = False


@dataclass(frozen=True)
class Page:
    """One or two lines, shown from `start_s` to `end_s` (seconds from the start of the clip)."""

    lines: tuple[tuple[CaptionWord, ...], ...]
    start_s: float
    end_s: float

    @property
    def words(self) -> list[CaptionWord]:
        return [word for line in self.lines for word in line]


Measure = Callable[[str], float]
"""Measures the width of a word or a space, in the unit of the width limit (pixels or characters)."""
Lines = tuple[tuple[CaptionWord, ...], ...]


class Ruler:
    """Measures stretches of a list of words and breaks them into lines."""

    def __init__(self, words: Sequence[CaptionWord], measure: Measure) -> None:
        self.words = words
        space = measure(" ")
        self._gaps = [0.0, *(space if spaced(*pair) else 0.0 for pair in pairwise(words))]
        widths = [measure(word.text) for word in words]
        self._ends = [0.0, *accumulate(gap + width for gap, width in zip(self._gaps, widths, strict=False))]

    def width(self, first: int, last: int) -> float:
        """Width of the words from `first` up to but not including `last`, on one line."""
        return self._ends[last] - self._ends[first] - self._gaps[first]

    def lines(self, first: int, last: int, max_width: float, max_lines: int) -> tuple[float, Lines] | None:
        """Cost and lines of the best way to write those words on as few lines as possible; None if they do not fit.

        A single word that is wider than a line gets a line of its own.
        """
        for number in range(1, min(max_lines, last - first) + 1):
            options = [
                (self._cost(edges), edges)
                for inner in combinations(range(first + 1, last), number - 1)
                if self._fit(edges := (first, *inner, last), max_width)
            ]
            if options:
                cost, edges = min(options)
                return cost, tuple(tuple(self.words[start:end]) for start, end in pairwise(edges))
        return None

    def break_cost(self, before: int) -> float:
        """The cost of a line break before word number `before`."""
        last, word = self.words[before - 1], self.words[before]
        if word.continues:
            return BOUND
        return SENTENCE if word.sentence != last.sentence else break_cost(last.text, word.text, word.language)

    def _fit(self, edges: tuple[int, ...], max_width: float) -> bool:
        return all(end - start == 1 or self.width(start, end) <= max_width for start, end in pairwise(edges))

    def _cost(self, edges: tuple[int, ...]) -> float:
        if len(edges) == 2:
            return 0.0
        widths = [self.width(start, end) for start, end in pairwise(edges)]
        lone = sum(
            end - start == 1 and len(self.words[start].text) <= SHORT_CHARACTERS for start, end in pairwise(edges)
        )
        breaks = sum(self.break_cost(edge) for edge in edges[1:-1])
        return LONE_WORD * lone + LINE_BREAK * breaks + UNEVEN_LINES * (1 - min(widths) / max(widths))


def paginate(
    words: Sequence[CaptionWord], *, measure: Measure, max_width: float, max_words: int, max_lines: int, clip_s: float
) -> list[Page]:
    """Split words into pages of at most `max_words` words and `max_lines` lines of width `max_width`, in time order.

    A page ends at a pause and at a change of speaker, and preferably at the end of a sentence or phrase. A page of a
    single word is avoided if possible. A word wider than a line gets a line of its own. Pages never overlap and end at
    the latest with the clip, at `clip_s` seconds.
    """
    page_lines = [
        lines
        for group in _groups(words)
        for lines in _break_into_pages(Ruler(group, measure), max_width, max_words, max_lines)
    ]
    next_starts = [*(lines[0][0].start_s for lines in page_lines), clip_s][1:]
    return [
        Page(lines, lines[0][0].start_s, min(_end_s(lines[-1][-1].end_s, next_start), next_start, clip_s))
        for lines, next_start in zip(page_lines, next_starts, strict=True)
    ]


def text_of(words: Sequence[CaptionWord]) -> str:
    """The text of some words, with spaces only where the script has them (not in Chinese, Japanese or Thai)."""
    return joined([word.text for word in words])


def spaced(word: CaptionWord, following: CaptionWord) -> bool:
    """Whether two neighbouring words are separated by a space."""
    return not following.continues and len(text_of((word, following))) > len(word.text) + len(following.text)


def _end_s(last_word_end_s: float, next_start_s: float) -> float:
    end_s = last_word_end_s + HOLD_S
    return next_start_s if next_start_s - end_s < FLICKER_S else end_s


def _groups(words: Sequence[CaptionWord]) -> Iterator[list[CaptionWord]]:
    """Split words at pauses and changes of speaker; no page crosses these boundaries."""
    group: list[CaptionWord] = []
    for word in words:
        if group and (word.speaker != group[-1].speaker or word.start_s - group[-1].end_s > PAUSE_S):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _break_into_pages(ruler: Ruler, max_width: float, max_words: int, max_lines: int) -> list[Lines]:
    """Break a group into pages with the least total cost."""

    def page(first: int, last: int) -> tuple[float, Lines] | None:
        fitted = ruler.lines(first, last, max_width, max_lines) if last - first <= max_words else None
        return fitted and (fitted[0] + _page_cost(ruler, first, last, max_words), fitted[1])

    return cheapest_partition(len(ruler.words), page)


def _page_cost(ruler: Ruler, first: int, last: int, max_words: int) -> float:
    count = last - first
    end = ruler.break_cost(last) if last < len(ruler.words) else SENTENCE
    inside = sum(ruler.break_cost(edge) == SENTENCE for edge in range(first + 1, last))
    orphan = ORPHAN if count == 1 < min(max_words, len(ruler.words)) else 0.0
    return PAGE + PAGE_BREAK * end + SENTENCE_INSIDE * inside + UNFILLED * (1 - count / max_words) ** 2 + orphan
