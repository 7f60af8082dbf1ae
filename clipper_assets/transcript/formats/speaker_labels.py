"""Extracts spoken words and speakers from subtitles: removes markup, speaker labels and repeated lines."""

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

# No pattern matches past the next opening mark, so that many unclosed marks do not take quadratic time.
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s([^<>]+)>|</v>")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|</?>|<[\d:.]+>|\{[^{}]*\}")  # tags of HTML, WebVTT and ASS
_ENTITY = re.compile(r"&#?\w{1,31};")  # the longest name in HTML has 31 letters
_NOT_SAID = re.compile(r"\[[^\[\]]*\](?!:)|[♪♫]")  # [Music], [Applause]
_TURN = re.compile(r"[-‐–—]+\s*(?!\d)|>{2,}\s*")  # noqa: RUF001
_NAME = r"[^\W\d_][\w.'’-]*(?: \w[\w.'’-]*){0,2}"  # noqa: RUF001
_LABEL = re.compile(
    rf"(?:{_TURN.pattern})?(?:\[(?P<bracketed>[^\]\s][^\]]*)\]:\s*|(?P<name>{_NAME}) ?:(?:\s+|$))(?:{_TURN.pattern})?"
)
"""A speaker's name before the text: `[Name]:`, as WhisperX writes it into SRT and VTT, or `Name:`."""

MAX_ROLLED_LINES = 15
"""Most lines of a rolling caption: as many as a television's caption decoder shows (CTA-608)."""


@dataclass(frozen=True)
class Subtitle:
    """A cue of a file: its span in seconds and its lines with their markup."""

    span: Span
    lines: list[str]


@dataclass(frozen=True)
class _Line:
    """A line without markup; `voice` is WebVTT's `<v Name>`."""

    text: str
    voice: str | None


def split_words(text: str, language: str | None = None) -> list[str]:
    """Split a text into words. Separate punctuation ("Bonjour !") is added to the word before it.

    Text in a language of `UNSPACED`, or mostly in kana, Han or Thai, is split by `split_unspaced`.
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
    """Strip white space and invisible marks."""
    return text.strip(_ENDS)


def spoken_cues(subtitles: Sequence[Subtitle], language: str | None) -> list[Cue]:
    """The words of subtitles with their speakers, in order of their starts.

    A speaker is given by `<v Name>`; by `[Name]:` at the beginning of a line, up to the end of the cue; or by one of
    `_names` and a colon, up to the next change of speaker: another label, a dash or `>>`.
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
            text = line.text
            label = _LABEL.match(text)
            if label and (label["bracketed"] or label["name"] in names):
                speaker = label["bracketed"] or label["name"]
                turn = label["name"] or turn
                text = text[label.end() :]
            elif dash := _TURN.match(text):
                speaker = turn = None
                text = text[dash.end() :]
            words += [CueWord(word, speaker=line.voice or speaker) for word in split_words(text, language)]
        if words:
            cues.append(Cue(words, span))
    return cues


def _lines(lines: Sequence[str]) -> Iterator[_Line]:
    """The lines of one cue without markup, and without lines that have no text."""
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
    """Remove the repeated lines of rolling captions.

    Rolling captions show the lines of the previous cue again above the new one. A file counts as rolling if half of its
    cues do so; in others, "No." after "No." was said twice.
    """
    repeats = [0, *(_repeated(before, cue) for before, cue in pairwise(cues))]
    adds = any(0 < repeated < len(lines) for repeated, (_, lines) in zip(repeats, cues, strict=False))
    if not adds or 2 * sum(repeated > 0 for repeated in repeats) < len(cues) - 1:
        return list(cues)
    return [(span, lines[repeated:]) for repeated, (span, lines) in zip(repeats, cues, strict=True)]


def _repeated(before: tuple[Span, list[_Line]], cue: tuple[Span, list[_Line]]) -> int:
    """How many lines at the top of a cue repeat the end of the previous cue, if the two touch or overlap."""
    (_, until), shown = before
    (start, _), lines = cue
    max_count = min(len(shown), len(lines), MAX_ROLLED_LINES) if start <= until else 0
    return next((count for count in range(max_count, 0, -1) if shown[-count:] == lines[:count]), 0)


def _names(cues: Sequence[Sequence[_Line]]) -> set[str]:
    """The words before a colon that are speakers' names, as in "Ann: Hello", unlike "Remember: drink".

    They are names if the file uses them consistently: at the beginning of every cue; or at the beginning of the first
    cue and of a tenth of all, with at least two names that occur more than once (once is enough for names in capitals).
    If the first name is in capitals, only words in capitals count, otherwise only others.
    """
    first_names = [_name(lines[0]) for lines in cues]
    if not first_names or not first_names[0]:
        return set()
    in_capitals = first_names[0].isupper()
    possible_names = [
        name for lines in cues for line in lines if (name := _name(line)) and name.isupper() == in_capitals
    ]
    names = {name for name, count in Counter(possible_names).items() if count > 1 or in_capitals}
    if len(first_names) > 1 and set(first_names) <= set(possible_names):
        return names.union(name for name in first_names if name)
    uses = sum(name in names for name in possible_names)
    is_consistent = len(names) > 1 and first_names[0] in names and 10 * uses >= len(cues)
    return names if is_consistent else set()


def _name(line: _Line) -> str | None:
    """A possible speaker's name before a colon: up to three words that begin with capitals or digits; else None."""
    label = _LABEL.match(line.text)
    words = (label["name"] or "").split() if label else []
    return " ".join(words) or None if all(word[0].isupper() or word[0].isdigit() for word in words) else None


def _language_of_script(text: str) -> str | None:
    """`ja`, `zh` or `th` if more than half of a text's letters are kana, Han or Thai; else None."""
    kana, han, thai = (sum(in_scripts(char, script) for char in text) for script in (KANA, HAN, THAI))
    half = sum(char.isalpha() for char in text) / 2
    if kana + han > half:
        return "ja" if kana else "zh"
    return "th" if thai > half else None
