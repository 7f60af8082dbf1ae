"""Copying files into the storage as uploads: identical files share one upload, and other uploads stay unchanged."""

import hashlib
import shutil
from pathlib import Path

import pytest

from clipper_assets.cli.adoption import adopt, warnings_beside
from clipper_assets.runtime.errors import StorageError, UploadRefusedError
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.transcript.companions import companions_in
from clipper_assets_tests.support.media import make

KEY = "test1/cut.mp4"


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:8]


def contents(storage: Storage) -> dict[str, bytes]:
    return {stored.key: storage.read_bytes(stored.key) for stored in storage.list_objects()}


@pytest.fixture
def first(tmp_path: Path, cut: Path) -> Path:
    """The file `a/talk.mp4`, with its transcript."""
    (tmp_path / "a").mkdir()
    shutil.copy(cut.with_suffix(".srt"), tmp_path / "a" / "talk.srt")
    return Path(shutil.copy(cut, tmp_path / "a" / "talk.mp4"))


@pytest.fixture
def second(tmp_path: Path, first: Path) -> Path:
    """The file `b/talk.mp4`, of the same size as the first but with other content."""
    (tmp_path / "b").mkdir()
    data = bytearray(first.read_bytes())
    tag = data.rindex(b"Lavf")
    data[tag : tag + 4] = b"Lavg"
    other = tmp_path / "b" / "talk.mp4"
    other.write_bytes(data)
    return other


def test_a_file_outside_the_storage_is_copied_with_its_transcript(any_storage: Storage, cut: Path) -> None:
    assert adopt(any_storage, str(cut), None, None, 3) == "cut/cut.mp4"
    assert {stored.key for stored in any_storage.list_objects()} == {"cut/cut.mp4", "cut/cut.srt"}
    assert any_storage.read_bytes("cut/cut.srt") == cut.with_suffix(".srt").read_bytes()
    first = any_storage.stat("cut/cut.mp4")
    assert adopt(any_storage, str(cut), None, None, 3) == "cut/cut.mp4"
    assert any_storage.stat("cut/cut.mp4") == first


def test_a_transcript_in_another_language_is_copied_too(storage: DirectoryStorage, cut: Path, tmp_path: Path) -> None:
    shutil.copy(cut, tmp_path / "a.mp4")
    (tmp_path / "a.de.srt").write_text("1\n00:00:00,000 --> 00:00:09,000\nHallo.\n")
    adopt(storage, str(tmp_path / "a.mp4"), None, "de", 3)
    assert storage.exists("a/a.de.srt")


def test_a_file_outside_the_storage_is_copied_to_the_given_key(storage: DirectoryStorage, cut: Path) -> None:
    assert adopt(storage, str(cut), "show/e1.mp4", None, 3) == "show/e1.mp4"
    assert storage.exists("show/e1.mp4")


