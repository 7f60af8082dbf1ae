"""The audio stream that is chosen among several."""

from collections.abc import Callable
from pathlib import Path

import pytest

from clipper_assets.episodes import audio
from clipper_assets.setting_types import Microphones
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.episodes.probing import H264, PICTURE, SOUND, probe, refusal

Make = Callable[..., str]
MAPPED = ("-map", "0", "-map", "1", "-map", "2")


def retag(storage: DirectoryStorage, key: str, tag: bytes, other: bytes) -> str:
    """Overwrite a codec's name in an upload."""
    content = storage.read_bytes(key)
    assert tag in content
    storage.put_bytes(key, content.replace(tag, other))
    return key


@pytest.fixture
def undecodable(storage: DirectoryStorage, make: Make) -> Callable[..., str]:
    """A function that makes an upload with these audio codecs; the name of `pcm_s16le` is overwritten."""

    def upload(*codecs: str, suffix: str = "mov") -> str:
        streams = [part for number, codec in enumerate(codecs) for part in ("-map", "1", f"-c:a:{number}", codec)]
        key = make(*PICTURE, *SOUND, "-map", "0", *streams, *H264, key=f"upload.{suffix}")
        if suffix == "mkv":
            return retag(storage, key, b"A_PCM/INT/LIT", b"A_UNKNOWN/XYZ")
        return retag(storage, key, b"sowt", b"apac")

    return upload


@pytest.mark.parametrize("suffix", ["mov", "mkv"])
@pytest.mark.parametrize(
    ("codecs", "used", "unread"),
    [
        (("aac", "pcm_s16le"), 1, (2,)),
        (("pcm_s16le", "aac"), 2, (1,)),
        (("pcm_s16le", "aac", "pcm_s16le"), 2, (1, 3)),
        (("aac", "pcm_s16le", "aac"), 1, (2,)),
    ],
)
def test_streams_without_a_decoder_are_not_used(
    undecodable: Callable[..., str], codecs: tuple[str, ...], used: int, unread: tuple[int, ...], suffix: str,
    storage: DirectoryStorage, tmp_path: Path,
) -> None:  # fmt: skip
    properties = probe(storage, key := undecodable(*codecs, suffix=suffix))
    assert (properties.audio_stream, properties.unread_audio) == (used, unread)
    assert (properties.audio_codec, properties.audio_streams) == ("aac", len(codecs))
    sound = audio.extract(storage, key, properties, tmp_path, lambda _: lambda _: None, Microphones.auto)
    assert sound.duration_s == pytest.approx(8, abs=0.1)


def test_an_upload_whose_only_sound_has_no_decoder_is_refused(
    undecodable: Callable[..., str], storage: DirectoryStorage
) -> None:
    assert "has an audio stream with an unknown codec; upload it with AAC sound" in refusal(
        storage, undecodable("pcm_s16le")
    )


def test_an_empty_stream_is_not_used(storage: DirectoryStorage, make: Make, tmp_path: Path) -> None:
    empty = ("-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono,atrim=end_sample=0")
    flags = ("-disposition:a:0", "default", "-disposition:a:1", "0")
    key = make(*PICTURE, *empty, *SOUND, *MAPPED, *H264, "-c:a", "aac", *flags, key="upload.mkv")
    properties = probe(storage, key)
    assert (properties.audio_stream, properties.unread_audio) == (2, (1,))
    sound = audio.extract(storage, key, properties, tmp_path, lambda _: lambda _: None, Microphones.auto)
    assert sound.duration_s == pytest.approx(8, abs=0.1)


@pytest.mark.parametrize(
    ("first", "second", "used"),
    [
        ("comment", "0", 2),
        ("0", "comment", 1),
        ("default+comment", "0", 2),
        ("0", "default", 2),
        ("comment", "comment", 1),
    ],
)
def test_a_commentary_is_not_used_if_there_is_another_stream(
    storage: DirectoryStorage, make: Make, first: str, second: str, used: int
) -> None:
    flags = ("-disposition:a:0", first, "-disposition:a:1", second)
    key = make(*PICTURE, *SOUND, *SOUND, *MAPPED, *H264, "-c:a", "aac", *flags, key="upload.mkv")
    assert probe(storage, key).audio_stream == used


def test_a_data_stream_is_no_sound(storage: DirectoryStorage, make: Make) -> None:
    key = make(*PICTURE, *SOUND, "-timecode", "01:00:00:00", *H264, "-c:a", "aac", key="upload.mov")
    properties = probe(storage, key)
    assert (properties.audio_stream, properties.audio_streams, properties.unread_audio) == (1, 1, ())
