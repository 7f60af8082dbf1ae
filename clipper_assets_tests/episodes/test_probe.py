import resource
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from clipper_assets.episodes.probe import Probe, probe_upload
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.ffmpeg import run
from clipper_assets.runtime.errors import StorageError, UploadRefusedError
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.support.media import picture_bomb

PICTURE = ["-f", "lavfi", "-i", "testsrc=size=160x90:rate=25:duration=8"]
SOUND = ["-f", "lavfi", "-i", "sine=r=48000:duration=8"]
H264 = ["-c:v", "libx264", "-preset", "ultrafast"]
SHORTEST_S = 3.0


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds, 160x90, 25 fps, H.264 and AAC, with its index at the end."""
    folder = tmp_path_factory.mktemp("plain")
    run([*PICTURE, *SOUND, *H264, "-c:a", "aac", "plain.mp4"], cwd=folder)
    return folder / "plain.mp4"


Make = Callable[..., str]


@pytest.fixture
def make(storage: DirectoryStorage) -> Make:
    """Makes an upload with ffmpeg; returns its key."""

    def made(*arguments: str, key: str = "upload.mp4") -> str:
        run([*arguments, key], cwd=Path(storage.root))
        return key

    return made


def probe(storage: Storage, key: str, shortest_s: float = SHORTEST_S) -> Probe:
    return probe_upload(storage, key, shortest_s)


def refusal(storage: Storage, key: str, shortest_s: float = SHORTEST_S) -> str:
    """The sentence that refuses the upload: one line that names the key and says what to do."""
    with pytest.raises(UploadRefusedError) as refused:
        probe_upload(storage, key, shortest_s)
    sentence = str(refused.value)
    assert key in sentence
    assert "; " in sentence
    assert "\n" not in sentence
    return sentence


def test_a_plain_video(any_storage: Storage, plain: Path) -> None:
    any_storage.put_file("a b/plain.mp4", plain)
    assert probe(any_storage, "a b/plain.mp4") == Probe(
        size_bytes=plain.stat().st_size,
        container="mov,mp4,m4a,3gp,3g2,mj2",
        duration_s=8.0,
        width_px=160,
        height_px=90,
        rotation_deg=0,
        sample_aspect_ratio=1.0,
        fps=25.0,
        variable_fps=False,
        hdr=False,
        video_codec="h264",
        pixel_format="yuv444p",
        video_stream=0,
        audio_codec="aac",
        audio_stream=1,
        audio_streams=1,
        audio_channels=1,
        audio_rate_hz=48000,
        audio_indices=(1,),
    )


def test_a_video_with_uneven_frames(storage: DirectoryStorage, make: Make) -> None:
    uneven = ["-vf", "select='not(eq(mod(n,5),2))'", "-fps_mode", "vfr"]
    key = make(*PICTURE, *SOUND, *uneven, *H264, "-c:a", "aac")
    assert probe(storage, key).variable_fps


@pytest.mark.parametrize(("rate", "fps"), [("30000/1001", 29.97), ("60", 60), ("24", 24)])
def test_rounded_times_of_matroska_are_not_uneven(storage: DirectoryStorage, make: Make, rate: str, fps: float) -> None:
    key = make(*PICTURE, *SOUND, "-r", rate, *H264, "-c:a", "aac", key="upload.mkv")
    found = probe(storage, key)
    assert not found.variable_fps
    assert found.fps == pytest.approx(fps, rel=0.01)


def test_a_rotated_video_has_the_size_as_displayed(storage: DirectoryStorage, make: Make, plain: Path) -> None:
    key = make("-display_rotation", "90", "-i", str(plain), "-c", "copy")
    found = probe(storage, key)
    assert (found.width_px, found.height_px, abs(found.rotation_deg)) == (90, 160, 90)


@pytest.mark.parametrize(("rotation", "expected"), [("0", 4 / 3), ("90", 3 / 4)])
def test_odd_pixels_have_their_aspect_as_displayed(
    storage: DirectoryStorage, make: Make, rotation: str, expected: float
) -> None:
    straight = make(*PICTURE, *SOUND, "-vf", "setsar=4/3", *H264, "-c:a", "aac", key="straight.mp4")
    key = make("-display_rotation", rotation, "-i", straight, "-c", "copy")
    assert probe(storage, key).sample_aspect_ratio == pytest.approx(expected)


@pytest.mark.parametrize(("transfer", "hdr"), [("smpte2084", True), ("arib-std-b67", True), ("bt709", False)])
def test_hdr_is_told_by_its_transfer(storage: DirectoryStorage, make: Make, transfer: str, hdr: bool) -> None:
    key = make(*PICTURE, *SOUND, *H264, "-x264-params", f"transfer={transfer}", "-c:a", "aac")
    assert probe(storage, key).hdr is hdr


@pytest.mark.parametrize(("dispositions", "chosen"), [(("default", "0"), 1), (("0", "default"), 2)])
def test_the_default_audio_stream_is_taken(
    storage: DirectoryStorage, make: Make, dispositions: tuple[str, str], chosen: int
) -> None:
    first, second = dispositions
    key = make(
        *PICTURE, *SOUND, *SOUND, "-map", "0", "-map", "1", "-map", "2", *H264, "-c:a", "aac",
        "-disposition:a:0", first, "-disposition:a:1", second, key="upload.mkv",
    )  # fmt: skip
    found = probe(storage, key)
    assert (found.audio_streams, found.audio_stream) == (2, chosen)


def test_the_video_is_found_behind_a_cover(storage: DirectoryStorage, make: Make) -> None:
    cover = make("-f", "lavfi", "-i", "testsrc=size=64x64:rate=1", "-frames:v", "1", key="cover.jpg")
    key = make(
        "-i", cover, *PICTURE, *SOUND, "-map", "0", "-map", "1", "-map", "2", "-c:v:0", "mjpeg", "-c:v:1", "libx264",
        "-c:a", "aac", "-disposition:v:0", "attached_pic",
    )  # fmt: skip
    found = probe(storage, key)
    assert (found.video_codec, found.width_px) == ("h264", 160)


SOUND_FILES = {
    "talk.mp3": ("libmp3lame", "mp3float"),
    "talk.m4a": ("aac", "aac"),
    "talk.wav": ("pcm_s16le", "pcm_s16le"),
    "talk.flac": ("flac", "flac"),
    "talk.opus": ("libopus", "opus"),
    "talk.ogg": ("libvorbis", "vorbis"),
}


@pytest.mark.parametrize("name", SOUND_FILES)
def test_sound_alone_has_no_picture(storage: DirectoryStorage, make: Make, name: str) -> None:
    encoder, decoder = SOUND_FILES[name]
    found = probe(storage, make(*SOUND, "-c:a", encoder, key=name))
    assert found.audio_only
    assert (found.video_stream, found.cover_stream, found.width_px, found.height_px, found.fps) == (None, None, 0, 0, 0)
    assert (found.audio_codec, found.audio_stream, found.audio_indices) == (decoder, 0, (0,))
    assert found.duration_s == pytest.approx(8, abs=0.02)


@pytest.mark.parametrize("name", ["talk.mp3", "talk.m4a", "talk.flac"])
def test_a_cover_is_remembered_and_not_a_video(storage: DirectoryStorage, make: Make, name: str) -> None:
    cover = make("-f", "lavfi", "-i", "testsrc=size=64x64:rate=1", "-frames:v", "1", key="cover.jpg")
    codecs = ["-c:v", "mjpeg", "-c:a", SOUND_FILES[name][0]]
    key = make(*SOUND, "-i", cover, "-map", "0", "-map", "1", *codecs, "-disposition:v", "attached_pic", key=name)
    found = probe(storage, key)
    assert (found.audio_only, found.cover_stream, found.width_px) == (True, 1, 0)


def test_chapters_are_not_a_picture(storage: DirectoryStorage, make: Make) -> None:
    marks = ";FFMETADATA1\n" + "".join(
        f"[CHAPTER]\nTIMEBASE=1/1\nSTART={start}\nEND={start + 4}\ntitle=Part\n" for start in (0, 4)
    )
    storage.put_bytes("marks.txt", marks.encode())
    found = probe(storage, make(*SOUND, "-i", "marks.txt", "-map_chapters", "1", "-c:a", "aac", key="talk.m4a"))
    assert (found.audio_only, found.cover_stream, found.audio_indices) == (True, None, (0,))


@pytest.mark.parametrize("name", ["talk.mp3", "talk.m4a", "talk.flac", "talk.opus"])
def test_title_and_show_are_read_from_the_tags(storage: DirectoryStorage, make: Make, name: str) -> None:
    tags = ["-metadata", "title=Why  bees dance", "-metadata", "album=Field Notes", "-metadata", "artist=Ada"]
    tagged = make(*SOUND, "-c:a", SOUND_FILES[name][0], *tags, key=name)
    assert (probe(storage, tagged).title, probe(storage, tagged).show) == ("Why bees dance", "Field Notes")
    by_artist = make("-i", tagged, "-c", "copy", "-metadata", "album=", "-metadata:s:a", "album=", key=f"ada {name}")
    assert probe(storage, by_artist).show == "Ada"


def test_a_tag_that_is_no_utf_8_is_no_obstacle(storage: DirectoryStorage, make: Make) -> None:
    key = make(*SOUND, "-map_metadata", "-1", "-id3v2_version", "0", "-c:a", "libmp3lame", key="talk.mp3")
    storage.put_bytes(key, storage.read_bytes(key) + b"TAG" + "Träume".encode("latin-1").ljust(124, b"\0") + b"\xff")
    assert probe(storage, key).title == "Tr\ufffdume"


def test_an_mp3_of_which_ffmpeg_would_guess_the_length_promises_none(storage: DirectoryStorage, make: Make) -> None:
    pause_then_sound = ["-f", "lavfi", "-i", "anullsrc=r=48000:d=4", *SOUND, "-filter_complex", "concat=v=0:a=1"]
    key = make(*pause_then_sound, "-c:a", "libmp3lame", "-q:a", "0", "-write_xing", "0", key="talk.mp3")
    assert probe(storage, key).duration_s is None


@pytest.mark.parametrize("name", ["talk.mp3", "talk.m4a", "talk.flac"])
def test_sound_that_promises_more_than_is_there_is_refused(
    storage: DirectoryStorage, make: Make, name: str, tmp_path: Path
) -> None:
    noise = ["-f", "lavfi", "-i", "anoisesrc=d=8:r=48000:a=0.3"]
    whole = make(*noise, "-c:a", SOUND_FILES[name][0], "-movflags", "+faststart", key=f"whole {name}")
    assert probe(storage, whole).duration_s == pytest.approx(8, abs=0.02)
    data = storage.read_bytes(whole)
    storage.put_bytes(name, data[: len(data) * 6 // 10])
    assert "is truncated: it promises 8.0 s but its end cannot be read" in refusal(storage, name)


@pytest.mark.parametrize("name", ["talk.wav", "talk.opus"])
def test_sound_that_promises_nothing_is_as_long_as_it_is(storage: DirectoryStorage, make: Make, name: str) -> None:
    noise = ["-f", "lavfi", "-i", "anoisesrc=d=8:r=48000:a=0.3"]
    data = storage.read_bytes(make(*noise, "-c:a", SOUND_FILES[name][0], key=name))
    storage.put_bytes(name, data[: len(data) * 6 // 10])
    assert probe(storage, name).duration_s == pytest.approx(8 * 0.6, abs=1)  # a page of Ogg is a second


def test_a_video_without_sound_is_refused(storage: DirectoryStorage, make: Make) -> None:
    assert "no audio stream" in refusal(storage, make(*PICTURE, *H264))


def test_a_video_shorter_than_a_clip_is_refused(storage: DirectoryStorage, plain: Path) -> None:
    storage.put_file("plain.mp4", plain)
    sentence = refusal(storage, "plain.mp4", shortest_s=30)
    assert sentence.startswith("plain.mp4 lasts 8.0 s, less than the shortest clip of 30 s; ")
    assert probe(storage, "plain.mp4", shortest_s=8).duration_s == 8


def test_a_missing_and_an_empty_upload_are_refused(any_storage: Storage) -> None:
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
        # Playlists, which would have other files or hosts read in the upload's name.
        b"ffconcat version 1.0\nfile plain.mp4\n",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:8\n#EXTINF:8,\nplain.mp4\n#EXT-X-ENDLIST\n",
    ],
)
def test_what_is_no_media_file_is_refused(any_storage: Storage, plain: Path, content: bytes) -> None:
    any_storage.put_file("plain.mp4", plain)
    any_storage.put_bytes("no-video.mp4", content)
    assert "is not a media file that can be read" in refusal(any_storage, "no-video.mp4")


def cut_off(storage: Storage, file: Path, *, keep: float) -> None:
    data = file.read_bytes()
    storage.put_bytes("upload.mp4", data[: int(len(data) * keep)])


def test_a_video_without_its_end_and_index_is_refused(any_storage: Storage, plain: Path) -> None:
    cut_off(any_storage, plain, keep=0.6)
    assert "is not a media file that can be read" in refusal(any_storage, "upload.mp4")


@pytest.mark.parametrize("options", [["-movflags", "+faststart"], ["-f", "matroska"]])
def test_a_video_whose_index_promises_more_than_is_there_is_refused(
    any_storage: Storage, plain: Path, tmp_path: Path, options: list[str]
) -> None:
    run(["-i", str(plain), "-c", "copy", *options, "whole.mp4"], cwd=tmp_path)
    cut_off(any_storage, tmp_path / "whole.mp4", keep=1)
    assert probe(any_storage, "upload.mp4").duration_s == pytest.approx(8, abs=0.05)
    cut_off(any_storage, tmp_path / "whole.mp4", keep=0.7)
    assert "is truncated: it promises 8.0 s but its end cannot be read" in refusal(any_storage, "upload.mp4")


def test_the_row_of_an_earlier_version_still_loads(storage: DirectoryStorage, plain: Path) -> None:
    storage.put_file("plain.mp4", plain)
    facts = {**asdict(probe(storage, "plain.mp4")), "duration_s": 8.0}
    source = RawVideo(**facts, episode="e", key="plain.mp4", etag="1", speech_key="s", loudness_key="l")
    table = source.to_table()
    assert RawVideo.from_table(table) == source
    assert RawVideo.from_table(table.drop_columns(["cover_stream", "title", "show"])) == source


def test_a_video_whose_clock_does_not_start_at_zero_is_not_truncated(storage: DirectoryStorage, make: Make) -> None:
    shifted = ["-output_ts_offset", "7", "-avoid_negative_ts", "disabled"]
    for key in ("upload.mkv", "upload.mp4"):
        make(*PICTURE, *SOUND, *H264, "-c:a", "aac", *shifted, key=key)
        assert probe(storage, key).audio_codec == "aac"


def test_a_video_without_its_beginning_is_refused(any_storage: Storage, plain: Path) -> None:
    any_storage.put_bytes("upload.mp4", plain.read_bytes()[1000:])
    assert "its beginning is damaged" in refusal(any_storage, "upload.mp4")


def test_a_transport_stream_is_refused(storage: DirectoryStorage, make: Make) -> None:
    make(*PICTURE, *SOUND, *H264, "-c:a", "aac", key="upload.ts")
    assert "is not a media file that can be read" in refusal(storage, "upload.ts")


SIGNED = "http://127.0.0.1:9/upload.mp4?X-Amz-Signature=secret"  # port 9: nobody answers


def test_a_storage_that_does_not_answer_gives_no_signature_away(
    storage: DirectoryStorage, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.put_bytes("upload.mp4", plain.read_bytes())
    monkeypatch.setattr(DirectoryStorage, "media_source", lambda *_: SIGNED)
    with pytest.raises(StorageError, match=r"upload\.mp4 cannot be read: Connection refused$"):
        probe(storage, "upload.mp4")


def test_a_codec_that_nobody_knows_is_refused(storage: DirectoryStorage, plain: Path) -> None:
    storage.put_bytes("upload.mp4", plain.read_bytes().replace(b"avc1", b"????"))
    assert "codec" in refusal(storage, "upload.mp4")


def test_a_video_without_a_readable_frame_is_refused(storage: DirectoryStorage, plain: Path) -> None:
    data = plain.read_bytes()
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    storage.put_bytes("upload.mp4", data[:start] + b"\0" * (end - start) + data[end:])
    refusal(storage, "upload.mp4")


def test_a_picture_that_takes_gigabytes_is_refused_before_it_is_decoded(storage: DirectoryStorage) -> None:
    picture_bomb(Path(storage.root) / "bomb.mkv")
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "larger than 8192x4320 pixels" in refusal(storage, "bomb.mkv")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 100_000


def test_cover_art_that_is_too_large_is_refused(storage: DirectoryStorage, make: Make) -> None:
    cover = make("-f", "lavfi", "-i", "color=red:s=9000x9000", "-frames:v", "1", key="cover.jpg")
    mapped = ["-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic"]
    key = make(*SOUND, "-i", cover, *mapped, "-c:a", "aac", key="talk.m4a")
    assert "larger than 8192x4320 pixels" in refusal(storage, key)


def test_more_streams_than_anyone_records_are_refused(storage: DirectoryStorage, make: Make) -> None:
    key = make(*SOUND, *["-map", "0"] * 65, "-c:a", "pcm_s16le", key="many.mkv")
    assert "has 65 streams, more than 64" in refusal(storage, key)
