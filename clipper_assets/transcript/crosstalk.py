"""Separates several microphones in one room, each of which records its own speaker and, quieter, the others."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clipper_assets.media.levels import FRAME_S, Levels, relative_levels
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.transcript.words import Word

HOLD_S = 0.15
"""The gate opens this much earlier and closes this much later, to keep soft beginnings and ends of words."""
FADE_S = 0.01
SPEECH_DB = -20.0
FLOOR_PERCENTILE, ABOVE_FLOOR_DB = 5, 10.0
"""Room noise is the level in the quietest 5 % of the time; sound up to 10 dB above it is not speech."""
MIN_SEPARATION_DB = 3.0
OVERLAP = 0.5


def speaker_of(channel: int) -> str:
    """The speaker label of a microphone, in the form that diarization uses."""
    return f"SPEAKER_{channel:02d}"


def silence_crosstalk(tracks: Sequence[Samples]) -> list[Samples]:
    """Silence each microphone where it only picks up the other speakers.

    This is a noise gate controlled by the other microphones. It closes in frames where a microphone is below the
    loudest one by more than half of its separation: its usual distance, on this recording, while somebody else speaks.
    When two people speak at once, both microphones are near their speech level and stay open. In a pause all are
    closed, so that none of them is still open at another speaker's first word.
    """
    if not tracks:
        return []
    levels = relative_levels(tracks)
    dominated = levels.max(axis=0) - levels > _separations_db(levels)[:, None] / 2
    floors = np.percentile(levels, FLOOR_PERCENTILE, axis=1)[:, None] + ABOVE_FLOOR_DB
    closed = dominated | (levels < np.minimum(floors, SPEECH_DB))
    hold = np.ones(2 * round(HOLD_S / FRAME_S) + 1)
    return [
        _gated(track, np.convolve(~is_closed, hold, "same") > 0.5)
        for track, is_closed in zip(tracks, closed, strict=True)
    ]


def _gated(track: Samples, is_open: NDArray[np.bool_]) -> Samples:
    """The track with silence outside its open frames, faded in and out; `is_open` has shape (frames,)."""
    size, fade = round(FRAME_S * SPEECH_RATE_HZ), np.linspace(0, 1, round(FADE_S * SPEECH_RATE_HZ), dtype=np.float32)
    gated = np.zeros_like(track)
    for first, end in np.flatnonzero(np.diff(is_open, prepend=False, append=False)).reshape(-1, 2):
        kept = slice(first * size, len(track) if end == len(is_open) else end * size)
        gated[kept] = track[kept]
        gated[kept][: len(fade)] *= fade
        gated[kept][-len(fade) :] *= fade[::-1]
    return gated


def assign_microphones(words: Sequence[Word], tracks: Sequence[Samples]) -> list[Word]:
    """Give words of a common mix the microphone that is loudest during each word, and its speaker.

    A word that already has a speaker keeps it.
    """
    levels = relative_levels(tracks)
    with_channel = []
    for word in words:
        channel = int(np.argmax(_during(levels, word)))
        with_channel.append(replace(word, channel=channel, speaker=word.speaker or speaker_of(channel)))
    return with_channel


def remove_echoes(words: Sequence[Word], tracks: Sequence[Samples]) -> list[Word]:
    """Remove echoes: words that another, louder microphone has at the same time.

    If two people say the same word at once, each at their usual level, both words stay.
    """
    levels = relative_levels(tracks)
    limits_db = _separations_db(levels) / 2
    ordered = sorted(words, key=lambda word: word.start)
    echoes: set[int] = set()
    for number, word in enumerate(ordered):
        for other in range(number + 1, len(ordered)):
            if ordered[other].start >= word.end:
                break
            if _same(word, ordered[other]):
                excess_db, other_excess_db = (_excess_db(levels, limits_db, each) for each in (word, ordered[other]))
                if min(excess_db, other_excess_db) < 0:
                    echoes.add(number if excess_db < other_excess_db else other)
    return [word for number, word in enumerate(ordered) if number not in echoes]


def _separations_db(levels: Levels) -> NDArray[np.float32]:
    """Each microphone's median distance below the loudest one while somebody else speaks; shape (tracks,)."""
    loudest = levels.max(axis=0)
    distances_db = [
        np.median((loudest - level)[quieter]) if (quieter := (loudest > SPEECH_DB) & (level < loudest)).any() else 0.0
        for level in levels
    ]
    return np.maximum(np.array(distances_db, np.float32), MIN_SEPARATION_DB)


def _excess_db(levels: Levels, limits_db: NDArray[np.floating], word: Word) -> float:
    """How far a word's microphone is above the limit below which it only picks up another speaker."""
    during, channel = _during(levels, word), word.channel or 0
    return float(during[channel] - during.max() + limits_db[channel])


def _during(levels: Levels, word: Word) -> NDArray[np.float32]:
    """Mean level of each microphone during a word; shape (tracks,)."""
    first = min(int(word.start / FRAME_S), levels.shape[1] - 1)
    last = max(first + 1, min(int(np.ceil(word.end / FRAME_S)), levels.shape[1]))
    means: NDArray[np.float32] = levels[:, first:last].mean(axis=1)
    return means


def _same(one: Word, other: Word) -> bool:
    """Whether two words are the same word on two microphones, overlapping by more than half of the shorter one."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    shorter = min(one.end - one.start, other.end - other.start)
    return one.channel != other.channel and shared > OVERLAP * shorter and _plain(one.text) == _plain(other.text)


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
