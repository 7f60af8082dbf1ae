"""Captions beside a clip, for players and platforms: SubRip and WebVTT."""

from collections.abc import Sequence

import pysubs2

from clipper_assets.clips.captions.lines import CaptionWord, paginate, text_of

MAX_LINE_CHARACTERS = 42  # Netflix, Timed Text Style Guide: English (USA), "Character Limitation"
MAX_WORDS = 20


def sidecars(words: Sequence[CaptionWord], clip_s: float) -> tuple[str, str]:
    """The clip's captions as SubRip and as WebVTT, in cues of at most two lines of 42 characters."""
    subs = pysubs2.SSAFile()
    pages = paginate(words, measure=len, max_width=MAX_LINE_CHARACTERS, max_words=MAX_WORDS, clip_s=clip_s)
    for page in pages:
        text = pysubs2.SSAEvent()
        text.plaintext = "\n".join(text_of(line) for line in page.lines)
        text.start, text.end = round(page.start_s * 1000), round(page.end_s * 1000)
        subs.append(text)
    return subs.to_string("srt"), subs.to_string("vtt")
