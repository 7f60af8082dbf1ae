"""Captions beside a clip, for players and platforms: SubRip and WebVTT."""

import html
from collections.abc import Sequence

from pysubs2.time import ms_to_times

from clipper_assets.clips.captions.lines import CaptionWord, paginate, text_of

MAX_LINE_CHARACTERS = 42  # Netflix, Timed Text Style Guide: English (USA), "Character Limitation"
MAX_WORDS = 20


def sidecars(words: Sequence[CaptionWord], clip_s: float) -> tuple[str, str]:
    """The clip's captions as SubRip and as WebVTT, in cues of at most two lines of 42 characters.

    Every word is shown as it is: WebVTT has escapes for signs of markup, SubRip has none and needs none.
    """
    pages = paginate(words, measure=len, max_width=MAX_LINE_CHARACTERS, max_words=MAX_WORDS, clip_s=clip_s)
    srt, vtt = [], ["WEBVTT\n"]
    for number, page in enumerate(pages, start=1):
        text = "\n".join(text_of(line) for line in page.lines)
        srt.append(f"{number}\n{_clock(page.start_s, ',')} --> {_clock(page.end_s, ',')}\n{text}\n")
        vtt.append(f"{_clock(page.start_s, '.')} --> {_clock(page.end_s, '.')}\n{html.escape(text, quote=False)}\n")
    return "\n".join(srt), "\n".join(vtt)


def _clock(seconds: float, point: str) -> str:
    time = ms_to_times(round(seconds * 1000))
    return f"{time.h:02d}:{time.m:02d}:{time.s:02d}{point}{time.ms:03d}"
