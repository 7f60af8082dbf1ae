from pathlib import Path

import pytest

from clipper_assets.shows.speakers import read_names, speakers_keys
from clipper_assets.transcript.speakers import named
from clipper_assets.transcript.words import Word


def written(folder: Path, name: str, text: str | bytes) -> Path:
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
def test_names_lie_in_the_folder_and_beside_the_upload(upload: str, keys: list[str]) -> None:
    assert speakers_keys(upload) == keys


def test_the_names_of_the_episode_win_over_those_of_the_show(tmp_path: Path) -> None:
    show = written(tmp_path, "speakers.toml", 'SPEAKER_00 = "Anna"\nSPEAKER_01 = "Guest"\n')
    episode = written(tmp_path, "ep.speakers.toml", 'SPEAKER_01 = "Jörg  O\'Neill "\n"Voice 2" = "田中"\n')
    assert read_names([show, episode]) == {"SPEAKER_00": "Anna", "SPEAKER_01": "Jörg O'Neill", "Voice 2": "田中"}


def test_a_byte_order_mark_does_no_harm_and_no_file_gives_no_names(tmp_path: Path) -> None:
    assert read_names([written(tmp_path, "speakers.toml", b'\xef\xbb\xbfSPEAKER_00 = "Anna"\r\n')]) == {
        "SPEAKER_00": "Anna"
    }
    assert read_names([]) == {}


@pytest.mark.parametrize(
    ("text", "said"),
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
def test_a_file_that_cannot_be_read_is_named_with_its_mistake(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(ValueError, match=r"^ep\.speakers\.toml ") as refused:
        read_names([written(tmp_path, "ep.speakers.toml", text)])
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_only_speakers_with_a_name_are_called_by_it() -> None:
    words = [Word("a", 0, 1, 0, speaker=label) for label in ("SPEAKER_00", "SPEAKER_01", None)]
    assert [word.speaker for word in named(words, {"SPEAKER_00": "Anna"})] == ["Anna", "SPEAKER_01", None]
    assert named(words, {}) == words


def test_a_name_holds_no_control_characters(tmp_path: Path) -> None:
    assert read_names([written(tmp_path, "speakers.toml", 'A = "An\\u0000na\\u001fB"\n')]) == {"A": "Anna B"}


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "#" * 64_001], ids=["nested", "large"])
def test_a_file_without_bounds_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"^speakers.toml has .+; keep only the settings in it$"):
        read_names([written(tmp_path, "speakers.toml", text)])
