import numpy as np
import pytest

from clipper_assets.adverts.sound import SOUND_NATS, sound_nats
from clipper_assets.media.loudness import LoudnessTrack
from clipper_assets.transcript.words import Sentence

SENTENCES = [Sentence(n, "Words.", 5.0 * n, 5.0 * n + 4.0, 0, 0, None) for n in range(60)]


def track_of(speech_lufs: list[float], pause_lufs: list[float]) -> LoudnessTrack:
    """A track with the loudness of each sentence, and of the pause after it."""
    ends = np.arange(0.4, 300.0, 0.1)
    levels = [
        (speech_lufs if (end - 0.2) % 5 < 4 else pause_lufs)[min(int((end - 0.2) // 5), 59)] for end in ends.tolist()
    ]
    return LoudnessTrack(ends, np.array(levels, np.float32))


def test_louder_speech_and_music_under_it_speak_for_an_advert() -> None:
    louder = [-14.0 if 20 <= n < 30 else -22.0 for n in range(60)]
    nats = sound_nats(track_of(louder, [-60.0] * 60), SENTENCES)
    assert nats[22:28] == pytest.approx(SOUND_NATS)
    assert not nats[:18].any()
    music = [-30.0 if 20 <= n < 30 else -60.0 for n in range(60)]
    nats = sound_nats(track_of([-22.0] * 60, music), SENTENCES)
    assert nats[22:28] == pytest.approx(SOUND_NATS)
    assert not nats[33:].any()


def test_an_episode_of_uneven_or_unknown_loudness_says_nothing() -> None:
    uneven = [-22.0 + 12 * (n % 4 > 1) for n in range(60)]
    assert not sound_nats(track_of(uneven, [-60.0] * 60), SENTENCES).any()
    silence = LoudnessTrack(np.arange(0.4, 300.0, 0.1), np.full(2996, -np.inf, np.float32))
    assert not sound_nats(silence, SENTENCES).any()
    assert not sound_nats(LoudnessTrack(np.array([]), np.array([], np.float32)), SENTENCES).any()
    assert sound_nats(silence, []).size == 0
