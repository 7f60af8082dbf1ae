from pathlib import Path

import pytest

from clipper_assets.shows.speakers import read_names, speakers_keys
from clipper_assets.transcript.speakers import name_speakers
from clipper_assets.transcript.words import Word


def write(folder: Path, name: str, text: str | bytes) -> Path:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


@pytest.mark.parametrize(
    ("upload", "keys"),
    [
        ("show/ep.1.mp4", ["show/speakers.toml", "show/ep.1.speakers.toml"]),
        ("a/b/talk.mkv", ["a/b/speakers.toml", "a/b/talk.speakers.toml"]),
        ("talk.mp4", ["speakers.toml", "talk.speakers.toml"]),
        ("show/talk", ["show/speakers.toml", "show/talk.speakers.toml"]),
    ],
)
def test_speaker_names_are_looked_up_for_the_show_and_for_the_upload(upload: str, keys: list[str]) -> None:
    assert speakers_keys(upload) == keys


def test_names_of_the_episode_override_those_of_the_show(tmp_path: Path) -> None:
    show = write(tmp_path, "speakers.toml", 'SPEAKER_00 = "Anna"\nSPEAKER_01 = "Guest"\n')
    episode = write(tmp_path, "ep.speakers.toml", 'SPEAKER_01 = "Jörg  O\'Neill "\n"Voice 2" = "田中"\n')
    assert read_names([show, episode]) == {"SPEAKER_00": "Anna", "SPEAKER_01": "Jörg O'Neill", "Voice 2": "田中"}


def test_a_byte_order_mark_is_ignored_and_no_file_gives_no_names(tmp_path: Path) -> None:
    assert read_names([write(tmp_path, "speakers.toml", b'\xef\xbb\xbfSPEAKER_00 = "Anna"\r\n')]) == {
        "SPEAKER_00": "Anna"
    }
    assert read_names([]) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('SPEAKER_00 = "Anna"\nSPEAKER_01 = Ben\n', "line 2"),
        ('Voice 1 = "Anna"\n', "line 1"),
        ("SPEAKER_00 = 7\n", "'SPEAKER_00'"),
        ('SPEAKER_00 = " "\n', "'SPEAKER_00'"),
        ('"A\\u0000nn" = 7\n', "has no name for 'Ann'; write it as text: \"Ann\" = "),
        ('[names]\nSPEAKER_00 = "Anna"\n', "'names'"),
        ('SPEAKER_00 = "Jörg"\n'.encode("latin-1"), "UTF-8"),
    ],
)
def test_an_invalid_file_is_rejected_with_its_name_and_the_mistake(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    with pytest.raises(ValueError, match=r"^ep\.speakers\.toml ") as raised:
        read_names([write(tmp_path, "ep.speakers.toml", text)])
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_speakers_without_a_name_keep_their_label() -> None:
    words = [Word("a", 0, 1, 0, speaker=label) for label in ("SPEAKER_00", "SPEAKER_01", None)]
    assert [word.speaker for word in name_speakers(words, {"SPEAKER_00": "Anna"})] == ["Anna", "SPEAKER_01", None]
    assert name_speakers(words, {}) == words


def test_control_characters_are_removed_from_names(tmp_path: Path) -> None:
    assert read_names([write(tmp_path, "speakers.toml", 'A = "An\\u0000na\\u001fB"\n')]) == {"A": "Anna B"}


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "#" * 64_001], ids=["nested", "large"])
def test_a_file_that_is_too_large_or_too_deeply_nested_is_rejected(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"^speakers.toml has .+; keep only the settings in it$"):
        read_names([write(tmp_path, "speakers.toml", text)])
