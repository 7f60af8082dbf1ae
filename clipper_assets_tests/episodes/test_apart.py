from pathlib import Path

import pytest

from clipper_assets.episodes import apart
from clipper_assets.episodes.apart import check_apart
from clipper_assets.runtime.errors import UploadRefusedError
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.support.media import lavfi, make


def refusal(storage: DirectoryStorage, key: str) -> str:
    with pytest.raises(UploadRefusedError) as refused:
        check_apart(storage, key, 3.0)
    return str(refused.value)


def test_a_refusal_comes_from_the_other_process_as_it_is(storage: DirectoryStorage) -> None:
    root = Path(storage.root)
    make(root / "good.mp4", *lavfi("testsrc=s=320x180:r=25", "sine"), "-t", "4", "-pix_fmt", "yuv420p")
    check_apart(storage, "good.mp4", 3.0)
    storage.put_bytes("text.mp4", b"no video")
    assert refusal(storage, "text.mp4").startswith("text.mp4 is not a media file that can be read")
    assert refusal(storage, "none.mp4").startswith("none.mp4 does not exist")


def test_it_ends_in_time(storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.put_bytes("slow.mp4", b"no video")
    monkeypatch.setattr(apart, "TIME_S", 0.01)
    assert refusal(storage, "slow.mp4").startswith("slow.mp4 cannot be looked at within 0.01 s")
