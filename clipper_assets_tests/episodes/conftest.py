from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from clipper_assets.media.ffmpeg import run
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.episodes.probing import H264, PICTURE, SOUND
from clipper_assets_tests.episodes.ticks import Ticks


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Video of eight seconds, 160x90, 25 fps, H.264 and AAC, with its index at the end."""
    folder = tmp_path_factory.mktemp("plain")
    run([*PICTURE, *SOUND, *H264, "-c:a", "aac", "plain.mp4"], cwd=folder)
    return folder / "plain.mp4"


@pytest.fixture
def make(storage: DirectoryStorage) -> Callable[..., str]:
    """A function that makes an upload with ffmpeg and returns its key."""

    def make_upload(*arguments: str, key: str = "upload.mp4") -> str:
        run([*arguments, key], cwd=Path(storage.root))
        return key

    return make_upload


@pytest.fixture
def ticks(any_storage: Storage, instance: dg.DagsterInstance) -> Ticks:
    return Ticks(any_storage, instance)


@pytest.fixture
def directory_ticks(storage: DirectoryStorage, instance: dg.DagsterInstance) -> Ticks:
    return Ticks(storage, instance)
