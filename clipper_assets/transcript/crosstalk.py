"""Several microphones in one room: each hears its own speaker and, quieter, the others."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clipper_assets.media.levels import FRAME_S, Levels, relative_levels
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.transcript.words import Word

HOLD_S = 0.15
"""A gate stays open this long on either side, so that no soft beginning or end of a word is cut."""
FADE_S = 0.01
SPEECH_DB = -20.0
FLOOR_PERCENTILE, ABOVE_FLOOR_DB = 5, 10.0
"""Room noise is what is there in the quietest twentieth of the time; speech begins above it."""
LEAST_SEPARATION_DB = 3.0
OVERLAP = 0.5


def speaker_of(channel: int) -> str:
    """The speaker of a microphone, as diarization would name one."""
    return f"SPEAKER_{channel:02d}"


def isolated(tracks: Sequence[Samples]) -> list[Samples]:
    """Each microphone, silent where it only hears the others.

    A noise gate keyed by the other microphones: a frame is closed where it is below the loudest microphone by more than
    half of what it usually is when another one speaks, measured on this recording. Where two speak at once both are
    near their own level, and both stay open. In a pause all are closed, so that none opens into another's first word.
    """
    if not tracks:
        return []
    levels = relative_levels(tracks)
    dominated = levels.max(axis=0) - levels > _separations_db(levels)[:, None] / 2
    floors = np.percentile(levels, FLOOR_PERCENTILE, axis=1)[:, None] + ABOVE_FLOOR_DB
    closed = dominated | (levels < np.minimum(floors, SPEECH_DB))
    hold = np.ones(2 * round(HOLD_S / FRAME_S) + 1)
    return [_gated(track, np.convolve(~shut, hold, "same") > 0.5) for track, shut in zip(tracks, closed, strict=True)]


def _gated(track: Samples, opened: NDArray[np.bool_]) -> Samples:
    """The track where its frames are open, faded in and out, and silence elsewhere."""
    size, fade = round(FRAME_S * SPEECH_RATE_HZ), np.linspace(0, 1, round(FADE_S * SPEECH_RATE_HZ), dtype=np.float32)
    gated = np.zeros_like(track)
    for first, end in np.flatnonzero(np.diff(opened, prepend=False, append=False)).reshape(-1, 2):
        heard = slice(first * size, len(track) if end == len(opened) else end * size)
        gated[heard] = track[heard]
        gated[heard][: len(fade)] *= fade
        gated[heard][-len(fade) :] *= fade[::-1]
    return gated


def from_channel(words: Sequence[Word], tracks: Sequence[Samples]) -> list[Word]:
    """Words that were heard on all microphones together, with the one that is loudest while each is said.

    A word that has a speaker already keeps it.
    """
    levels = relative_levels(tracks)
    found = []
    for word in words:
        channel = int(np.argmax(_during(levels, word)))
        found.append(replace(word, channel=channel, speaker=word.speaker or speaker_of(channel)))
    return found


def without_doubles(words: Sequence[Word], tracks: Sequence[Samples]) -> list[Word]:
    """Words of all microphones, without echoes: the same word at the same time where another microphone is louder.

    Two who say the same word at once, each at their own level, are both kept.
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
                mine, theirs = (_excess_db(levels, limits_db, either) for either in (word, ordered[other]))
                if min(mine, theirs) < 0:
                    echoes.add(number if mine < theirs else other)
    return [word for number, word in enumerate(ordered) if number not in echoes]


def _separations_db(levels: Levels) -> NDArray[np.float32]:
    """How far below the loudest microphone each one is while another one speaks, in the median, shape (tracks,)."""
    loudest = levels.max(axis=0)
    found = [
        np.median((loudest - level)[quieter]) if (quieter := (loudest > SPEECH_DB) & (level < loudest)).any() else 0.0
        for level in levels
    ]
    return np.maximum(np.array(found, np.float32), LEAST_SEPARATION_DB)


def _excess_db(levels: Levels, limits_db: NDArray[np.floating], word: Word) -> float:
    """How far a word's microphone is above the limit under which it only hears another one."""
    during, channel = _during(levels, word), word.channel or 0
    return float(during[channel] - during.max() + limits_db[channel])


def _during(levels: Levels, word: Word) -> NDArray[np.float32]:
    """The mean level of each microphone while a word is said."""
    first = min(int(word.start / FRAME_S), levels.shape[1] - 1)
    last = max(first + 1, min(int(np.ceil(word.end / FRAME_S)), levels.shape[1]))
    means: NDArray[np.float32] = levels[:, first:last].mean(axis=1)
    return means


def _same(one: Word, other: Word) -> bool:
    """Whether two words are the same, on two microphones, at the same time."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    shorter = min(one.end - one.start, other.end - other.start)
    return one.channel != other.channel and shared > OVERLAP * shorter and _plain(one.text) == _plain(other.text)


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
