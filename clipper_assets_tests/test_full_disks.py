"""A full disk fails a run, a command or a request with one sentence that says which disk and what to do."""

import errno
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from fastapi.testclient import TestClient

from clipper_assets import cli
from clipper_assets.api.problems import add_handlers
from clipper_assets.media.ffmpeg import binary
from clipper_assets.runs.in_process import failures
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.multipart import DirectoryMultipart
from clipper_assets_tests.conftest import clip_episode

pytestmark = pytest.mark.episodes

KEY = "show/cut.mp4"
SCRATCH = "the scratch directory {} is full; free space in it, or set TMPDIR to one on a larger disk"
STORAGE = "the disk that holds {} is full; free space on it, or move it to a larger one"


@pytest.fixture
def uploaded(storage: DirectoryStorage, cut: Path, short_windows: None) -> DirectoryStorage:
    storage.put_file(KEY, cut)
    storage.put_file("show/cut.srt", cut.with_suffix(".srt"))
    return storage


@pytest.fixture
def full_storage(uploaded: DirectoryStorage, monkeypatch: pytest.MonkeyPatch) -> DirectoryStorage:
    """A readable storage whose writes fail with the system's error, which names no file."""

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    monkeypatch.setattr(Path, "write_bytes", full)
    return uploaded


@pytest.fixture
def full_scratch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An ffmpeg that exits as it does if it can write neither its output nor its log."""
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\nexit 228\n")
    program.chmod(0o755)
    monkeypatch.setenv("CLIPPER_FFMPEG", str(program))
    binary.cache_clear()
    yield
    binary.cache_clear()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 300 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", folder], check=False).returncode:
        pytest.skip("only root may mount a disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_run_reports_a_full_storage(full_storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    _, result = clip_episode(full_storage, KEY, instance)
    assert failures(result) == [STORAGE.format(full_storage.root)]


@pytest.mark.usefixtures("full_scratch")
def test_a_run_reports_a_full_scratch_directory(uploaded: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    _, result = clip_episode(uploaded, KEY, instance)
    assert failures(result) == [SCRATCH.format(tempfile.gettempdir())]


def test_a_run_reports_a_scratch_directory_on_a_disk_that_is_really_full(
    uploaded: DirectoryStorage, instance: dg.DagsterInstance, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    (disk / "other").write_bytes(bytes(250_000))
    _, result = clip_episode(uploaded, KEY, instance)
    assert failures(result) == [SCRATCH.format(disk)]


def test_a_run_reports_that_a_table_exceeds_the_quota(
    uploaded: DirectoryStorage, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: DirectoryStorage, key: str, data: bytes) -> None:
        raise OSError(errno.EDQUOT, "Disk quota exceeded", self.root)

    _, result = clip_episode(uploaded, KEY, instance)
    assert result.success
    monkeypatch.setattr(DirectoryStorage, "put_bytes", full)
    uploaded.put_file("show/cut.srt", Path(__file__).parents[1] / "sample" / "episode.srt")
    _, result = clip_episode(uploaded, KEY, instance)
    assert failures(result) == [STORAGE.format(uploaded.root)]


@pytest.mark.usefixtures("full_storage")
def test_the_command_line_reports_a_full_storage(cut: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLIPPER_STORAGE", str(tmp_path / "new"))
    result = CliRunner().invoke(cli.main, ["process", str(cut)])
    assert result.exit_code == 1
    assert result.output == f"clipper: {STORAGE.format(tmp_path / 'new')}\n"


def test_the_api_answers_503_if_an_upload_does_not_fit(storage: DirectoryStorage, disk: Path) -> None:
    app, small_storage = FastAPI(), DirectoryStorage(root=str(disk))
    add_handlers(app)

    @app.put("/part")
    def put_part() -> None:
        uploads = DirectoryMultipart(small_storage)
        with uploads.part(uploads.begin(KEY, "video/mp4"), 1) as file:
            file.write(bytes(400_000))

    @app.put("/object")
    def put_object() -> None:
        small_storage.put_bytes(KEY, bytes(400_000))

    client = TestClient(app)
    for path in ("/part", "/object"):
        answer = client.put(path)
        assert (answer.status_code, answer.json()) == (503, {"detail": STORAGE.format(disk)})
