"""What is said in subtitles, and by whom: markup, speakers' labels and repeated lines taken out of their text."""

import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from clipper_assets.text.scripts import HAN, KANA, THAI, UNSPACED, in_scripts, split_unspaced
from clipper_assets.transcript.formats.base import Cue, CueWord
from clipper_assets.transcript.pronunciation import is_said
from clipper_assets.transcript.timing import Span

_INVISIBLE = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
"""Marks of the Unicode bidirectional algorithm (UAX 9), and a byte order mark inside a file."""
_ENDS = _INVISIBLE + "".join(char for char in map(chr, range(0x3001)) if char.isspace())

# No pattern looks past the next opening mark: otherwise each of many marks that are never closed is sought an end for.
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s([^<>]+)>|</v>")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|</?>|<[\d:.]+>|\{[^{}]*\}")  # HTML's, WebVTT's and ASS's
_ENTITY = re.compile(r"&#?\w{1,31};")  # the longest name in HTML has 31 letters
_NOT_SAID = re.compile(r"\[[^\[\]]*\](?!:)|[♪♫]")  # [Music], [Applause]
_TURN = re.compile(r"[-‐–—]+\s*(?!\d)|>{2,}\s*")  # noqa: RUF001
_NAME = r"[^\W\d_][\w.'’-]*(?: \w[\w.'’-]*){0,2}"  # noqa: RUF001
_LABEL = re.compile(
    rf"(?:{_TURN.pattern})?(?:\[(?P<bracketed>[^\]\s][^\]]*)\]:\s*|(?P<name>{_NAME}) ?:(?:\s+|$))(?:{_TURN.pattern})?"
)
"""A speaker's name before what is said: `[Name]:`, as WhisperX writes it into SRT and VTT, or `Name:`."""

ROLLED_LINES = 15
"""Of a rolling caption at once: as many as a television's caption decoder has (CTA-608)."""


@dataclass(frozen=True)
class Subtitle:
    """A cue as it stands in a file: its span in seconds and its lines, markup and all."""

    span: Span
    lines: list[str]


@dataclass(frozen=True)
class _Line:
    """A line without markup; `voice` is WebVTT's `<v Name>`."""

    text: str
    voice: str | None


def said_words(text: str, language: str | None = None) -> list[str]:
    """The words of a text; a mark that stands alone ("Bonjour !") stays with the word before it.

    A text in a language of `UNSPACED` is split by `split_unspaced`, and so is one that is mostly kana, Han or Thai.
    """
    unspaced = language if language in UNSPACED else _language_of_script(text)
    words: list[list[str]] = []
    for token in split_unspaced(text, unspaced) if unspaced else text.split():
        word = bare(token)
        if is_said(word):
            words.append([word])
        elif word and words:
            words[-1].append(word)
    return [("" if unspaced else " ").join(parts) for parts in words]


def bare(text: str) -> str:
    """The text without white space and invisible marks at its ends."""
    return text.strip(_ENDS)


def spoken_cues(subtitles: Sequence[Subtitle], language: str | None) -> list[Cue]:
    """The words of subtitles and who says them, in order of their starts.

    A speaker is named by `<v Name>`, or at the beginning of a line by `[Name]:`, which holds to the end of the cue, or
    by one of `_names` and a colon, which holds until another voice begins: another label, a dash or `>>`.
    """
    ordered = sorted(subtitles, key=lambda subtitle: subtitle.span[0])
    shown = _without_repeats([(subtitle.span, list(_lines(subtitle.lines))) for subtitle in ordered])
    names = _names([lines for _, lines in shown if lines])
    cues = []
    turn = None
    for span, lines in shown:
        words = []
        speaker = turn
        for line in lines:
            said = line.text
            label = _LABEL.match(said)
            if label and (label["bracketed"] or label["name"] in names):
                speaker = label["bracketed"] or label["name"]
                turn = label["name"] or turn
                said = said[label.end() :]
            elif dash := _TURN.match(said):
                speaker = turn = None
                said = said[dash.end() :]
            words += [CueWord(word, speaker=line.voice or speaker) for word in said_words(said, language)]
        if words:
            cues.append(Cue(words, span))
    return cues


def _lines(lines: Sequence[str]) -> Iterator[_Line]:
    """The lines of one cue without markup, those that say nothing left out."""
    before, *voiced = _VOICE.split("\n".join(lines))
    for voice, text in zip([None, *voiced[::2]], [before, *voiced[1::2]], strict=True):
        name = " ".join(_unescaped(voice).split()) if voice else None
        untagged = _TAG.sub("", text).replace(r"\N", "\n").replace(r"\h", " ")
        for line in _NOT_SAID.sub(" ", _unescaped(untagged)).split("\n"):
            if plain := " ".join(bare(line).split()):
                yield _Line(plain, name)


def _unescaped(text: str) -> str:
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)


def _without_repeats(cues: Sequence[tuple[Span, list[_Line]]]) -> list[tuple[Span, list[_Line]]]:
    """A rolling caption's lines once each, where they are first shown.

    Rolling captions show the lines of the cue before once more above the new one. A file of them is known by half of
    its cues doing so: elsewhere "No." after "No." was said twice.
    """
    repeats = [0, *(_repeated(before, cue) for before, cue in pairwise(cues))]
    adds = any(0 < repeated < len(lines) for repeated, (_, lines) in zip(repeats, cues, strict=False))
    if not adds or 2 * sum(repeated > 0 for repeated in repeats) < len(cues) - 1:
        return list(cues)
    return [(span, lines[repeated:]) for repeated, (span, lines) in zip(repeats, cues, strict=True)]


def _repeated(before: tuple[Span, list[_Line]], cue: tuple[Span, list[_Line]]) -> int:
    """How many lines at the top of a cue are the last of the cue before, which it touches or overlaps."""
    (_, until), shown = before
    (start, _), lines = cue
    most = min(len(shown), len(lines), ROLLED_LINES) if start <= until else 0
    return next((count for count in range(most, 0, -1) if shown[-count:] == lines[:count]), 0)


def _names(cues: Sequence[Sequence[_Line]]) -> set[str]:
    """The names before a colon that are speakers', "Ann: Hello" and not "Remember: drink".

    They are where a file uses them throughout: at the beginning of every cue; or of the first cue and of a tenth of
    all, at least two names, each more than once (once is enough in capitals). All are in capitals if the first is, and
    none if it is not.
    """
    first = [_name(lines[0]) for lines in cues]
    if not first or not first[0]:
        return set()
    in_capitals = first[0].isupper()
    found = [name for lines in cues for line in lines if (name := _name(line)) and name.isupper() == in_capitals]
    names = {name for name, count in Counter(found).items() if count > 1 or in_capitals}
    if len(first) > 1 and set(first) <= set(found):
        return names.union(name for name in first if name)
    is_regular = len(names) > 1 and first[0] in names and 10 * sum(name in names for name in found) >= len(cues)
    return names if is_regular else set()


def _name(line: _Line) -> str | None:
    """What may be a speaker's name before a colon: up to three words that begin with capitals or digits."""
    label = _LABEL.match(line.text)
    words = (label["name"] or "").split() if label else []
    return " ".join(words) or None if all(word[0].isupper() or word[0].isdigit() for word in words) else None


def _language_of_script(text: str) -> str | None:
    """The language without spaces that a text is in if more than half of its letters are kana, Han or Thai."""
    kana, han, thai = (sum(in_scripts(char, script) for char in text) for script in (KANA, HAN, THAI))
    half = sum(char.isalpha() for char in text) / 2
    if kana + han > half:
        return "ja" if kana else "zh"
    return "th" if thai > half else None
