"""All the sound of files that were joined without a program that understands them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from clipper_assets.episodes import audio
from clipper_assets.episodes.joined import joined_sound, probe_of_joined
from clipper_assets.episodes.parts import is_joined, part_starts
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples, load_speech
from clipper_assets.runtime.progress import Report
from clipper_assets.setting_types import Microphones
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.episodes.probing import probe, refusal

pytestmark = pytest.mark.episodes

Make = Callable[..., str]

MP3, VBR = ("-c:a", "libmp3lame", "-b:a", "64k"), ("-c:a", "libmp3lame", "-q:a", "4")
MONO, LOW = ("-ac", "1"), ("-ac", "1", "-ar", "22050")
STEREO = ("-ac", "2", "-ar", "44100")
OPUS, VORBIS = ("-c:a", "libopus"), ("-c:a", "libvorbis")

JOINED: dict[str, tuple[str, tuple[tuple[str, ...], ...]]] = {
    "another channel count": ("mp3", ((*MONO, *MP3), (*STEREO, *MP3))),
    "another rate": ("mp3", ((*LOW, *MP3), (*STEREO, *VBR))),
    "a low rate last": ("mp3", ((*STEREO, *VBR), (*LOW, *MP3))),
    "the same format": ("mp3", ((*STEREO, *VBR), (*STEREO, *VBR))),
    "without tags": ("mp3", ((*STEREO, *MP3, "-id3v2_version", "0"), (*STEREO, *VBR, "-id3v2_version", "0"))),
    "three": ("mp3", ((*MONO, *MP3), (*STEREO, *VBR), (*LOW, *MP3))),
    "with old tags": ("mp3", ((*STEREO, *MP3, "-write_id3v1", "1"), (*MONO, *MP3, "-write_id3v1", "1"))),
    "opus": ("opus", ((*MONO, *OPUS), ("-ac", "2", *OPUS))),
    "three of opus": ("opus", (OPUS, OPUS, OPUS)),
    "vorbis": ("ogg", ((*MONO, *VORBIS), (*STEREO, *VORBIS))),
    "vorbis of another rate": ("ogg", ((*LOW, *VORBIS), (*STEREO, *VORBIS))),
    "wav": ("wav", (STEREO, STEREO)),
    "wav of another rate": ("wav", (LOW, STEREO, MONO)),
}


@pytest.fixture
def join(storage: DirectoryStorage, make: Make) -> Callable[[str], str]:
    """A function that joins a kind of `JOINED`: tones of two seconds, each higher, with a pause after each."""

    def joined(kind: str) -> str:
        suffix, parts = JOINED[kind]
        content = b""
        for number, options in enumerate(parts):
            tone = f"sine=f={300 * (number + 1)}:r=48000:d=2,volume=2,apad=whole_dur=3"
            part = make("-f", "lavfi", "-i", tone, "-metadata", "title=Part", *options, key=f"part {number}.{suffix}")
            content += storage.read_bytes(part)
        storage.put_bytes(f"talk.{suffix}", content)
        return f"talk.{suffix}"

    return joined


def no_progress(stage: str) -> Report:
    return lambda share: None


def sound_of(storage: Storage, key: str, folder: Path) -> Samples:
    properties = probe(storage, key)
    joined = joined_sound(storage, key, properties, folder, no_progress)
    assert joined
    properties = probe_of_joined(properties)
    sound = audio.extract(storage, key, properties, folder, no_progress, Microphones.auto, joined)
    samples = load_speech(sound.speech)
    assert sound.duration_s == pytest.approx(len(samples) / SPEECH_RATE_HZ, abs=0.01)
    return samples


@pytest.mark.parametrize("kind", JOINED)
def test_all_parts_are_used_one_after_the_other(
    kind: str, join: Callable[[str], str], storage: DirectoryStorage, tmp_path: Path
) -> None:
    samples = sound_of(storage, join(kind), tmp_path)
    count = len(JOINED[kind][1])
    assert len(samples) / SPEECH_RATE_HZ == pytest.approx(3 * count, abs=0.3)
    for number in range(count):
        second = samples[round((3 * number + 0.7) * SPEECH_RATE_HZ) :][:SPEECH_RATE_HZ]
        loudest_hz = np.abs(np.fft.rfft(second)).argmax()
        assert loudest_hz == pytest.approx(300 * (number + 1), abs=3)


def test_a_joined_upload_is_probed_on_every_storage(
    any_storage: Storage, storage: DirectoryStorage, join: Callable[[str], str]
) -> None:
    key = "50% #1?/talk.mp3"
    any_storage.put_bytes(key, storage.read_bytes(join("another rate")))
    assert probe(any_storage, key, shortest_s=6).duration_s is None
    assert is_joined(any_storage.media_source(key), "mp3")


@pytest.mark.parametrize("name", ["talk.mp3", "talk.wav", "talk.ogg", "talk.opus"])
def test_a_whole_recording_is_one_part(storage: DirectoryStorage, make: Make, name: str, tmp_path: Path) -> None:
    codec = {"mp3": VBR, "opus": OPUS, "ogg": VORBIS, "wav": ()}[name.split(".")[1]]
    cover = make("-f", "lavfi", "-i", "testsrc=size=64x64:rate=1", "-frames:v", "1", key="cover.jpg")
    tone = ["-f", "lavfi", "-i", "sine=r=48000:d=4"]
    art = ["-i", cover, "-map", "0", "-map", "1", "-c:v", "mjpeg"] if name == "talk.mp3" else []
    key = make(*tone, *art, "-metadata", "title=Xing Info ID3 TAG", *codec, key=name)
    assert joined_sound(storage, key, probe(storage, key), tmp_path, no_progress) is None


def test_a_wav_that_is_longer_than_its_header_says_is_read_to_its_end(
    storage: DirectoryStorage, make: Make, tmp_path: Path
) -> None:
    key = make("-f", "lavfi", "-i", "sine=r=48000:d=6", "-fflags", "+bitexact", key="talk.wav")
    data = bytearray(storage.read_bytes(key))
    third = (len(data) - 44) // 3 // 4 * 4
    data[4:8], data[40:44] = (third + 36).to_bytes(4, "little"), third.to_bytes(4, "little")
    storage.put_bytes(key, bytes(data))
    assert len(sound_of(storage, key, tmp_path)) / SPEECH_RATE_HZ == pytest.approx(6, abs=0.01)


def test_an_mp3_with_a_wrong_length_header_has_the_length_of_its_sound(
    storage: DirectoryStorage, make: Make, tmp_path: Path
) -> None:
    key = make("-f", "lavfi", "-i", "sine=r=48000:d=8", *VBR, key="talk.mp3")
    data = bytearray(storage.read_bytes(key))
    at = data.index(b"Xing") + 8
    data[at : at + 4] = (int.from_bytes(data[at : at + 4], "big") // 2).to_bytes(4, "big")
    storage.put_bytes(key, bytes(data))
    properties = probe(storage, key)
    assert properties.duration_s == pytest.approx(4, abs=0.1)
    sound = audio.extract(storage, key, properties, tmp_path, no_progress, Microphones.auto)
    assert sound.duration_s == pytest.approx(8, abs=0.1)


def test_a_short_recording_is_still_refused(storage: DirectoryStorage, make: Make) -> None:
    key = make("-f", "lavfi", "-i", "sine=r=48000:d=2", *VBR, key="talk.mp3")
    assert "lasts 2.0 s, less than the shortest clip" in refusal(storage, key)


@pytest.mark.parametrize(
    ("content", "container"),
    [
        (b"", "mp3"),
        (b"ID3", "mp3"),
        (b"\xff" * 9999, "mp3"),
        (b"OggS", "ogg"),
        (b"RIFF\0\0\0\0WAVE", "wav"),
        (b"x", "wav"),
    ],
)
def test_damaged_files_have_one_part(content: bytes, container: str) -> None:
    assert part_starts(content, container) == [0]
