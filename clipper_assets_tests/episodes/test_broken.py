"""Recordings that broke off, and the sentences about files that cannot be read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from clipper_assets.episodes import audio
from clipper_assets.setting_types import Microphones
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.episodes.probing import probe, refusal

Make = Callable[..., str]
NOISE = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=12", "-f", "lavfi", "-i", "anoisesrc=r=48000:d=12:a=0.3")
CODECS = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "aac", "-shortest")
FRAGMENTED = ("-movflags", "frag_keyframe+empty_moov")
RECORDINGS = {
    "fragments.mp4": FRAGMENTED,
    "fragments with base.mp4": ("-movflags", "frag_keyframe+empty_moov+default_base_moof"),
    "long fragments.mp4": (*FRAGMENTED, "-g", "100"),
    "fragments.mov": FRAGMENTED,
    "sound in fragments.m4a": ("-vn", "-movflags", "empty_moov", "-frag_duration", "1000000"),
    "live.mkv": ("-live", "1"),
}


@pytest.fixture
def cut_off(storage: DirectoryStorage, make: Make) -> Callable[..., str]:
    """A function that makes a recording of 12 s and cuts it off after a share of its bytes."""

    def upload(name: str, *options: str, keep: float = 0.8) -> str:
        key = make(*NOISE, *CODECS, *options, key=name)
        content = storage.read_bytes(key)
        storage.put_bytes(key, content[: int(len(content) * keep)])
        return key

    return upload


@pytest.mark.parametrize("name", RECORDINGS)
def test_what_is_whole_of_a_recording_that_broke_off_is_used(
    name: str, cut_off: Callable[..., str], storage: DirectoryStorage, tmp_path: Path
) -> None:
    key = cut_off(name, *RECORDINGS[name])
    properties = probe(storage, key)
    sound = audio.extract(storage, key, properties, tmp_path, lambda _: lambda _: None, Microphones.auto)
    assert 7 < sound.duration_s < 10.5
    if "m4a" not in name:  # without pictures, the last fragments just look like the end
        assert sound.broke_off or properties.duration_s == pytest.approx(9.6, abs=0.6)


def test_a_recording_that_broke_off_is_used_from_every_storage(
    any_storage: Storage, storage: DirectoryStorage, cut_off: Callable[..., str]
) -> None:
    key = "50% #1?/talk.mp4"
    any_storage.put_bytes(key, storage.read_bytes(cut_off("talk.mp4", *FRAGMENTED, "-g", "100")))
    properties = probe(any_storage, key)
    assert properties.broke_off
    assert properties.duration_s == pytest.approx(8, abs=0.2)


def test_a_whole_recording_in_fragments_did_not_break_off(
    storage: DirectoryStorage, make: Make, tmp_path: Path
) -> None:
    key = make(*NOISE, *CODECS, *FRAGMENTED, key="talk.mp4")
    properties = probe(storage, key)
    assert not properties.broke_off
    sound = audio.extract(storage, key, properties, tmp_path, lambda _: lambda _: None, Microphones.auto)
    assert not sound.broke_off
    assert sound.duration_s == pytest.approx(12, abs=0.1)


def test_too_little_of_a_recording_is_refused(cut_off: Callable[..., str], storage: DirectoryStorage) -> None:
    key = cut_off("talk.mp4", *FRAGMENTED, "-g", "50", keep=0.1)
    assert "less than the shortest clip of 3 s" in refusal(storage, key)


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        (
            "talk.mp4",
            (),
            "is not a media file that can be read: its index, which recorders write at the end, is missing",
        ),
        (
            "talk.mov",
            (),
            "is not a media file that can be read: its index, which recorders write at the end, is missing",
        ),
        ("talk.mp4", ("-movflags", "+faststart"), "is truncated: its length is given as 12.0 s"),
        ("few.mp4", ("-movflags", "+faststart", "-r", "5"), "is truncated: its length is given as 12.0 s"),
        ("talk.mkv", (), "is truncated: its length is given as 12.0 s"),
        ("talk.ts", (), "is not a media file that can be read: it is an MPEG transport stream; convert it to mp4"),
    ],
)
def test_the_sentence_about_a_truncated_upload_is_true(
    name: str, options: tuple[str, ...], sentence: str, cut_off: Callable[..., str], storage: DirectoryStorage
) -> None:
    assert sentence in refusal(storage, cut_off(name, *options, keep=0.7))
