from dataclasses import replace

import numpy as np
import pytest

from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.transcript.crosstalk import assign_microphones, remove_echoes, silence_crosstalk
from clipper_assets.transcript.words import Word
from clipper_assets_tests.support.media import two_microphones

ROOM_DELAY = 80
"""In samples: 5 ms, the time that sound takes across a table."""


def samples_of(track: Samples, word: Word) -> Samples:
    return track[round(word.start * SPEECH_RATE_HZ) : round(word.end * SPEECH_RATE_HZ)]


def share_kept(before: Samples, after: Samples, words: list[Word]) -> float:
    """Energy of words after isolation as a share of that before."""
    energies = [(np.square(samples_of(after, word)).sum(), np.square(samples_of(before, word)).sum()) for word in words]
    return float(sum(kept for kept, _ in energies) / sum(original for _, original in energies))


@pytest.mark.parametrize(
    ("bleed_db", "gain", "most_left"),
    [(8.0, 1.0, 0.4), (12.0, 1.0, 0.15), (20.0, 1.0, 0.02), (20.0, 4.0, 0.02), (40.0, 0.25, 0.02)],
)
def test_each_microphone_keeps_only_its_own_speaker(bleed_db: float, gain: float, most_left: float) -> None:
    """The guest's voice is 4 dB quieter than the host's, which halves a distance of 8 dB between the microphones."""
    tracks, words = two_microphones(bleed_db)
    tracks = [tracks[0], np.roll(tracks[1] * np.float32(gain), ROOM_DELAY)]
    for channel, (before, after) in enumerate(zip(tracks, silence_crosstalk(tracks), strict=True)):
        assert len(after) == len(before)
        assert share_kept(before, after, [word for word in words if word.channel == channel]) > 0.99
        assert share_kept(before, after, [word for word in words if word.channel != channel]) < most_left


def test_the_noise_gate_makes_no_clicks() -> None:
    tracks, _ = two_microphones(20.0)
    for before, after in zip(tracks, silence_crosstalk(tracks), strict=True):
        assert np.abs(np.diff(after)).max() <= np.abs(np.diff(before)).max() * 1.01


def test_two_people_who_speak_at_once_both_stay_audible() -> None:
    tracks, _ = two_microphones(20.0)
    second = np.roll(tracks[1], -round(3 * SPEECH_RATE_HZ))
    both = [tracks[0] + 0.1 * second, second + 0.1 * tracks[0]]
    is_open = [np.abs(track) > 0 for track in silence_crosstalk(both)]
    is_loud = [np.abs(track) > 0.05 for track in both]
    overlap = is_loud[0] & is_loud[1]
    assert overlap.sum() > SPEECH_RATE_HZ / 4
    assert (is_open[0] & is_open[1])[overlap].mean() > 0.9


@pytest.mark.parametrize("bleed_db", [10.0, 20.0])
def test_words_get_the_microphone_that_they_were_spoken_into(bleed_db: float) -> None:
    tracks, words = two_microphones(bleed_db)
    assigned = assign_microphones([replace(word, channel=None) for word in words], tracks)
    right = sum(word.channel == true_word.channel for word, true_word in zip(assigned, words, strict=True))
    assert right >= 0.99 * len(words)
    assert {(word.channel, word.speaker) for word in assigned} == {(0, "SPEAKER_00"), (1, "SPEAKER_01")}
    (labelled_word,) = assign_microphones([replace(words[0], speaker="Anna")], tracks)
    assert labelled_word.speaker == "Anna"


def test_echoes_are_removed_but_not_words_spoken_by_two_people_at_once() -> None:
    tracks, words = two_microphones(20.0)
    echoes = [
        replace(word, channel=1 - (word.channel or 0), start=word.start + 0.02, text=word.text.upper())
        for word in words
    ]
    assert remove_echoes([*words, *echoes], tracks) == words
    chorus = tracks[0] + tracks[1]
    assert len(remove_echoes([words[0], replace(words[0], channel=1)], [chorus, chorus])) == 2


@pytest.mark.parametrize("picks_up", ["nothing", "the others"])
def test_a_microphone_that_is_hardly_used_gets_no_words_of_others(picks_up: str) -> None:
    """The third microphone belongs to somebody who says only one sentence."""
    tracks, words = two_microphones(20.0)
    moved = [replace(word, channel=2 if word.segment == 20 else word.channel) for word in words]
    first, last = (round(time * SPEECH_RATE_HZ) for time in bounds([word for word in moved if word.channel == 2]))
    third = np.random.default_rng(3).normal(0, 1e-3, len(tracks[0])).astype(np.float32)
    if picks_up == "the others":
        third += np.float32(0.1) * (tracks[0] + tracks[1])
    third[first:last] += tracks[words_of(words, 20)[0].channel or 0][first:last]
    for track in tracks:
        track[first:last] *= np.float32(0.1)
    three = [*tracks, third]
    assigned = assign_microphones([replace(word, channel=None) for word in moved], three)
    assert [word.channel for word in assigned] == [word.channel for word in moved]
    for channel, (before, after) in enumerate(zip(three, silence_crosstalk(three), strict=True)):
        assert share_kept(before, after, [word for word in moved if word.channel == channel]) > 0.99
        assert share_kept(before, after, [word for word in moved if word.channel != channel]) < 0.02


def words_of(words: list[Word], sentence: int) -> list[Word]:
    return [word for word in words if word.segment == sentence]


def bounds(words: list[Word]) -> tuple[float, float]:
    return words[0].start - 0.1, words[-1].end + 0.1


def test_silent_microphones_and_none_at_all_are_left_unchanged() -> None:
    assert silence_crosstalk([]) == []
    silent = np.zeros(SPEECH_RATE_HZ, np.float32)
    assert [track.tolist() for track in silence_crosstalk([silent, silent])] == [silent.tolist()] * 2
