from pathlib import Path

import pytest

from clipper_assets.episodes import probe_subprocess
from clipper_assets.episodes.probe_subprocess import check_in_subprocess
from clipper_assets.runtime.errors import UploadRefusedError
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.support.media import lavfi, make


def refusal(storage: DirectoryStorage, key: str) -> str:
    with pytest.raises(UploadRefusedError) as raised:
        check_in_subprocess(storage, key, 3.0)
    return str(raised.value)


def test_a_refusal_in_the_subprocess_is_raised_with_the_same_message(storage: DirectoryStorage) -> None:
    root = Path(storage.root)
    make(root / "good.mp4", *lavfi("testsrc=s=320x180:r=25", "sine"), "-t", "4", "-pix_fmt", "yuv420p")
    check_in_subprocess(storage, "good.mp4", 3.0)
    storage.put_bytes("text.mp4", b"no video")
    assert refusal(storage, "text.mp4").startswith("text.mp4 is not a media file that can be read")
    assert refusal(storage, "none.mp4").startswith("none.mp4 does not exist")


def test_a_probe_that_takes_too_long_is_refused(storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.put_bytes("slow.mp4", b"no video")
    monkeypatch.setattr(probe_subprocess, "TIME_S", 0.01)
    assert refusal(storage, "slow.mp4").startswith("slow.mp4 could not be probed within 0.01 s")
