"""Words of a clip, broken into pages of at most two lines: what is on screen at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from clipper_assets.transcript.scripts import joined

MAX_LINES = 2
PAUSE_S = 0.6
"""A page does not reach across a silence this long: the eye would read ahead of the voice."""
HOLD_S = 0.5
"""A page stays this long after its last word, unless the next one comes first."""


@dataclass(frozen=True)
class CaptionWord:
    """A word as it is shown; seconds from the start of the clip. `sentence` is the episode's sentence number."""

    text: str
    start_s: float
    end_s: float
    sentence: int
    speaker: str | None


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
"""Width of a text, in the unit of the limit that it is held against (pixels, or characters)."""


def paginate(
    words: Sequence[CaptionWord], *, measure: Measure, max_width: float, max_words: int, clip_s: float
) -> list[Page]:
    """Pages of at most `max_words` words and two lines of at most `max_width` each, in time order.

    A page ends with its sentence, at a pause and at a change of speaker. A single word wider than a line has one to
    itself. Pages never overlap and never pass the end of the clip at `clip_s` seconds.
    """
    groups = list(_groups(words, measure, max_width, max_words))
    next_starts = [*(group[0].start_s for group in groups), clip_s][1:]
    return [
        Page(
            lines=tuple(_balanced(group, measure, max_width)),
            start_s=group[0].start_s,
            end_s=min(group[-1].end_s + HOLD_S, next_start, clip_s),
        )
        for group, next_start in zip(groups, next_starts, strict=True)
    ]


def text_of(words: Sequence[CaptionWord]) -> str:
    """Words as they are written together: Chinese, Japanese or Thai without spaces."""
    return joined([word.text for word in words])


def _groups(
    words: Sequence[CaptionWord], measure: Measure, max_width: float, max_words: int
) -> Iterator[list[CaptionWord]]:
    group: list[CaptionWord] = []
    for word in words:
        if group and (
            len(group) >= max_words
            or word.sentence != group[-1].sentence
            or word.speaker != group[-1].speaker
            or word.start_s - group[-1].end_s > PAUSE_S
            or len(_filled([*group, word], measure, max_width)) > MAX_LINES
        ):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _filled(words: Sequence[CaptionWord], measure: Measure, max_width: float) -> list[tuple[CaptionWord, ...]]:
    lines: list[tuple[CaptionWord, ...]] = []
    for word in words:
        if lines and measure(text_of((*lines[-1], word))) <= max_width:
            lines[-1] = (*lines[-1], word)
        else:
            lines.append((word,))
    return lines


def _balanced(words: Sequence[CaptionWord], measure: Measure, max_width: float) -> list[tuple[CaptionWord, ...]]:
    """Two lines of nearest width where one would not do; a first line is never the longer one by more than it must."""
    lines = _filled(words, measure, max_width)
    if len(lines) == 1:
        return lines
    splits = [(tuple(words[:i]), tuple(words[i:])) for i in range(1, len(words))]
    fitting = [
        split for split in splits if all(measure(text_of(line)) <= max_width or len(line) == 1 for line in split)
    ]
    best = min(fitting or splits, key=lambda split: abs(measure(text_of(split[0])) - measure(text_of(split[1]))))
    return list(best)
