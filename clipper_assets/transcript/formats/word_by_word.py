"""Merges cues that show one line several times to mark its words in turn, and drops cues that a file has twice.

WhisperX (`--highlight_words`), caption editors and karaoke exporters write one cue per word: with the word underlined,
bold, coloured or in capitals, or with the line growing or sliding by a word. Without merging, each word would be said
many times.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from clipper_assets.transcript.timing import Span, spread

MARK_START, MARK_END = "\ue000", "\ue001"
"""Private-use characters that stand for the tags around a marked word."""
_MARKED = re.compile(
    r"<(u|b|i|font|c|mark|span|em|strong)\b[^<>]*>([^<>]*)</\1>"
    r"|\{\\(?:u1|b1|i1|1?c&?H?[0-9A-Fa-f]+&?)\}([^{}]*)\{\\(?:u0|b0|i0|r|1?c[^{}]*)\}"
)
SIGNS = "*_~`"
"""Signs around a marked word in plain text, as in Markdown."""
SHARE = 0.6
"""A file counts as word by word if at least this share of its cues continue the cue before."""
MAX_NEW_WORDS = 3
"""Most words by which a line grows or slides at once."""
MAX_GAP_S = 2.0
"""Longest pause inside a line that is shown again."""
MAX_LINE_WORDS, MAX_TRACKS = 50, 8
"""Most words of a sliding line, and most cues at once that are compared for doubles; larger files take linear time."""


@dataclass(frozen=True)
class ShownCue:
    """A cue as words between spaces: its span, its lines with the voice of each, and the range of words that is marked.

    `spans` has a span for each word, if the file has them.
    """

    span: Span
    lines: Sequence[Sequence[str]]
    voices: Sequence[str | None]
    marked: tuple[int, int] | None = None
    spans: Sequence[Span | None] = ()

    @property
    def words(self) -> list[str]:
        return [word for line in self.lines for word in line]


Continues = Callable[[ShownCue, ShownCue], bool]


def with_marks(line: str) -> str:
    """A line of a file with the tags of marked words replaced by `MARK_START` and `MARK_END`."""
    return _MARKED.sub(lambda match: f"{MARK_START}{match[2] or match[3] or ''}{MARK_END}", line)


def shown_cue(span: Span, lines: Sequence[tuple[str, str | None]]) -> ShownCue:
    """The cue of lines, each with its voice, that `with_marks` returned and whose other markup is removed."""
    words: list[list[str]] = []
    marked, number, is_inside = [], 0, False
    for text, _ in lines:
        words.append([])
        for token in text.split():
            is_inside = is_inside or MARK_START in token
            if plain := token.replace(MARK_START, "").replace(MARK_END, ""):
                words[-1].append(plain)
                if is_inside:
                    marked.append(number)
                number += 1
            is_inside = is_inside and MARK_END not in token
    return ShownCue(span, words, [voice for _, voice in lines], (marked[0], marked[-1] + 1) if marked else None)


def merged(cues: Sequence[ShownCue]) -> list[ShownCue]:
    """The cues, in order of their starts, with each word once; a word with its own cue gets that cue's span."""
    distinct = list(_without_doubles(cues))
    if not any(cue.marked for cue in distinct) and _share(distinct, _differs_in_spelling) >= SHARE:
        distinct = [cue for group in _groups(distinct, _differs_in_spelling) for cue in _marked_by_spelling(group)]
    if _share(distinct, _marks_next) >= SHARE:
        return [_marked_words(group) for group in _groups(distinct, _marks_next)]
    if _share(distinct, _grows) >= SHARE:
        return [_grown_words(group) for group in _groups(distinct, _grows)]
    if _share(distinct, _slides) >= SHARE:
        return list(_new_words(distinct))
    return distinct


def _without_doubles(cues: Sequence[ShownCue]) -> Iterator[ShownCue]:
    """The cues without those that repeat another at the same time, as if two tracks were merged."""
    recent: list[ShownCue] = []
    for cue in cues:
        recent = [other for other in recent[-MAX_TRACKS:] if other.span[1] > cue.span[0]]
        if not any(_repeats(other, cue) for other in recent):
            recent.append(cue)
            yield cue


def _repeats(other: ShownCue, cue: ShownCue) -> bool:
    """Whether two cues have the same words by the same voices at the same time."""
    return (other.words, other.voices) == (cue.words, cue.voices) and _overlap(other.span, cue.span) > 0.5


