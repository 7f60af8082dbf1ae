"""A locked database is reported in one sentence by runs and the command line."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from clipper_assets import cli
from clipper_assets.cli.episode_run import local_instance
from clipper_assets.episodes import audio
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.conftest import clip_episode
from clipper_assets_tests.runtime.test_faults import LOCKED
from clipper_assets_tests.test_denied import failure_messages

KEY = "show/cut.mp4"


@contextmanager
def locked(*files: Path) -> Iterator[None]:
    """Lock databases through other connections, and let new connections not wait for the locks."""
    connect = sqlite3.dbapi2.connect
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(
            sqlite3.dbapi2, "connect", lambda *arguments, **options: connect(*arguments, **options | {"timeout": 0})
        )
        others = [connect(file) for file in files]
        for other in others:
            other.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            for other in others:
                other.close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short_windows: None) -> Path:
    """The home of a Dagster instance that has been used before."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with local_instance() as instance:
        instance.add_dynamic_partitions("episodes", ["another.mp4"])
    return home


def test_a_run_reports_a_database_that_is_locked_meanwhile(
    home: Path, storage: DirectoryStorage, cut: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract = audio.extract

    def extract_while_locked(*arguments: Any) -> Any:
        with locked(*(home / "history" / "runs").glob("*-*.db")):
            return extract(*arguments)

    storage.put_file(KEY, cut)
    monkeypatch.setattr(audio, "extract", extract_while_locked)
    with local_instance() as instance:
        _, result = clip_episode(storage, KEY, instance)
        assert failure_messages(result) == [LOCKED]


@pytest.mark.parametrize("name", ["runs.db", "runs/index.db"])
def test_the_command_line_reports_a_locked_database(name: str, home: Path, cut: Path) -> None:
    with locked(home / "history" / name):
        result = CliRunner().invoke(cli.main, ["process", str(cut)])
    assert result.exit_code == 1
    assert [line for line in result.output.splitlines() if line.startswith("clipper:")] == [f"clipper: {LOCKED}"]
    assert "Traceback" not in result.output


def test_the_command_line_reports_a_database_that_cannot_be_opened(home: Path, cut: Path) -> None:
    with closing(sqlite3.connect(home / "history" / "runs.db")) as other:
        other.execute("PRAGMA journal_mode=DELETE")  # the only mode on network file systems
    with locked(home / "history" / "runs.db"):
        result = CliRunner().invoke(cli.main, ["process", str(cut)])
    assert result.exit_code == 1
    assert result.output == f"clipper: {LOCKED}\n"
