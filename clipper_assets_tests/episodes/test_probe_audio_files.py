"""Properties and refusals of audio files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.episodes.probing import AUDIO_FILES, SOUND, probe, refusal

Make = Callable[..., str]


@pytest.mark.parametrize("name", AUDIO_FILES)
def test_an_audio_file_has_no_video(storage: DirectoryStorage, make: Make, name: str) -> None:
    encoder, decoder = AUDIO_FILES[name]
    properties = probe(storage, make(*SOUND, "-c:a", encoder, key=name))
    assert properties.audio_only
    assert (
        properties.video_stream,
        properties.cover_stream,
        properties.width_px,
        properties.height_px,
        properties.fps,
    ) == (None, None, 0, 0, 0)
    assert (properties.audio_codec, properties.audio_stream, properties.audio_indices) == (decoder, 0, (0,))
    assert properties.duration_s == pytest.approx(8, abs=0.02)


@pytest.mark.parametrize("name", ["talk.mp3", "talk.m4a", "talk.flac"])
def test_cover_art_is_not_a_video(storage: DirectoryStorage, make: Make, name: str) -> None:
    cover = make("-f", "lavfi", "-i", "testsrc=size=64x64:rate=1", "-frames:v", "1", key="cover.jpg")
    codecs = ["-c:v", "mjpeg", "-c:a", AUDIO_FILES[name][0]]
    key = make(*SOUND, "-i", cover, "-map", "0", "-map", "1", *codecs, "-disposition:v", "attached_pic", key=name)
    properties = probe(storage, key)
    assert (properties.audio_only, properties.cover_stream, properties.width_px) == (True, 1, 0)


def test_chapters_are_not_a_video(storage: DirectoryStorage, make: Make) -> None:
    marks = ";FFMETADATA1\n" + "".join(
        f"[CHAPTER]\nTIMEBASE=1/1\nSTART={start}\nEND={start + 4}\ntitle=Part\n" for start in (0, 4)
    )
    storage.put_bytes("marks.txt", marks.encode())
    properties = probe(storage, make(*SOUND, "-i", "marks.txt", "-map_chapters", "1", "-c:a", "aac", key="talk.m4a"))
    assert (properties.audio_only, properties.cover_stream, properties.audio_indices) == (True, None, (0,))


@pytest.mark.parametrize("name", ["talk.mp3", "talk.m4a", "talk.flac", "talk.opus"])
def test_title_and_show_are_read_from_the_tags(storage: DirectoryStorage, make: Make, name: str) -> None:
    tags = ["-metadata", "title=Why  bees dance", "-metadata", "album=Field Notes", "-metadata", "artist=Ada"]
    tagged = make(*SOUND, "-c:a", AUDIO_FILES[name][0], *tags, key=name)
    assert (probe(storage, tagged).title, probe(storage, tagged).show) == ("Why bees dance", "Field Notes")
    by_artist = make("-i", tagged, "-c", "copy", "-metadata", "album=", "-metadata:s:a", "album=", key=f"ada {name}")
    assert probe(storage, by_artist).show == "Ada"


def test_invalid_utf8_in_a_tag_is_replaced(storage: DirectoryStorage, make: Make) -> None:
    key = make(*SOUND, "-map_metadata", "-1", "-id3v2_version", "0", "-c:a", "libmp3lame", key="talk.mp3")
    storage.put_bytes(key, storage.read_bytes(key) + b"TAG" + "Träume".encode("latin-1").ljust(124, b"\0") + b"\xff")
    assert probe(storage, key).title == "Tr\ufffdume"


def test_an_mp3_without_a_length_header_has_no_duration(storage: DirectoryStorage, make: Make) -> None:
    pause_then_sound = ["-f", "lavfi", "-i", "anullsrc=r=48000:d=4", *SOUND, "-filter_complex", "concat=v=0:a=1"]
    key = make(*pause_then_sound, "-c:a", "libmp3lame", "-q:a", "0", "-write_xing", "0", key="talk.mp3")
    assert probe(storage, key).duration_s is None


@pytest.mark.parametrize("name", ["talk.mp3", "talk.m4a", "talk.flac"])
def test_a_truncated_audio_file_is_refused(storage: DirectoryStorage, make: Make, name: str, tmp_path: Path) -> None:
    noise = ["-f", "lavfi", "-i", "anoisesrc=d=8:r=48000:a=0.3"]
    whole = make(*noise, "-c:a", AUDIO_FILES[name][0], "-movflags", "+faststart", key=f"whole {name}")
    assert probe(storage, whole).duration_s == pytest.approx(8, abs=0.02)
    data = storage.read_bytes(whole)
    storage.put_bytes(name, data[: len(data) * 6 // 10])
    assert "is truncated: its length is given as 8.0 s, but its end cannot be read" in refusal(storage, name)


@pytest.mark.parametrize("name", ["talk.wav", "talk.opus"])
def test_a_truncated_file_without_a_length_header_has_its_real_duration(
    storage: DirectoryStorage, make: Make, name: str
) -> None:
    noise = ["-f", "lavfi", "-i", "anoisesrc=d=8:r=48000:a=0.3"]
    data = storage.read_bytes(make(*noise, "-c:a", AUDIO_FILES[name][0], key=name))
    storage.put_bytes(name, data[: len(data) * 6 // 10])
    assert probe(storage, name).duration_s == pytest.approx(8 * 0.6, abs=1)  # a page of Ogg is a second
