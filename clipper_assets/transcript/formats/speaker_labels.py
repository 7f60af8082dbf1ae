"""Extracts spoken words and speakers from subtitles: removes markup, speaker labels and repeated lines."""

import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from clipper_assets.text.scripts import HAN, KANA, THAI, UNSPACED, in_scripts, split_unspaced
from clipper_assets.transcript.formats.base import Cue, CueWord
from clipper_assets.transcript.formats.word_by_word import ShownCue, merged, shown_cue, with_marks
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
_NAME = r"[^\W\d_][\w.'’-]*(?: \w[\w.'’-]*){0,2}|[\w.+-]+@[\w.-]+"  # noqa: RUF001
_NOTE = r"(?: ?\([^()]{1,40}\)| +\d{1,2}(?::\d\d){1,2})?"
"""What tools write after a name: pronouns, a role or a time."""
_LABEL = re.compile(
    rf"(?:{_TURN.pattern})?"
    rf"(?:\[(?P<bracketed>[^\]\s][^\]]*)\]:\s*|(?P<name>{_NAME}){_NOTE} ?:(?:\s+|$))(?:{_TURN.pattern})?"
)
"""A speaker's name before the text: `[Name]:`, as WhisperX writes it, or `Name:` or `Name (she/her):`."""
_NAME_ALONE = re.compile(rf"(?P<name>{_NAME}){_NOTE} ?:?")

LABELLED = 0.9
"""Least share of cues with a label in files whose labels need not look like names."""
MAX_ROLLED_LINES = 15
"""Most lines of a rolling caption: as many as a television's caption decoder shows (CTA-608)."""


@dataclass(frozen=True)
class Subtitle:
    """A cue of a file: its span in seconds and its lines with their markup."""

    span: Span
    lines: list[str]


@dataclass(frozen=True)
class _Line:
    """A line without markup; `voice` is WebVTT's `<v Name>`, `spans` has one for each word if the file has them."""

    text: str
    voice: str | None
    spans: tuple[Span | None, ...] = ()


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
    cues_shown = [shown_cue(subtitle.span, list(_lines(subtitle.lines))) for subtitle in ordered]
    shown = _without_repeats(_each_word_once(cues_shown))
    names, names_above = _names([lines for _, lines in shown if lines]), _names_above([lines for _, lines in shown])
    cues = []
    turn = None
    for span, lines in shown:
        words: list[CueWord] = []
        speaker = turn
        has_name_above = len(lines) > 1 and _name_alone(lines[0]) in names_above
        if has_name_above:
            speaker = turn = _name_alone(lines[0])
        for line in lines[has_name_above:]:
            text = line.text
            label = _LABEL.match(text)
            if label and (label["bracketed"] or label["name"] in names):
                speaker = label["bracketed"] or label["name"]
                turn = label["name"] or turn
                text = text[label.end() :]
            elif dash := _TURN.match(text):
                speaker = turn = None
                text = text[dash.end() :]
            words += _cue_words(text, line, line.voice or speaker, language)
        if words:
            cues.append(Cue(words, span))
    return cues


def _cue_words(text: str, line: _Line, speaker: str | None, language: str | None) -> list[CueWord]:
    """The words of `text`, the end of a line, with the spans that the line has for them."""
    words = split_words(text, language)
    tokens = text.split()
    spans = [
        span
        for token, span in zip(tokens, line.spans[len(line.spans) - len(tokens) :], strict=False)
        if is_said(bare(token))
    ]
    if len(spans) != len(words):  # no spans, or a language without spaces
        return [CueWord(word, speaker=speaker) for word in words]
    return [CueWord(word, span, speaker) for word, span in zip(words, spans, strict=True)]


def _each_word_once(cues: Sequence[ShownCue]) -> list[tuple[Span, list[_Line]]]:
    """The lines of cues, as `merged` returns them."""
    shown = []
    for cue in merged(cues):
        spans, lines = iter(cue.spans), []
        for words, voice in zip(cue.lines, cue.voices, strict=True):
            lines.append(_Line(" ".join(words), voice, tuple(islice(spans, len(words)))))
        shown.append((cue.span, [line for line in lines if line.text]))
    return shown


def _lines(lines: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """The lines of one cue that have text, with their voices; of the markup only the marks of `with_marks` stay."""
    before, *voiced = _VOICE.split("\n".join(lines))
    for voice, text in zip([None, *voiced[::2]], [before, *voiced[1::2]], strict=True):
        name = " ".join(_unescaped(voice).split()) if voice else None
        untagged = _TAG.sub("", with_marks(text)).replace(r"\N", "\n").replace(r"\h", " ")
        for line in _NOT_SAID.sub(" ", _unescaped(untagged)).split("\n"):
            if plain := " ".join(bare(line).split()):
                yield plain, name


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
    If the first name is in capitals, only words in capitals count, otherwise only others. Words that do not look like
    names (`jon`, `Mira's iPhone`) are names if nearly every cue begins with one of few that return.
    """
    return _capitalized_names(cues) | _returning([_loose_name(lines[0]) for lines in cues])


def _returning(names: Sequence[str | None]) -> set[str]:
    """The names if at least `LABELLED` of the cues have one, and at least two come back again and again."""
    counts = Counter(name for name in names if name)
    returning = {name for name, count in counts.items() if count > 1}
    labelled = sum(counts[name] for name in returning)
    return set(counts) if len(returning) > 1 and labelled >= LABELLED * len(names) else set()


def _names_above(cues: Sequence[Sequence[_Line]]) -> set[str]:
    """Names that stand alone on the first line of cues, above what is said."""
    return _returning([_name_alone(lines[0]) if len(lines) > 1 else None for lines in cues if lines])


def _name_alone(line: _Line) -> str | None:
    match = _NAME_ALONE.fullmatch(line.text)
    return match["name"] if match else None


def _loose_name(line: _Line) -> str | None:
    label = _LABEL.match(line.text)
    return label["name"] if label else None


def _capitalized_names(cues: Sequence[Sequence[_Line]]) -> set[str]:
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
