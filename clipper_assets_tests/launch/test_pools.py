"""The limits that pools get at the start of the daemon."""

import json
import os
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from clipper_assets import cli
from clipper_assets.launch.pools import fitting_limits, set_limits
from clipper_assets.runtime.pools import clips_at_once
from clipper_assets.setting_types import MOST_SLOTS
from clipper_assets.settings import Settings


def stored(instance: dg.DagsterInstance) -> dict[str, int]:
    return {limit.name: limit.limit for limit in instance.event_log_storage.get_pool_limits()}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param({"gpus": ("0", "1"), "runs_per_gpu": 2}, {"gpu": 4, "encode": 1, "llm": 4}, id="two shared GPUs"),
        pytest.param({"gpus": ()}, {"gpu": 1, "encode": 1, "llm": 4}, id="no GPU"),
        pytest.param({"gpus": (), "render_workers": 1}, {"gpu": 1, "encode": 8, "llm": 4}, id="one clip at once"),
        pytest.param({"gpus": (), "render_workers": 99}, {"gpu": 1, "encode": 1, "llm": 4}, id="many clips at once"),
        pytest.param(
            {"gpus": (), "pool_gpu": 64, "pool_encode": 90, "pool_llm": 8},
            {"gpu": 64, "encode": 90, "llm": 8},
            id="a cluster's",
        ),
    ],
)
def test_limits_follow_the_machine_and_the_settings(
    instance: dg.DagsterInstance,
    settings: dict[str, object],
    expected: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    assert set_limits(instance, Settings.model_validate(settings)) == expected
    assert stored(instance) == expected


@pytest.mark.parametrize(("cores", "clips", "steps"), [(1, 1, 1), (4, 2, 1), (16, 8, 1), (64, 8, 4)])
def test_clips_fill_the_cores_and_fit_into_memory(
    cores: int, clips: int, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert clips_at_once(Settings()) == clips
    assert fitting_limits(Settings(gpus=()))["encode"] == steps


def test_a_limit_that_a_person_has_set_is_kept_and_others_follow_the_machine(instance: dg.DagsterInstance) -> None:
    set_limits(instance, Settings(gpus=("0",)))
    instance.event_log_storage.set_concurrency_slots("llm", 2)
    for gpus in (("0", "1"), ("0", "1", "2")):
        assert set_limits(instance, Settings(gpus=gpus)) == stored(instance)
        assert (stored(instance)["gpu"], stored(instance)["llm"]) == (len(gpus), 2)
    instance.event_log_storage.delete_concurrency_limit("llm")
    assert set_limits(instance, Settings(gpus=("0",)))["llm"] == 4


def test_the_command_sets_the_limits_of_the_instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dagster.yaml").touch()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv("CLIPPER_GPUS", "0,1,2")
    monkeypatch.setenv("CLIPPER_POOL_ENCODE", "5")
    result = CliRunner().invoke(cli.main, ["pools"])
    assert (result.exit_code, result.output) == (0, "encode: 5, gpu: 3, llm: 4\n")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert stored(instance) == {"encode": 5, "gpu": 3, "llm": 4}


def test_the_command_logs_like_the_daemon_that_it_precedes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dagster.yaml").touch()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv("CLIPPER_LOG_FORMAT", "json")
    monkeypatch.setenv("CLIPPER_POOL_GPU", "7")
    monkeypatch.setenv("CLIPPER_POOL_ENCODE", "5")
    result = CliRunner().invoke(cli.main, ["pools"])
    line = json.loads(result.stderr.splitlines()[-1])
    assert line["event"] == "limits of the pools: encode: 5, gpu: 7, llm: 4"
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [("DAGSTER_HOME", None), ("DAGSTER_HOME", "/missing"), ("CLIPPER_POOL_GPU", "0"), ("CLIPPER_POOL_LLM", "1001")],
)
def test_the_command_says_in_one_sentence_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)
    result = CliRunner().invoke(cli.main, ["pools"])
    assert result.exit_code == 1
    (line,) = result.output.splitlines()
    assert name in line


def test_dagster_has_as_many_slots_as_the_settings_allow(instance: dg.DagsterInstance) -> None:
    assert set_limits(instance, Settings(pool_llm=MOST_SLOTS))["llm"] == MOST_SLOTS
