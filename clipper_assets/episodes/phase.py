"""Finds stereo sound that nobody hears on a phone: its channels cancel each other there, or one of them is dead."""

from dataclasses import dataclass

import numpy as np

from clipper_assets.media.levels import FLOOR_DB, Levels

FRAME_S = 0.1
SPEECH_PERCENTILE, SPEECH_DB = 95, 20.0
"""A frame is speech if its louder channel is within 20 dB of the level that it exceeds in 5 % of the time."""
CANCELLED_DB, CANCELLED_SHARE = 9.0, 0.25
"""Channels cancel each other if the mix of both is 9 dB below the louder one in a quarter of the speech.

The mix is 6 dB below a voice that is in one channel only, 3 dB below two independent channels, and not below dual mono.
A quarter is a guest who is out of phase while the host is not.
"""
COMPLETE_DB, COMPLETE_SHARE = 12.0, 0.9
"""A channel can replace both if it is at most 12 dB below the louder one in nine tenths of the speech."""
DEAD_DB, DEAD_SHARE = 40.0, 0.95
"""A channel is dead if it is 40 dB below the other one in 95 % of the speech."""


@dataclass(frozen=True)
class OneChannel:
    """The channel, 0 or 1, that is used instead of both, and why as a sentence for people."""

    channel: int
    why: str


def one_channel(left: Levels, right: Levels, mix: Levels) -> OneChannel | None:
    """The channel of stereo sound that must be used alone; None if both can be used.

    `left`, `right` and `mix`, their mean, are the levels of frames of `FRAME_S`, of shape (frames,).
    """
    frames = min(len(left), len(right), len(mix))
    levels, mix = np.array([left[:frames], right[:frames]]), mix[:frames]
    louder = levels.max(axis=0)
    if not frames:
        return None
    speech = (louder > np.percentile(louder, SPEECH_PERCENTILE) - SPEECH_DB) & (louder > FLOOR_DB)
    if not speech.any():
        return None
    below = louder[speech] - levels[:, speech]
    channel = int(below.mean(axis=1).argmin())
    if (below[1 - channel] >= DEAD_DB).mean() >= DEAD_SHARE:
        return OneChannel(channel, f"channel {2 - channel} is silent, so channel {channel + 1} is used for both ears")
    cancelled = louder[speech] - mix[speech] >= CANCELLED_DB
    if cancelled.mean() < CANCELLED_SHARE or (below[channel] <= COMPLETE_DB).mean() < COMPLETE_SHARE:
        return None
    return OneChannel(
        channel,
        f"the two channels are out of phase and cancel each other on phones, so only channel {channel + 1} is used",
    )
