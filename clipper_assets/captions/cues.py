"""Splits words into subtitle cues and times them, within the limits of Netflix's style guide.

If not all limits can be met, the reading speed is exceeded first (no word is ever left out, so speech faster than 20
characters a second stays faster). Next, a cue may start later or earlier than its first word to reach the minimum
duration. Only in a clip too short for that are cues shorter.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from clipper_assets.captions.lines import CaptionWord, Lines, Ruler, text_of
from clipper_assets.captions.partition import cheapest_partition
from clipper_assets.text.scripts import is_wide

# Netflix, Timed Text Style Guide: General Requirements (duration, lines), Subtitle Timing Guidelines (gaps; "half a
# second" is 12 frames of 24), English (USA) (42 characters, 20 a second with SDH), Korean and Chinese (16 to a line).
MAX_LINES = 2
LINE_CHARACTERS = 42
WIDE_LINE_CHARACTERS = 16
MIN_S, MAX_S = Fraction(5, 6), 7
GAP_FRAMES = 2
CHAINED_S = Fraction(1, 2)
"""Cues closer than this are chained, `GAP_FRAMES` apart. A cue also stays on screen this long after its last word."""
CHARACTERS_PER_S = 20
PAUSE_S = 1.0
DIALOGUE_MARK = "- "
"""Starts each line of a cue with two speakers."""

# Costs of a cue, in addition to its line breaks. Exceeding a limit costs more than ending at a bad place.
CUE, CUE_BREAK, PAUSE, SECOND_SPEAKER, LONE_WORD = 2.0, 6.0, 8.0, 4.0, 6.0
TOO_SHORT, TOO_LONG, TOO_FAST = 60.0, 200.0, 25.0


@dataclass(frozen=True)
class Cue:
    """One or two lines, shown from frame `start` up to but not including frame `end` of the clip."""

    lines: Lines
    start: int
    end: int

    @property
    def is_dialogue(self) -> bool:
        """Whether the cue has two speakers, one per line."""
        return len({word.speaker for line in self.lines for word in line}) > 1

    @property
    def characters(self) -> float:
        return sum(characters(text_of(line)) for line in self.lines)


def characters(text: str) -> float:
    """Length of a text in characters.

    A wide one (Chinese, Japanese, Korean) counts as 42/16, because 16 fill a line.
    """
    return sum(LINE_CHARACTERS / WIDE_LINE_CHARACTERS if is_wide(char) else 1 for char in text)


def cues(words: Sequence[CaptionWord], clip_s: float, fps: Fraction) -> list[Cue]:
    """The cues of a clip of `clip_s` seconds.

    A cue has at most two lines of 42 characters (or 16 wide ones) and lasts 5/6 to 7 seconds. Two cues are two frames
    or at least half a second apart. The reading speed is at most 20 characters a second, unless the speech is faster.
    """
    split = _split(words, clip_s, fps)
    total = math.floor(clip_s * fps)
    shortest, longest = math.ceil(MIN_S * fps), math.floor(MAX_S * fps)
    if split:
        shortest = max(min(shortest, (total + GAP_FRAMES) // len(split) - GAP_FRAMES), 1)
    starts = _starts([_frame(lines[0][0].start_s, fps) for lines in split], shortest, total)
    timed = []
    for lines, start, following in zip(split, starts, [*starts, total + GAP_FRAMES][1:], strict=True):
        spoken = _frame(lines[-1][-1].end_s + float(CHAINED_S), fps)
        read = math.ceil(Cue(lines, 0, 0).characters / CHARACTERS_PER_S * fps)
        end = min(max(spoken, start + read, start + shortest), start + longest, following - GAP_FRAMES)
        timed.append(Cue(lines, start, _chained(start, end, following, longest, fps) if following <= total else end))
    return timed


def _starts(spoken: Sequence[int], shortest: int, total: int) -> list[int]:
    """The first frames of the cues: those of their first words, moved if there is too little time in between."""
    starts: list[int] = []
    for start in spoken:
        starts.append(max(start, starts[-1] + shortest + GAP_FRAMES) if starts else start)
    latest = total - shortest
    for number in reversed(range(len(starts))):
        starts[number] = max(min(starts[number], latest), 0)
        latest = starts[number] - GAP_FRAMES - shortest
    return starts


def _chained(start: int, end: int, following: int, longest: int, fps: Fraction) -> int:
    """The end of a cue, adjusted so that the next one follows after two frames, or half a second or more."""
    half = math.ceil(CHAINED_S * fps)
    if following - end >= half:
        return end
    return following - GAP_FRAMES if following - GAP_FRAMES - start <= longest else following - half


def _split(words: Sequence[CaptionWord], clip_s: float, fps: Fraction) -> list[Lines]:
    """Split the words into cues with the least total cost."""
    ruler = Ruler(words, characters)
    next_starts = [*(word.start_s for word in words), clip_s + GAP_FRAMES / float(fps)]

    def cue(first: int, last: int) -> tuple[float, Lines] | None:
        room_s = next_starts[last] - GAP_FRAMES / float(fps) - words[first].start_s
        fitted = _lines(ruler, first, last)
        return fitted and (fitted[0] + _cost(ruler, first, last, room_s), fitted[1])

    return cheapest_partition(len(words), cue)


def _lines(ruler: Ruler, first: int, last: int) -> tuple[float, Lines] | None:
    """Cost and lines of a cue: the lines of one speaker, or one line for each of two; None if the words do not fit."""
    words = ruler.words[first:last]
    changes = [number for number, (one, two) in enumerate(pairwise(words), start=1) if one.speaker != two.speaker]
    if not changes:
        return ruler.lines(first, last, LINE_CHARACTERS, MAX_LINES)
    edges = (first, first + changes[0], last)
    widest = max(ruler.width(*edge) for edge in pairwise(edges)) + characters(DIALOGUE_MARK)
    if len(changes) > 1 or widest > LINE_CHARACTERS:
        return None
    return SECOND_SPEAKER, (tuple(words[: changes[0]]), tuple(words[changes[0] :]))


def _cost(ruler: Ruler, first: int, last: int, room_s: float) -> float:
    words = ruler.words
    end = CUE_BREAK * ruler.break_cost(last) if last < len(words) else 0.0
    pauses = sum(two.start_s - one.end_s > PAUSE_S for one, two in pairwise(words[first:last]))
    is_lone = last - first == 1 and (first > 0 or last < len(words))
    spoken_s = words[last - 1].end_s - words[first].start_s
    read_s = ruler.width(first, last) / CHARACTERS_PER_S
    too_short = max(1 - room_s / float(MIN_S), 0.0)
    too_long = float(last - first > 1 and spoken_s > MAX_S)
    too_fast = min(max(read_s / max(min(room_s, MAX_S), 1e-3) - 1, 0.0), 5.0)
    shape = CUE + end + PAUSE * pauses + LONE_WORD * is_lone
    return shape + TOO_SHORT * too_short + TOO_LONG * too_long + TOO_FAST * too_fast


def _frame(seconds: float, fps: Fraction) -> int:
    return round(seconds * fps)
