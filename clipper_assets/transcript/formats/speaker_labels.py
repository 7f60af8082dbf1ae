"""Extracts spoken words and speakers from subtitles: removes markup, speaker labels and repeated lines."""

import html
import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from clipper_assets.text.scripts import HAN, KANA, THAI, UNSPACED, in_scripts, split_unspaced
from clipper_assets.transcript.formats.base import Cue, CueWord
from clipper_assets.transcript.formats.names import TURN, label_of, name_alone, names_above, names_in, names_in_brackets
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
    `names_in` the file, up to the next change of speaker: another label, a dash or `>>`.
    """
    ordered = sorted(subtitles, key=lambda subtitle: subtitle.span[0])
    bracketed = names_in_brackets([subtitle.lines[0] for subtitle in ordered if subtitle.lines])
    cues_shown = [shown_cue(subtitle.span, list(_lines(subtitle.lines, bracketed))) for subtitle in ordered]
    shown = _without_repeats(_each_word_once(cues_shown))
    texts = [[line.text for line in lines] for _, lines in shown if lines]
    names, above = names_in(texts), names_above(texts)
    cues = []
    turn = None
    for span, lines in shown:
        words: list[CueWord] = []
        speaker = turn
        has_name_above = len(lines) > 1 and name_alone(lines[0].text) in above
        if has_name_above:
            speaker = turn = name_alone(lines[0].text)
        for line in lines[has_name_above:]:
            text = line.text
            label = label_of(text)
            if label and (label.until_the_end_of_the_cue or label.name in names):
                speaker = label.name
                turn = turn if label.until_the_end_of_the_cue else speaker
                text = text[label.end :]
            elif dash := TURN.match(text):
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


def _lines(lines: Sequence[str], names: Container[str]) -> Iterator[tuple[str, str | None]]:
    """The lines of one cue that have text, with their voices; of the markup only the marks of `with_marks` stay.

    Text in brackets that is one of `names` is a label; other text in brackets describes a sound.
    """

    def label_or_nothing(match: re.Match[str]) -> str:
        return f"{match[0]}: " if match[0][1:-1] in names else " "

    before, *voiced = _VOICE.split("\n".join(lines))
    for voice, text in zip([None, *voiced[::2]], [before, *voiced[1::2]], strict=True):
        name = " ".join(_unescaped(voice).split()) if voice else None
        untagged = _TAG.sub("", with_marks(text)).replace(r"\N", "\n").replace(r"\h", " ")
        for line in _NOT_SAID.sub(label_or_nothing, _unescaped(untagged)).split("\n"):
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


def _language_of_script(text: str) -> str | None:
    """`ja`, `zh` or `th` if more than half of a text's letters are kana, Han or Thai; else None."""
    kana, han, thai = (sum(in_scripts(char, script) for char in text) for script in (KANA, HAN, THAI))
    half = sum(char.isalpha() for char in text) / 2
    if kana + han > half:
        return "ja" if kana else "zh"
    return "th" if thai > half else None
