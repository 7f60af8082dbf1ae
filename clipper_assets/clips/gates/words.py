"""Measures a clip's captions and words: overhang, reading speed, words that are cut, speech without words, adverts.

Times are in seconds from the clip's start, and boxes in pixels of its frame.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

import pyarrow as pa

from clipper_assets.captions.lines import Page, text_of
from clipper_assets.clips.cuts import Span, TimeMap
from clipper_assets.media.frame import Box
from clipper_assets.media.speech import Samples
from clipper_assets.transcript.timing import covered_by
from clipper_assets.transcript.vad import speech_spans
from clipper_assets.transcript.wordless import wordless_spans

READ_S = 5.0
"""Reading speed is averaged over this time, because a page may be one long word and speech comes in bursts."""
BESIDE_S = 2.0
"""Words up to this far outside the window count as around it."""
LEAST_SPEECH_S = 5.0
"""With less speech, a second that the detector hears in music would decide."""


def overhang_px(boxes: Sequence[Box], safe: Box) -> float:
    """How far the boxes extend beyond the safe area at most; 0 if all are inside."""
    return max(
        (
            max(safe.left - box.left, safe.top - box.top, box.right - safe.right, box.bottom - safe.bottom, 0.0)
            for box in boxes
        ),
        default=0.0,
    )


def reading_speed_cps(pages: Sequence[Page]) -> float | None:
    """Characters per second in the fastest stretch of pages of at least five seconds; None without pages."""
    if not pages:
        return None
    characters = [0, *accumulate(sum(len(text_of(line)) for line in page.lines) for page in pages)]
    ends = [page.end_s for page in pages]
    speeds = []
    for first, page in enumerate(pages):
        last = bisect_left(ends, page.start_s + READ_S)
        if last < len(pages):
            speeds.append((characters[last + 1] - characters[first]) / (ends[last] - page.start_s))
    return max(speeds, default=characters[-1] / (ends[-1] - pages[0].start_s))


def spoken_around(words: pa.Table, start_s: float, end_s: float, cuts: TimeMap) -> list[Span]:
    """The spans of the words in and around a window, in seconds of the clip; negative times are before its start.

    `words` is the episode's words table, `start_s` and `end_s` are the window's times in the episode. The result lacks
    words that the clip leaves out.
    """

    def clip_s(episode_s: float) -> float:
        time_s = episode_s - start_s
        return time_s if time_s < 0 else cuts.at(time_s) + max(episode_s - end_s, 0.0)

    spans = zip(words["start"].to_numpy().tolist(), words["end"].to_numpy().tolist(), strict=True)
    nearby = [
        (clip_s(start), clip_s(end)) for start, end in spans if end > start_s - BESIDE_S and start < end_s + BESIDE_S
    ]
    return [(start, end) for start, end in nearby if end > start]


def advert_s(adverts: Sequence[Span], start_s: float, cuts: TimeMap) -> float:
    """How many seconds of `adverts` a clip shows.

    `adverts` are spans of the episode, in order and apart; the clip's window begins at `start_s` in the episode.
    """
    seconds = covered_by(adverts)
    return sum(seconds(start_s + start, start_s + end) for start, end in cuts.kept)


def speech_with_words(speech: Samples, spoken: Sequence[Span]) -> float | None:
    """The share, 0..1, of a clip's detected speech that has words; None with less than `LEAST_SPEECH_S` of speech.

    Speech without words counts where it lasts a second (see `wordless_spans`), so that laughter and the detector's
    errors hold no clip back.
    """
    voice = speech_spans(speech, pad_ms=0)
    voice_s = sum(end - start for start, end in voice)
    if voice_s < LEAST_SPEECH_S:
        return None
    return 1 - sum(end - start for start, end in wordless_spans(spoken, voice)) / voice_s


def cut_word_s(spoken: Sequence[Span], duration_s: float) -> float:
    """How far the start or the end cuts into a word: the smaller of the word's parts inside and outside the clip."""
    depths = [min(edge - start, end - edge) for edge in (0.0, duration_s) for start, end in spoken]
    return max([0.0, *depths])
