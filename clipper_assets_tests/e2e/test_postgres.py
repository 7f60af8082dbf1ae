"""Many concurrent episodes with the instance in PostgreSQL, which is restarted gracefully and by a crash."""

import json
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import dagster as dg
import pytest
import yaml

from clipper_assets_tests.support.postgres import PASSWORD, USER, Postgres, serving_postgres
from clipper_assets_tests.support.servers import PROJECT, deployed, wait_for

pytestmark = pytest.mark.deploy

EPISODES = [6, pytest.param(32, marks=pytest.mark.load)]
"""Numbers of concurrent episodes; 32 take about ten minutes on two cores."""
MOST_RUNS = 3
"""Most runs of an episode, since each restart may cost one."""


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    with serving_postgres() as postgres:
        yield postgres


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The local instance with the storage and the retries of deploy/docker."""
    here = yaml.safe_load((PROJECT / "dagster.yaml").read_text())
    several = yaml.safe_load((PROJECT / "deploy" / "docker" / "dagster.yaml").read_text())
    home = tmp_path / "home"
    home.mkdir()
    text = yaml.safe_dump(here | {name: several[name] for name in ("storage", "run_retries")})
    (home / "dagster.yaml").write_text(text)
    return home


@pytest.mark.parametrize("episodes", EPISODES)
def test_no_episode_is_lost_when_the_database_restarts(
    tmp_path: Path, cut: Path, postgres: Postgres, home: Path, monkeypatch: pytest.MonkeyPatch, episodes: int
) -> None:
    root = tmp_path / "data"
    names = [f"show{number:02}" for number in range(episodes)]
    for name in names:
        (root / name).mkdir(parents=True)
        for suffix in (".srt", ".mp4"):
            shutil.copy(cut.with_suffix(suffix), root / name / f"talk{suffix}")
    database = {
        "CLIPPER_DB_HOST": "127.0.0.1",
        "CLIPPER_DB_PORT": str(postgres.port),
        "CLIPPER_DB_NAME": "postgres",
        "CLIPPER_DB_USER": USER,
        "CLIPPER_DB_PASSWORD": PASSWORD,
    }
    short = {"CLIPPER_WINDOW_MIN_S": "3", "CLIPPER_WINDOW_MAX_S": "6", "CLIPPER_GPUS": "0,1"}
    for name, value in database.items():
        monkeypatch.setenv(name, value)
    with (
        deployed(tmp_path, str(root), **short, **database),
        dg.DagsterInstance.from_config(str(home)) as instance,
    ):

        def done(count: int) -> bool | None:
            return len(_successes(instance)) >= count or None

        wait_for("the first success", lambda: done(1))
        postgres.restart("fast")
        for count in range(2, episodes + 1):
            wait_for(f"success {count}", partial(done, count))
            if count == episodes // 2:
                postgres.restart("immediate")
        wait_for("the end of all runs", lambda: all(run.is_finished for run in instance.get_runs()) or None)
        assert _successes(instance) == {f"{name}/talk.mp4" for name in names}
        for key in _successes(instance):
            assert len(_runs(instance, key)) <= MOST_RUNS
    manifests = [json.loads((root / name / "clips" / "manifest.json").read_bytes()) for name in names]
    assert {manifest["status"] for manifest in manifests} == {"done"}
    assert {tuple(clip["sha256"] for clip in manifest["clips"]) for manifest in manifests} == {
        tuple(clip["sha256"] for clip in manifests[0]["clips"])
    }
    for name, manifest in zip(names, manifests, strict=True):
        files = {path.name for path in (root / name / "clips").glob("*.mp4")}
        assert files == {Path(clip["key"]).name for clip in manifest["clips"]}


def _successes(instance: dg.DagsterInstance) -> set[str]:
    runs = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS]))
    return {run.tags["dagster/partition"] for run in runs}


def _runs(instance: dg.DagsterInstance, key: str) -> list[dg.DagsterRun]:
    return list(instance.get_runs(dg.RunsFilter(tags={"dagster/partition": key})))
