from pathlib import Path

import numpy as np
import pytest

from clipper_assets.episodes import audio
from clipper_assets.episodes.audio import Sound
from clipper_assets.episodes.microphones import Microphone, detect_microphones, possible_microphones
from clipper_assets.episodes.probe import probe_upload
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples, load_speech
from clipper_assets.runtime.errors import UploadRefusedError
from clipper_assets.setting_types import Microphones
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.support.media import microphone_video, source_of, two_microphones


def beginning(track: Samples, seconds: float = 60.0) -> Samples:
    return track[: round(seconds * SPEECH_RATE_HZ)]


@pytest.fixture(scope="module")
def tracks() -> list[Samples]:
    return [beginning(track) for track in two_microphones(20.0)[0]]


def noise(seed: int, like: Samples, level: float) -> Samples:
    return np.random.default_rng(seed).normal(0, level, len(like)).astype(np.float32)


@pytest.mark.parametrize("bleed_db", [10.0, 20.0, 40.0])
@pytest.mark.parametrize("gain", [0.3, 1.0, 3.0])
def test_two_voices_on_two_microphones_are_detected(bleed_db: float, gain: float) -> None:
    host, guest = (beginning(track) for track in two_microphones(bleed_db)[0])
    detection = detect_microphones([host, np.float32(gain) * guest])
    assert detection.tracks == (0, 1)
    assert detection.why.startswith("2 microphones: one is ")


def test_a_stream_that_is_the_mix_of_the_others_is_not_a_microphone(tracks: list[Samples]) -> None:
    host, guest = tracks
    assert detect_microphones([host + guest, host, guest], mix=0).tracks == (1, 2)
    assert detect_microphones([host, guest, host + guest], mix=2).tracks == (0, 1)


def test_a_microphone_that_nobody_speaks_into_still_counts(tracks: list[Samples]) -> None:
    host, guest = tracks
    for third in (np.zeros_like(host), noise(3, host, 1e-3), 0.1 * (host + guest) + noise(3, host, 1e-3)):
        assert detect_microphones([host, guest, third]).tracks == (0, 1, 2)


def test_tracks_of_a_mix_are_not_microphones(tracks: list[Samples]) -> None:
    host, guest = tracks
    mix = host + guest
    panned = [host + 0.6 * guest, 0.6 * host + guest]
    other_language = np.roll(mix, 5 * SPEECH_RATE_HZ)
    for sound in (
        [mix, mix],
        panned,
        [mix, np.zeros_like(mix)],
        [mix, noise(1, mix, 1e-4)],
        [np.zeros_like(mix), np.zeros_like(mix)],
        [noise(1, mix, 1e-4), noise(2, mix, 1e-4)],
        [mix[:100], mix[:100]],
        [mix[:0], mix[:0]],
        [mix, other_language],
        [mix, mix, np.zeros_like(mix), mix, 0.3 * mix, 0.3 * mix],
    ):
        detection = detect_microphones(sound, mix=0)
        assert detection.tracks == (), detection.why
        assert detection.why.startswith("one mix")


def test_the_setting_selects_streams_or_channels_or_is_refused(tmp_path: Path, tracks: list[Samples]) -> None:
    stereo = source_of(microphone_video(tmp_path / "stereo.mkv", tracks, as_streams=False))
    streams = source_of(microphone_video(tmp_path / "streams.mkv", tracks, as_streams=True))
    assert possible_microphones(stereo, "a.mkv", Microphones.together) == []
    assert possible_microphones(stereo, "a.mkv", Microphones.auto) == [Microphone(1, 0), Microphone(1, 1)]
    assert possible_microphones(streams, "a.mkv", Microphones.auto) == [Microphone(1), Microphone(2)]
    with pytest.raises(UploadRefusedError, match=r"^a\.mkv has 1 audio stream, but separate microphones need 2 to 8; "):
        possible_microphones(stereo, "a.mkv", Microphones.streams)
    with pytest.raises(UploadRefusedError, match="1 audio channel,"):
        possible_microphones(streams, "a.mkv", Microphones.channels)


def extracted(file: Path, setting: Microphones = Microphones.auto) -> Sound:
    storage = DirectoryStorage(root=str(file.parent))
    folder = file.parent / f"{file.stem}_{setting}"
    folder.mkdir()
    return audio.extract(
        storage, file.name, probe_upload(storage, file.name, 1), folder, lambda stage: lambda share: None, setting
    )


def correlation(one: Samples, other: Samples) -> float:
    size = min(len(one), len(other))
    return float(np.corrcoef(one[:size], other[:size])[0, 1])


@pytest.mark.parametrize("as_streams", [False, True])
def test_extracted_microphones_are_in_sync(tmp_path: Path, tracks: list[Samples], as_streams: bool) -> None:
    late_s = 1.3 if as_streams else 0.0
    sound = extracted(microphone_video(tmp_path / "ep.mkv", tracks, as_streams=as_streams, late_s=late_s))
    microphones = [microphone for microphone, _ in sound.microphones]
    assert microphones == ([Microphone(1), Microphone(2)] if as_streams else [Microphone(1, 0), Microphone(1, 1)])
    for (_, file), track in zip(sound.microphones, tracks, strict=True):
        assert correlation(load_speech(file), track) > 0.99
    assert correlation(load_speech(sound.speech), tracks[0] + tracks[1]) > 0.99


def test_a_mix_among_the_streams_is_the_audio_of_the_episode(tmp_path: Path, tracks: list[Samples]) -> None:
    mix = tracks[0] + tracks[1]
    sound = extracted(microphone_video(tmp_path / "obs.mkv", [mix, *tracks], as_streams=True))
    assert [microphone for microphone, _ in sound.microphones] == [Microphone(2), Microphone(3)]
    assert correlation(load_speech(sound.speech), mix) > 0.99


def test_an_ordinary_upload_has_no_microphones(tmp_path: Path, tracks: list[Samples]) -> None:
    mix = tracks[0] + tracks[1]
    assert extracted(microphone_video(tmp_path / "mono.mkv", [mix], as_streams=True)).microphones == ()
    stereo = extracted(microphone_video(tmp_path / "stereo.mkv", [mix, mix], as_streams=False))
    assert (stereo.microphones, stereo.decided[:8]) == ((), "one mix:")
    assert correlation(load_speech(stereo.speech), mix) > 0.99


def test_the_setting_overrides_the_detection(tmp_path: Path, tracks: list[Samples]) -> None:
    file = microphone_video(tmp_path / "ep.mkv", tracks, as_streams=False)
    assert extracted(file, Microphones.together).microphones == ()
    mix = tracks[0] + tracks[1]
    stereo = microphone_video(tmp_path / "stereo.mkv", [mix, mix], as_streams=False)
    sound = extracted(stereo, Microphones.channels)
    assert len(sound.microphones) == 2
    assert sound.decided == "channels, as set"


def test_microphones_of_an_earlier_run_are_deleted_from_the_lake(
    storage: DirectoryStorage, tmp_path: Path, tracks: list[Samples]
) -> None:
    file = microphone_video(tmp_path / "ep.mkv", tracks, as_streams=False)
    *_, stored = audio.store(storage, "ep.mkv", extracted(file))
    assert [microphone.speech_key for microphone in stored] == [
        f"lake/speech/episode=ep.mkv/microphone_{number}.flac" for number in (0, 1)
    ]
    assert all(storage.exists(microphone.speech_key) for microphone in stored)
    *_, none = audio.store(storage, "ep.mkv", extracted(file, Microphones.together))
    assert none == ()
    assert not any(storage.exists(microphone.speech_key) for microphone in stored)