def test_a_file_or_key_inside_the_storage_stays_where_it_is(
    storage: DirectoryStorage, cut: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.put_file(KEY, cut)
    monkeypatch.chdir(storage.root)
    for file_or_key in (KEY, f"{storage.root}/{KEY}", f"./test1/../{KEY}"):
        assert adopt(storage, file_or_key, None, None, 3) == KEY
    monkeypatch.chdir("/")
    assert adopt(storage, KEY, None, None, 3) == KEY
    assert [stored.key for stored in storage.list_objects()] == [KEY]


def test_a_rejected_file_is_not_copied(storage: DirectoryStorage, cut: Path, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("hello\n" * 100)
    with pytest.raises(UploadRefusedError, match=r"text\.mp4 is not a media file"):
        adopt(storage, str(tmp_path / "text.mp4"), None, None, 3)
    with pytest.raises(UploadRefusedError, match="less than the shortest clip"):
        adopt(storage, str(cut), None, None, 30)
    with pytest.raises(StorageError, match="neither a file nor an upload"):
        adopt(storage, "nowhere.mp4", None, None, 3)
    with pytest.raises(StorageError, match="does not lie inside the storage root"):
        adopt(storage, str(cut), "../cut.mp4", None, 3)
    assert list(storage.list_objects()) == []


def test_other_content_of_the_same_name_and_size_becomes_another_upload(
    any_storage: Storage, first: Path, second: Path
) -> None:
    second.with_suffix(".srt").write_text("1\n00:00:00,000 --> 00:00:09,000\nAnother.\n")
    assert adopt(any_storage, str(first), None, None, 3) == "talk/talk.mp4"
    before = contents(any_storage)
    second_stem = f"talk-{digest(second)}/talk"
    for _ in range(2):
        assert adopt(any_storage, str(second), None, None, 3) == f"{second_stem}.mp4"
    assert contents(any_storage) == before | {
        f"{second_stem}.mp4": second.read_bytes(),
        f"{second_stem}.srt": second.with_suffix(".srt").read_bytes(),
    }
    assert adopt(any_storage, str(first), None, None, 3) == "talk/talk.mp4"


def test_an_upload_does_not_get_the_transcript_of_another_with_the_same_stem(
    storage: DirectoryStorage, first: Path, cut: Path
) -> None:
    adopt(storage, str(first), None, None, 3)
    (first.parent.parent / "c").mkdir()
    sound = make(first.parent.parent / "c" / "talk.wav", "-i", f"file:{cut}", "-vn")
    assert adopt(storage, str(sound), None, None, 3) == f"talk-{digest(sound)}/talk.wav"
    assert not storage.exists(f"talk-{digest(sound)}/talk.srt")
    before = contents(storage)
    with pytest.raises(StorageError, match=r"talk/talk\.mp4 belongs to another upload; .* --key folder/talk\.wav$"):
        adopt(storage, str(sound), "talk/talk.wav", None, 3)
    assert contents(storage) == before


def test_a_new_transcript_of_the_same_upload_replaces_the_old_one(storage: DirectoryStorage, first: Path) -> None:
    adopt(storage, str(first), None, None, 3)
    first.with_suffix(".srt").write_text("1\n00:00:00,000 --> 00:00:09,000\nCorrected.\n")
    assert adopt(storage, str(first), None, None, 3) == "talk/talk.mp4"
    assert b"Corrected." in storage.read_bytes("talk/talk.srt")


def test_a_transcript_is_renamed_with_its_upload(storage: DirectoryStorage, first: Path) -> None:
    storage.put_bytes("show/talk.srt", b"another's")
    adopt(storage, str(first), "show/e1.mp4", None, 3)
    assert storage.read_bytes("show/e1.srt") == first.with_suffix(".srt").read_bytes()
    assert storage.read_bytes("show/talk.srt") == b"another's"


def test_speaker_names_of_another_episode_are_not_overwritten(
    storage: DirectoryStorage, first: Path, second: Path
) -> None:
    for file, name in ((first, "Anna"), (second, "Ben")):
        file.with_name("speakers.toml").write_text(f'SPEAKER_00 = "{name}"\n')
    adopt(storage, str(first), "show/e1.mp4", None, 3)
    with pytest.raises(StorageError, match=r"show/speakers\.toml belongs to another upload; "):
        adopt(storage, str(second), "show/e2.mp4", None, 3)
    assert b"Anna" in storage.read_bytes("show/speakers.toml")
    assert not storage.exists("show/e2.mp4")


def test_another_upload_is_not_overwritten(storage: DirectoryStorage, first: Path, second: Path) -> None:
    adopt(storage, str(first), None, None, 3)
    before = contents(storage)
    with pytest.raises(StorageError, match=r"talk/talk\.mp4 belongs to another upload; .* --key folder/talk\.mp4$"):
        adopt(storage, str(second), "talk/talk.mp4", None, 3)
    storage.put_bytes(f"talk-{digest(second)}/talk.mp4", b"a third one")
    with pytest.raises(StorageError, match=r"talk-\w+/talk\.mp4 belongs to another upload; "):
        adopt(storage, str(second), None, None, 3)
    assert contents(storage) == before | {f"talk-{digest(second)}/talk.mp4": b"a third one"}


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("TALK.SRT", "show/e1.SRT"),
        ("talk.en-US.srt", "show/e1.en-US.srt"),
        ("Talk.mp4.Deutsch.vtt", "show/e1.mp4.Deutsch.vtt"),
    ],
)
def test_a_transcript_is_found_as_people_name_it_and_keeps_its_language(
    storage: DirectoryStorage, first: Path, name: str, stored: str
) -> None:
    first.with_suffix(".srt").rename(first.with_name(name))
    first.with_name("TALK.speakers.toml").write_text('SPEAKER_00 = "Anna"\n')
    adopt(storage, str(first), "show/e1.mp4", None, 3)
    assert set(contents(storage)) == {"show/e1.mp4", stored, "show/e1.speakers.toml"}
    assert companions_in(storage, "show/e1.mp4", None).transcript == stored


def test_files_beside_the_video_that_almost_match_are_named(storage: DirectoryStorage, first: Path) -> None:
    first.with_suffix(".srt").rename(first.with_name("talk (1).srt"))
    sentence = "talk (1).srt was not used as the transcript; rename it to talk.srt if it is"
    assert warnings_beside(storage, str(first), None) == [sentence]
    adopt(storage, str(first), "show/e1.mp4", None, 3)
    assert set(contents(storage)) == {"show/e1.mp4"}
    storage.put_bytes("show/e1.txt", b"Hello")
    (warning,) = warnings_beside(storage, "show/e1.mp4", None)
    assert warning.startswith("e1.txt was not used as the transcript; export it as e1.srt or e1.vtt")