def _overlap(one: Span, other: Span) -> float:
    """The share of the shorter span that both have in common."""
    shorter_s = min(one[1] - one[0], other[1] - other[0])
    common_s = min(one[1], other[1]) - max(one[0], other[0])
    return common_s / shorter_s if shorter_s > 0 else float(one == other)


def _share(cues: Sequence[ShownCue], continues: Continues) -> float:
    """The share of cues that continue the cue before; 0 for too few cues to tell."""
    pairs = list(pairwise(cues))
    return sum(continues(before, cue) for before, cue in pairs) / len(pairs) if len(pairs) > 1 else 0.0


def _groups(cues: Sequence[ShownCue], continues: Continues) -> list[list[ShownCue]]:
    """Cues that show the same line."""
    groups: list[list[ShownCue]] = []
    for cue in cues:
        if groups and continues(groups[-1][-1], cue):
            groups[-1].append(cue)
        else:
            groups.append([cue])
    return groups


def _touches(before: ShownCue, cue: ShownCue) -> bool:
    return cue.span[0] - before.span[1] <= MAX_GAP_S


def _marks_next(before: ShownCue, cue: ShownCue) -> bool:
    """Whether a cue shows the same words, with a mark further along or, in a pause, with none."""
    if cue.words != before.words or not _touches(before, cue) or not (cue.marked or before.marked):
        return False
    return cue.marked is None or before.marked is None or cue.marked[0] > before.marked[0]


def _differs_in_spelling(before: ShownCue, cue: ShownCue) -> bool:
    """Whether a cue has the words of the one before and spells some otherwise: "so WE begin" or "so *we* begin"."""
    return (
        cue.words != before.words
        and _touches(before, cue)
        and [_plain(word) for word in cue.words] == [_plain(word) for word in before.words]
    )


def _plain(word: str) -> str:
    return word.strip(SIGNS).casefold()


def _marked_by_spelling(group: Sequence[ShownCue]) -> Iterator[ShownCue]:
    """The cues of one line in its usual spelling, each with the words marked that it spells otherwise."""
    usual = [
        max(set(spellings), key=lambda word: (spellings.count(word), word.strip(SIGNS) == word, not word.isupper()))
        for spellings in zip(*(cue.words for cue in group), strict=True)
    ]
    usual = [word.strip(SIGNS) if word[0] in SIGNS and word[-1] in SIGNS else word for word in usual]
    for cue in group:
        marked = [number for number, word in enumerate(cue.words) if word != usual[number]]
        words = iter(usual)
        lines = [list(islice(words, len(line))) for line in cue.lines]
        yield replace(cue, lines=lines, marked=(marked[0], marked[-1] + 1) if marked else None)


def _grows(before: ShownCue, cue: ShownCue) -> bool:
    """Whether a cue shows the words of the one before, and one to three more."""
    shown = len(before.words)
    new = len(cue.words) - shown
    return 0 < new <= MAX_NEW_WORDS and cue.words[:shown] == before.words and _touches(before, cue)


def _slides(before: ShownCue, cue: ShownCue) -> bool:
    """Whether a cue begins with the last words of the one before, and adds one to three."""
    return 0 < len(cue.words) - _repeated(before, cue) <= MAX_NEW_WORDS and _repeated(before, cue) > 0


def _repeated(before: ShownCue, cue: ShownCue) -> int:
    """How many words at the beginning of a cue are the last ones of the cue before."""
    longest = min(len(before.words), len(cue.words), MAX_LINE_WORDS) if _touches(before, cue) else 0
    return next((count for count in range(longest, 0, -1) if before.words[-count:] == cue.words[:count]), 0)


def _marked_words(group: Sequence[ShownCue]) -> ShownCue:
    spans: list[Span | None] = [None] * len(group[0].words)
    for cue in group:
        if cue.marked:
            first, end = cue.marked
            spans[first:end] = spread(cue.words[first:end], cue.span)
    return replace(group[0], span=(group[0].span[0], group[-1].span[1]), spans=spans)


def _grown_words(group: Sequence[ShownCue]) -> ShownCue:
    spans = spread(group[0].words, group[0].span)
    for before, cue in pairwise(group):
        spans += spread(cue.words[len(before.words) :], cue.span)
    return replace(group[-1], span=(group[0].span[0], group[-1].span[1]), spans=spans)


def _new_words(cues: Sequence[ShownCue]) -> Iterator[ShownCue]:
    yield replace(cues[0], spans=spread(cues[0].words, cues[0].span))
    for before, cue in pairwise(cues):
        if words := cue.words[_repeated(before, cue) :]:
            yield ShownCue(cue.span, [words], cue.voices[-1:], spans=spread(words, cue.span))
