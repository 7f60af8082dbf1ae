import pytest

from clipper_assets.storage.base import Storage
from clipper_assets.transcript import companions
from clipper_assets.transcript.companions import companions_in


def test_companions_are_found_in_the_folder_of_the_upload(any_storage: Storage) -> None:
    for key in ("show/talk.mp4", "show/TALK.de.SRT", "show/Talk.Speakers.toml", "show/speakers.toml", "talk.srt"):
        any_storage.put_bytes(key, b"x")
    found = companions_in(any_storage, "show/talk.mp4", None)
    assert found.transcript == "show/TALK.de.SRT"
    assert found.speakers == ["show/speakers.toml", "show/Talk.Speakers.toml"]
    assert found.warnings == []
    assert companions_in(any_storage, "talk.mp4", None).transcript == "talk.srt"


def test_only_names_that_begin_as_the_upload_are_looked_at_in_a_large_folder(
    any_storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(companions, "FOLDER_NAMES", 3)
    for key in ("show/a.mp4", "show/b.mp4", "show/speakers.toml", "show/talk.mp4", "show/talk.fr.srt"):
        any_storage.put_bytes(key, b"x")
    found = companions_in(any_storage, "show/talk.mp4", None)
    assert (found.transcript, found.speakers) == ("show/talk.fr.srt", ["show/speakers.toml"])
    assert found.warnings == [
        "the folder of show/talk.mp4 has more than 3 names, so only files whose names begin with talk were looked at"
    ]
