"""A killed code server is restarted, by the supervising thread and before a launch."""

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import dagster as dg
import psutil
import pytest
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget

from clipper_assets.api.graphql import code_server
from clipper_assets.api.graphql.code_server import CodeServer
from clipper_assets.api.graphql.dagster import Dagster
from clipper_assets.api.problems import RefusedError
from clipper_assets.runtime.tenant import LOCATION

DEFINITIONS = "import dagster as dg\n\ndefs = dg.Definitions()\n"


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """An empty code location, and the workspace file that loads it."""
    file = tmp_path / "empty.py"
    file.write_text(DEFINITIONS)
    (tmp_path / "workspace.yaml").write_text(
        f"load_from:\n  - python_file: {{relative_path: empty.py, location_name: {LOCATION}}}\n"
    )
    return file


@pytest.fixture
def workspace(module: Path) -> Iterator[WorkspaceProcessContext]:
    target = WorkspaceFileTarget([str(module.with_name("workspace.yaml"))])
    with dg.instance_for_test() as instance, WorkspaceProcessContext(instance, target) as workspace:
        yield workspace


def servers() -> list[psutil.Process]:
    """The live code servers that this process has started."""
    children = psutil.Process().children()
    return [
        child
        for child in children
        if child.status() != psutil.STATUS_ZOMBIE
        and "grpc" in child.cmdline()
        and "empty.py" in " ".join(child.cmdline())
    ]


def kill_server() -> None:
    (server,) = servers()
    server.kill()
    psutil.wait_procs([server], 10)


def test_a_killed_code_server_is_restarted_and_a_live_one_kept(workspace: WorkspaceProcessContext) -> None:
    server = CodeServer(workspace)
    (first,) = servers()
    assert server.restore()
    assert servers() == [first]
    kill_server()
    with pytest.raises(Exception, match="Could not reach user code server"):
        server.refuse_if_unreachable()
    assert server.restore()
    server.refuse_if_unreachable()
    (second,) = servers()
    assert second != first


def test_the_supervising_thread_restarts_a_killed_code_server(
    workspace: WorkspaceProcessContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_server, "EVERY_S", 0.05)
    reload, started = workspace.reload_code_location, Event()

    def reload_and_note(name: str) -> None:
        reload(name)
        started.set()

    monkeypatch.setattr(workspace, "reload_code_location", reload_and_note)
    with CodeServer(workspace) as server:
        kill_server()
        assert started.wait(60)
    server.refuse_if_unreachable()


def test_a_code_location_that_fails_to_load_is_retried_after_a_pause(
    workspace: WorkspaceProcessContext, module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = CodeServer(workspace)
    module.write_text("raise ValueError\n")
    kill_server()
    with pytest.warns(UserWarning, match="Error loading"):
        assert not server.restore()
    module.write_text(DEFINITIONS)
    assert not server.restore()
    later = time.monotonic() + code_server.PAUSE_S
    monkeypatch.setattr(code_server, "time", SimpleNamespace(monotonic=lambda: later))
    assert server.restore()
    server.refuse_if_unreachable()


def test_a_launch_without_a_code_server_is_503(module: Path) -> None:
    module.write_text("raise ValueError\n")
    with dg.instance_for_test() as instance:
        with pytest.warns(UserWarning, match="Error loading"):
            dagster = Dagster(instance, module.with_name("workspace.yaml"))
        with dagster, pytest.raises(RefusedError, match="is being restarted; try again in a minute") as refused:
            dagster.launch("show/cut.mp4", {})
    assert refused.value.status == 503
