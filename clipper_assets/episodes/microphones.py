"""Detects from the signal whether a recording's audio streams or channels are separate microphones."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from clipper_assets.episodes.properties import Probe
from clipper_assets.media.levels import Levels, relative_levels
from clipper_assets.media.speech import Samples
from clipper_assets.runtime.errors import UploadRefusedError
from clipper_assets.setting_types import Microphones

MAX_MICROPHONES = 8
SPEECH_DB = -20.0
"""A frame is speech if the level of some track is within 20 dB of that track's speech level."""
CLEAR_DB = 3.0
CLEAR_SHARE = 0.9
SEPARATION_DB = 6.0
LOUDEST_SHARE = 0.05
"""Tracks are microphones if, in nine tenths of the speech, one track is louder than all others by 3 dB; if at least two
tracks are the loudest in a twentieth of it; and if they stand out by 6 dB on average. The average is over each track's
median, so that a person who talks more does not count more.

Measured on two voices: with microphones 8 to 40 dB apart, one track is clearly louder in 100 % of the speech, by that
distance; in a stereo mix with each voice panned by 4 dB in 66 %, by 4 dB; with two languages on top of each other in
81 %, by 8 dB.
"""


@dataclass(frozen=True)
class Microphone:
    """One microphone.

    Attributes:
        stream: Index of its stream in the container.
        channel: Its channel in that stream; None for the whole stream.
        speech_key: Object key of its speech in the lake; empty until it is stored.
    """

    stream: int
    channel: int | None = None
    speech_key: str = ""


@dataclass(frozen=True)
class Detection:
    """The numbers of the tracks that are microphones, none if the sound is one mix, and the reason as a phrase."""

    tracks: tuple[int, ...]
    why: str


def possible_microphones(probe: Probe, key: str, setting: Microphones) -> list[Microphone]:
    """The streams or channels that may be microphones, or that are by `setting`.

    Raises UploadRefusedError if the upload does not have as many streams or channels as `setting` needs.
    """
    streams = [Microphone(stream) for stream in probe.audio_indices]
    channels = [Microphone(probe.audio_stream, channel) for channel in range(probe.audio_channels)]
    if setting is Microphones.together:
        return []
    if setting is Microphones.auto:
        tracks = streams if len(streams) > 1 else channels
        return tracks if 1 < len(tracks) <= MAX_MICROPHONES else []
    tracks, kind = (streams, "stream") if setting is Microphones.streams else (channels, "channel")
    if not 1 < len(tracks) <= MAX_MICROPHONES:
        raise UploadRefusedError(
            f"{key} has {len(tracks)} audio {kind}{'s' * (len(tracks) != 1)}, but separate microphones need 2 to "
            f"{MAX_MICROPHONES}; set CLIPPER_MICROPHONES to auto or together"
        )
    return tracks


def detect_microphones(tracks: Iterable[Samples], mix: int | None = None) -> Detection:
    """Detect whether tracks are microphones. Track number `mix`, if given, may instead be the mix of all others.

    Tracks are consumed one at a time, so that a generator keeps only one of them in memory.
    """
    levels = relative_levels(tracks)
    all_tracks = range(len(levels))
    for numbers in [list(all_tracks), [number for number in all_tracks if number != mix]]:
        if len(numbers) > 1 and (why := _separate(levels[numbers])):
            return Detection(tuple(numbers), f"{len(numbers)} microphones: {why}")
    return Detection((), "one mix: no track is clearly louder than the others while somebody speaks")


def _separate(levels: Levels) -> str | None:
    """Why tracks are microphones, as a phrase; None if they are not."""
    ranked = np.sort(levels, axis=0)
    speech = ranked[-1] > SPEECH_DB
    distance = (ranked[-1] - ranked[-2])[speech]
    loudest = levels.argmax(axis=0)[speech]
    clear = distance >= CLEAR_DB
    loudest_shares = np.bincount(loudest[clear], minlength=len(levels)) / max(len(clear), 1)
    speaking = np.flatnonzero(loudest_shares >= LOUDEST_SHARE)
    if len(speaking) < 2 or clear.mean() < CLEAR_SHARE:
        return None
    separation_db = float(np.mean([np.median(distance[loudest == track]) for track in speaking]))
    if separation_db < SEPARATION_DB:
        return None
    return f"one is {separation_db:.0f} dB louder than the others in {clear.mean():.0%} of the speech"
