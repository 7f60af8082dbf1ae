from dataclasses import replace

import numpy as np
import pytest

from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.transcript.crosstalk import from_channel, isolated, without_doubles
from clipper_assets.transcript.words import Word
from clipper_assets_tests.support.media import two_microphones

ROOM_DELAY = 80
"""Samples: 5 ms, the sound's way across a table."""


def said(track: Samples, word: Word) -> Samples:
    return track[round(word.start * SPEECH_RATE_HZ) : round(word.end * SPEECH_RATE_HZ)]


def share_kept(before: Samples, after: Samples, words: list[Word]) -> float:
    """The share of the energy of words that is left."""
    energies = [(np.square(said(after, word)).sum(), np.square(said(before, word)).sum()) for word in words]
    return float(sum(kept for kept, _ in energies) / sum(all_of_it for _, all_of_it in energies))


@pytest.mark.parametrize(
    ("bleed_db", "gain", "left"),
    [(8.0, 1.0, 0.4), (12.0, 1.0, 0.15), (20.0, 1.0, 0.02), (20.0, 4.0, 0.02), (40.0, 0.25, 0.02)],
)
def test_each_microphone_keeps_its_own_voice_only(bleed_db: float, gain: float, left: float) -> None:
    """The guest's voice is 4 dB quieter than the host's, so of 8 dB between the microphones half are left."""
    tracks, words = two_microphones(bleed_db)
    tracks = [tracks[0], np.roll(tracks[1] * np.float32(gain), ROOM_DELAY)]
    for channel, (before, after) in enumerate(zip(tracks, isolated(tracks), strict=True)):
        assert len(after) == len(before)
        assert share_kept(before, after, [word for word in words if word.channel == channel]) > 0.99
        assert share_kept(before, after, [word for word in words if word.channel != channel]) < left


def test_a_gate_makes_no_click() -> None:
    tracks, _ = two_microphones(20.0)
    for before, after in zip(tracks, isolated(tracks), strict=True):
        assert np.abs(np.diff(after)).max() <= np.abs(np.diff(before)).max() * 1.01


def test_two_who_speak_at_once_are_both_heard() -> None:
    tracks, _ = two_microphones(20.0)
    second = np.roll(tracks[1], -round(3 * SPEECH_RATE_HZ))
    both = [tracks[0] + 0.1 * second, second + 0.1 * tracks[0]]
    opened = [np.abs(track) > 0 for track in isolated(both)]
    levels = [np.abs(track) > 0.05 for track in both]
    overlap = levels[0] & levels[1]
    assert overlap.sum() > SPEECH_RATE_HZ / 4
    assert (opened[0] & opened[1])[overlap].mean() > 0.9


@pytest.mark.parametrize("bleed_db", [10.0, 20.0])
def test_words_go_to_the_microphone_that_they_were_said_into(bleed_db: float) -> None:
    tracks, words = two_microphones(bleed_db)
    found = from_channel([replace(word, channel=None) for word in words], tracks)
    right = sum(word.channel == true.channel for word, true in zip(found, words, strict=True))
    assert right >= 0.99 * len(words)
    assert {(word.channel, word.speaker) for word in found} == {(0, "SPEAKER_00"), (1, "SPEAKER_01")}
    named = from_channel([replace(words[0], speaker="Anna")], tracks)
    assert named[0].speaker == "Anna"


def test_an_echo_is_dropped_and_a_chorus_is_kept() -> None:
    tracks, words = two_microphones(20.0)
    echoes = [
        replace(word, channel=1 - (word.channel or 0), start=word.start + 0.02, text=word.text.upper())
        for word in words
    ]
    assert without_doubles([*words, *echoes], tracks) == words
    chorus = tracks[0] + tracks[1]
    assert len(without_doubles([words[0], replace(words[0], channel=1)], [chorus, chorus])) == 2


@pytest.mark.parametrize("heard", ["nothing", "the others"])
def test_a_microphone_that_hardly_anybody_speaks_into_takes_no_words(heard: str) -> None:
    """The third one belongs to somebody who says one sentence in all."""
    tracks, words = two_microphones(20.0)
    moved = [replace(word, channel=2 if word.segment == 20 else word.channel) for word in words]
    first, last = (round(at * SPEECH_RATE_HZ) for at in bounds([word for word in moved if word.channel == 2]))
    third = np.random.default_rng(3).normal(0, 1e-3, len(tracks[0])).astype(np.float32)
    if heard == "the others":
        third += np.float32(0.1) * (tracks[0] + tracks[1])
    third[first:last] += tracks[words_of(words, 20)[0].channel or 0][first:last]
    for track in tracks:
        track[first:last] *= np.float32(0.1)
    three = [*tracks, third]
    found = from_channel([replace(word, channel=None) for word in moved], three)
    assert [word.channel for word in found] == [word.channel for word in moved]
    for channel, (before, after) in enumerate(zip(three, isolated(three), strict=True)):
        assert share_kept(before, after, [word for word in moved if word.channel == channel]) > 0.99
        assert share_kept(before, after, [word for word in moved if word.channel != channel]) < 0.02


def words_of(words: list[Word], sentence: int) -> list[Word]:
    return [word for word in words if word.segment == sentence]


def bounds(words: list[Word]) -> tuple[float, float]:
    return words[0].start - 0.1, words[-1].end + 0.1


def test_one_voice_more_or_none_changes_nothing() -> None:
    assert isolated([]) == []
    silent = np.zeros(SPEECH_RATE_HZ, np.float32)
    assert [track.tolist() for track in isolated([silent, silent])] == [silent.tolist()] * 2
