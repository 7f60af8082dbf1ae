"""Writes a clip's captions as SubRip and WebVTT files, for players and platforms."""

import html
from collections.abc import Iterator, Sequence
from fractions import Fraction

from pysubs2.time import ms_to_times

from clipper_assets.captions.ass import escaped
from clipper_assets.captions.cues import DIALOGUE_MARK, Cue, cues
from clipper_assets.captions.lines import CaptionWord, text_of


def sidecars(words: Sequence[CaptionWord], clip_s: float, fps: Fraction) -> tuple[str, str]:
    """The captions of a clip as the texts of a SubRip and a WebVTT file; the latter also names language and speakers.

    WebVTT's header says the language as YouTube's files do (`Language: es`); SubRip has no place for it.

    Markup characters are escaped in WebVTT. SubRip has no escapes, and players that use libass read braces as commands,
    so braces become parentheses there.
    """
    language = next((word.language for word in words if word.language), "")
    srt, vtt = [], [f"WEBVTT\nLanguage: {language}\n" if language else "WEBVTT\n"]
    for number, cue in enumerate(cues(words, clip_s, fps), start=1):
        start, end = (ms_to_times(round(frame * 1000 / fps)) for frame in (cue.start, cue.end))
        srt.append(f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{_plain(cue)}\n")
        vtt.append(f"{_clock(start, '.')} --> {_clock(end, '.')}\n{_voiced(cue)}\n")
    return "\n".join(srt), "\n".join(vtt)


def _plain(cue: Cue) -> str:
    mark = DIALOGUE_MARK if cue.is_dialogue else ""
    return "\n".join(mark + escaped(text_of(line)) for line in cue.lines)


def _voiced(cue: Cue) -> str:
    return "\n".join(_voice_lines(cue))


def _voice_lines(cue: Cue) -> Iterator[str]:
    """Lines of WebVTT with a voice tag at each change of speaker; it lasts until the next tag (W3C WebVTT, 4.2.2)."""
    before = None
    for line in cue.lines:
        speaker = line[0].speaker
        tag = f"<v {html.escape(' '.join(speaker.split()))}>" if speaker and speaker != before else ""
        yield tag + html.escape(text_of(line), quote=False)
        before = speaker


def _clock(time: tuple[int, int, int, int], point: str) -> str:
    hours, minutes, seconds, milliseconds = time
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{point}{milliseconds:03d}"
