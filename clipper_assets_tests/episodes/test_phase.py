"""Stereo sound whose channels cannot be mixed."""

from pathlib import Path

import numpy as np
import pytest

from clipper_assets.episodes import audio
from clipper_assets.episodes.probe import probe_upload
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.speech import SPEECH_RATE_HZ, load_speech
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.setting_types import Microphones
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.support.media import microphone_video, plan_of, samples, source_of, speech_of, two_microphones
from clipper_assets_tests.support.uploads import rendered

SPEECH = speech_of(Path(__file__).parents[2] / "sample" / "episode.mp4")[: 12 * SPEECH_RATE_HZ]
NOISE = np.random.default_rng(3).normal(0, 0.003, (2, len(SPEECH))).astype(np.float32)
LATE = np.roll(SPEECH, 160)
HALF = np.where(np.arange(len(SPEECH)) < len(SPEECH) // 2, 1, -1).astype(np.float32)
KINDS = {
    "inverted": (SPEECH, -SPEECH, 0),
    "inverted and quieter": (0.6 * SPEECH, -SPEECH, 1),
    "inverted with noise": (SPEECH + NOISE[0], -SPEECH + NOISE[1], 0),
    "partly out of phase": (SPEECH, -0.5 * SPEECH, 0),
    "inverted in one half": (SPEECH, HALF * SPEECH, 0),
    "dead right channel": (SPEECH, 0 * SPEECH, 0),
    "dead left channel with hiss": (0.01 * NOISE[0], SPEECH, 1),
    "dual mono": (SPEECH, SPEECH, None),
    "panned": (SPEECH, 0.3 * SPEECH, None),
    "late by 10 ms": (SPEECH, LATE, None),
    "late and inverted": (SPEECH, -LATE, None),
    "wide": (SPEECH + 0.5 * LATE, SPEECH - 0.5 * LATE, None),
    "silent": (0 * SPEECH, 0 * SPEECH, None),
}


def level_db(values: "np.typing.NDArray[np.floating]") -> float:
    return float(10 * np.log10(np.mean(np.square(values)) + 1e-12))


@pytest.mark.parametrize("kind", KINDS)
def test_channels_that_cancel_each_other_are_not_mixed(kind: str, storage: DirectoryStorage, tmp_path: Path) -> None:
    left, right, channel = KINDS[kind]
    microphone_video(Path(storage.root) / "talk.mkv", [left, right], as_streams=False)
    probe = probe_upload(storage, "talk.mkv", 1)
    sound = audio.extract(storage, "talk.mkv", probe, tmp_path, lambda _: lambda _: None, Microphones.auto)
    assert (sound.only and sound.only.channel) == channel
    assert sound.microphones == ()
    if kind != "silent":
        assert level_db(load_speech(sound.speech)) > level_db(SPEECH) - 7


def test_two_microphones_are_not_taken_for_a_fault(storage: DirectoryStorage, tmp_path: Path) -> None:
    for bleed_db in (3, 12, 30):
        tracks, _ = two_microphones(bleed_db)
        tracks = [track[: 60 * SPEECH_RATE_HZ] for track in tracks]
        microphone_video(Path(storage.root) / "talk.mkv", tracks, as_streams=False)
        probe = probe_upload(storage, "talk.mkv", 1)
        sound = audio.extract(storage, "talk.mkv", probe, tmp_path, lambda _: lambda _: None, Microphones.auto)
        assert sound.only is None


def test_the_sound_of_clips_is_heard_on_a_phone(tmp_path: Path) -> None:
    video = microphone_video(tmp_path / "talk.mkv", [SPEECH, -SPEECH], as_streams=False)
    source = RawVideo(**vars(source_of(video)) | {"audio_channel": 0})
    clip = rendered(plan_of(source, 1.0, 30), source, video, tmp_path / "clip")
    assert level_db(samples(clip)[1]) > -25


def test_the_table_keeps_the_channel_and_the_reason(tmp_path: Path) -> None:
    video = microphone_video(tmp_path / "talk.mkv", [SPEECH, -SPEECH], as_streams=False)
    reason = (Degraded("raw_video", "the channels cancel each other"),)
    source = RawVideo(**vars(source_of(video)) | {"audio_channel": 0, "degraded": reason})
    assert RawVideo.from_table(source.to_table()) == source
    old = source.to_table().drop_columns(["audio_channel", "degraded", "unread_audio", "broke_off"])
    assert RawVideo.from_table(old).degraded == ()
