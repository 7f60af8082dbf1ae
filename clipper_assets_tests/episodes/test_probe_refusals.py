"""Uploads that the probe refuses."""

import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from clipper_assets.media.ffmpeg import run
from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.episodes.probing import H264, PICTURE, SOUND, probe, refusal
from clipper_assets_tests.support.media import picture_bomb

Make = Callable[..., str]


def test_a_video_without_sound_is_refused(storage: DirectoryStorage, make: Make) -> None:
    assert "no audio stream" in refusal(storage, make(*PICTURE, *H264))


def test_a_video_shorter_than_a_clip_is_refused(storage: DirectoryStorage, plain: Path) -> None:
    storage.put_file("plain.mp4", plain)
    sentence = refusal(storage, "plain.mp4", shortest_s=30)
    assert sentence.startswith("plain.mp4 lasts 8.0 s, less than the shortest clip of 30 s; ")
    assert probe(storage, "plain.mp4", shortest_s=8).duration_s == 8


def test_missing_and_empty_uploads_are_refused(any_storage: Storage) -> None:
    assert "does not exist" in refusal(any_storage, "test1/a.mp4")
    any_storage.put_bytes("test1/a.mp4", b"")
    assert "is empty (0 bytes)" in refusal(any_storage, "test1/a.mp4")


@pytest.mark.parametrize(
    "content",
    [
        b"This is no video.\n" * 100,
        b"\0" * 5000,
        b"<html><body>403 Forbidden</body></html>",
        b"1\n00:00:00,000 --> 00:00:09,000\nOnly words.\n",
        # Playlists, which would make ffmpeg read other files or hosts.
        b"ffconcat version 1.0\nfile plain.mp4\n",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:8\n#EXTINF:8,\nplain.mp4\n#EXT-X-ENDLIST\n",
    ],
)
def test_a_file_that_is_not_media_is_refused(any_storage: Storage, plain: Path, content: bytes) -> None:
    any_storage.put_file("plain.mp4", plain)
    any_storage.put_bytes("no-video.mp4", content)
    assert "is not a media file that can be read" in refusal(any_storage, "no-video.mp4")


def store_truncated(storage: Storage, file: Path, *, keep: float) -> None:
    data = file.read_bytes()
    storage.put_bytes("upload.mp4", data[: int(len(data) * keep)])


def test_a_truncated_video_with_its_index_at_the_end_is_refused(any_storage: Storage, plain: Path) -> None:
    store_truncated(any_storage, plain, keep=0.6)
    assert "is not a media file that can be read" in refusal(any_storage, "upload.mp4")


@pytest.mark.parametrize("options", [["-movflags", "+faststart"], ["-f", "matroska"]])
def test_a_truncated_video_with_its_index_at_the_start_is_refused(
    any_storage: Storage, plain: Path, tmp_path: Path, options: list[str]
) -> None:
    run(["-i", str(plain), "-c", "copy", *options, "whole.mp4"], cwd=tmp_path)
    store_truncated(any_storage, tmp_path / "whole.mp4", keep=1)
    assert probe(any_storage, "upload.mp4").duration_s == pytest.approx(8, abs=0.05)
    store_truncated(any_storage, tmp_path / "whole.mp4", keep=0.7)
    assert "is truncated: its length is given as 8.0 s, but its end cannot be read" in refusal(
        any_storage, "upload.mp4"
    )


def test_timestamps_that_do_not_start_at_zero_are_not_taken_for_truncation(
    storage: DirectoryStorage, make: Make
) -> None:
    shifted = ["-output_ts_offset", "7", "-avoid_negative_ts", "disabled"]
    for key in ("upload.mkv", "upload.mp4"):
        make(*PICTURE, *SOUND, *H264, "-c:a", "aac", *shifted, key=key)
        assert probe(storage, key).audio_codec == "aac"


def test_a_video_without_its_beginning_is_refused(any_storage: Storage, plain: Path) -> None:
    any_storage.put_bytes("upload.mp4", plain.read_bytes()[1000:])
    assert "its beginning is damaged" in refusal(any_storage, "upload.mp4")


def test_an_mpeg_transport_stream_is_refused(storage: DirectoryStorage, make: Make) -> None:
    make(*PICTURE, *SOUND, *H264, "-c:a", "aac", key="upload.ts")
    assert "is not a media file that can be read" in refusal(storage, "upload.ts")


SIGNED = "http://127.0.0.1:9/upload.mp4?X-Amz-Signature=secret"  # port 9: no server listens


def test_the_error_of_an_unreachable_storage_does_not_contain_the_url(
    storage: DirectoryStorage, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.put_bytes("upload.mp4", plain.read_bytes())
    monkeypatch.setattr(DirectoryStorage, "media_source", lambda *_: SIGNED)
    with pytest.raises(StorageError, match=r"upload\.mp4 cannot be read: Connection refused$"):
        probe(storage, "upload.mp4")


def test_an_unknown_codec_is_refused(storage: DirectoryStorage, plain: Path) -> None:
    storage.put_bytes("upload.mp4", plain.read_bytes().replace(b"avc1", b"????"))
    assert "codec" in refusal(storage, "upload.mp4")


def test_a_video_without_a_readable_frame_is_refused(storage: DirectoryStorage, plain: Path) -> None:
    data = plain.read_bytes()
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    storage.put_bytes("upload.mp4", data[:start] + b"\0" * (end - start) + data[end:])
    refusal(storage, "upload.mp4")


def test_a_video_frame_of_gigabytes_is_refused_without_decoding_it(storage: DirectoryStorage) -> None:
    picture_bomb(Path(storage.root) / "bomb.mkv")
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "larger than 8192x4320 pixels" in refusal(storage, "bomb.mkv")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 100_000


def test_cover_art_that_is_too_large_is_refused(storage: DirectoryStorage, make: Make) -> None:
    cover = make("-f", "lavfi", "-i", "color=red:s=9000x9000", "-frames:v", "1", key="cover.jpg")
    mapped = ["-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic"]
    key = make(*SOUND, "-i", cover, *mapped, "-c:a", "aac", key="talk.m4a")
    assert "larger than 8192x4320 pixels" in refusal(storage, key)


def test_more_than_64_streams_are_refused(storage: DirectoryStorage, make: Make) -> None:
    key = make(*SOUND, *["-map", "0"] * 65, "-c:a", "pcm_s16le", key="many.mkv")
    assert "has 65 streams, more than 64" in refusal(storage, key)
