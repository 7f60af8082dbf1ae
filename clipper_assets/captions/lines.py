"""Words of a clip, broken into pages of at most two lines: what is on screen at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations, pairwise

from clipper_assets.captions.line_breaks import SENTENCE, break_cost
from clipper_assets.captions.partition import cheapest_partition
from clipper_assets.text.scripts import joined

PAUSE_S = 0.6
"""A page does not reach across a silence this long: the eye would read ahead of the voice."""
HOLD_S = 0.5
"""A page stays this long after its last word, unless the next one comes first."""
FLICKER_S = 0.3
"""A page that would be gone for less than this before the next one stays until that."""
SHORT_CHARACTERS = 6
"""A word of so many characters or fewer does not stand alone in one of two lines where it can be avoided."""

# What a page costs. An orphan outweighs all else, so that one is left only where no way of breaking avoids it.
ORPHAN, LONE_WORD = 1000.0, 20.0
PAGE, PAGE_BREAK, LINE_BREAK, UNEVEN_LINES, UNFILLED, SENTENCE_INSIDE = 2.0, 8.0, 3.0, 2.0, 1.0, 5.0


@dataclass(frozen=True)
class CaptionWord:
    """A word as it is shown; seconds from the start of the clip. `sentence` is the episode's sentence number.

    `language` is an ISO 639-1 code or empty; `is_key` marks a word that a style may emphasize.
    """

    text: str
    start_s: float
    end_s: float
    sentence: int
    speaker: str | None
    language: str = ""
    is_key: bool = False


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
"""Width of a word or a space, in the unit of the limit that it is held against (pixels, or characters)."""
Lines = tuple[tuple[CaptionWord, ...], ...]


class Ruler:
    """Measures any stretch of a list of words."""

    def __init__(self, words: Sequence[CaptionWord], measure: Measure) -> None:
        self.words = words
        space = measure(" ")
        self._gaps = [0.0, *(space if spaced(*pair) else 0.0 for pair in pairwise(words))]
        widths = [measure(word.text) for word in words]
        self._ends = [0.0, *accumulate(gap + width for gap, width in zip(self._gaps, widths, strict=False))]

    def width(self, first: int, last: int) -> float:
        """Width of the words from `first` up to but not including `last`, in one line."""
        return self._ends[last] - self._ends[first] - self._gaps[first]

    def lines(self, first: int, last: int, max_width: float, max_lines: int) -> tuple[float, Lines] | None:
        """The best way to write those words in as few lines as they need, and what it costs; None where they do not
        fit. A single word wider than a line has one to itself.
        """
        for number in range(1, min(max_lines, last - first) + 1):
            ways = [
                (self._cost(edges), edges)
                for inner in combinations(range(first + 1, last), number - 1)
                if self._fit(edges := (first, *inner, last), max_width)
            ]
            if ways:
                cost, edges = min(ways)
                return cost, tuple(tuple(self.words[start:end]) for start, end in pairwise(edges))
        return None

    def break_cost(self, before: int) -> float:
        """What it costs to break before word number `before`."""
        last, word = self.words[before - 1], self.words[before]
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
    """Pages of at most `max_words` words and `max_lines` lines of at most `max_width` each, in time order.

    A page ends at a pause and at a change of speaker, and best with its sentence or a phrase; one with a single word
    is avoided where it can be. A single word wider than a line has one to itself. Pages never overlap and never pass
    the end of the clip at `clip_s` seconds.
    """
    broken = [
        lines for group in _groups(words) for lines in _broken(Ruler(group, measure), max_width, max_words, max_lines)
    ]
    next_starts = [*(lines[0][0].start_s for lines in broken), clip_s][1:]
    return [
        Page(lines, lines[0][0].start_s, min(_gone_s(lines[-1][-1].end_s, next_start), next_start, clip_s))
        for lines, next_start in zip(broken, next_starts, strict=True)
    ]


def text_of(words: Sequence[CaptionWord]) -> str:
    """Words as they are written together: Chinese, Japanese or Thai without spaces."""
    return joined([word.text for word in words])


def spaced(word: CaptionWord, following: CaptionWord) -> bool:
    """Whether a space stands between two words."""
    return len(text_of((word, following))) > len(word.text) + len(following.text)


def _gone_s(last_word_end_s: float, next_start_s: float) -> float:
    gone_s = last_word_end_s + HOLD_S
    return next_start_s if next_start_s - gone_s < FLICKER_S else gone_s


def _groups(words: Sequence[CaptionWord]) -> Iterator[list[CaptionWord]]:
    """The stretches between pauses and changes of speaker, across which no page goes."""
    group: list[CaptionWord] = []
    for word in words:
        if group and (word.speaker != group[-1].speaker or word.start_s - group[-1].end_s > PAUSE_S):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _broken(ruler: Ruler, max_width: float, max_words: int, max_lines: int) -> list[Lines]:
    """The pages of a group whose costs add up to the least."""

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
