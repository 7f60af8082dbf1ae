import json
import logging
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution import context_creation_job

from clipper_assets.runtime.logs import log_runs_as, to_standard_error
from clipper_assets.setting_types import LogFormat

KEY = "show/Folge 1, Über.mp4"


@dg.asset(partitions_def=dg.StaticPartitionsDefinition([KEY]))
def broken(context: dg.AssetExecutionContext) -> None:
    context.log.warning("no key\nset one")
    raise ValueError("no sound")


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restores Dagster's default loggers after the test."""
    monkeypatch.setattr(context_creation_job, "default_system_loggers", dg.default_system_loggers)


def run(capfd: pytest.CaptureFixture[str]) -> list[str]:
    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize([broken], partition_key=KEY, instance=instance, raise_on_error=False)
    return capfd.readouterr().err.splitlines()


@pytest.mark.usefixtures("console")
def test_json_logs_of_a_run_have_one_object_per_line(capfd: pytest.CaptureFixture[str]) -> None:
    log_runs_as(LogFormat.json)
    lines: list[dict[str, Any]] = [json.loads(line) for line in run(capfd)]
    assert {line["episode"] for line in lines} == {KEY}
    assert len({line["run_id"] for line in lines}) == 1
    (warning,) = [line for line in lines if line["level"] == "warning"]
    assert (warning["event"], warning["step"]) == ("no key\nset one", "broken")
    assert "event_type" not in warning
    (failed,) = [line for line in lines if line.get("event_type") == "STEP_FAILURE"]
    assert failed["level"] == "error"
    assert "ValueError: no sound" in failed["error"]
    assert {"RUN_START", "STEP_START", "RUN_FAILURE"} <= {line.get("event_type") for line in lines}


@pytest.mark.usefixtures("console")
def test_coloured_logs_of_a_run_are_those_of_dagster(capfd: pytest.CaptureFixture[str]) -> None:
    log_runs_as(LogFormat.colored)
    lines = run(capfd)
    assert any("no key" in line for line in lines)
    assert not any(line.startswith("{") for line in lines)


@pytest.mark.parametrize("log_format", LogFormat)
def test_other_processes_log_in_the_same_format(log_format: LogFormat, capfd: pytest.CaptureFixture[str]) -> None:
    log = logging.Logger("clipper_assets.test")
    log.addHandler(to_standard_error(log_format))
    try:
        raise ValueError("no bucket")
    except ValueError:
        log.exception("GET %s", "/episodes", extra={"status": 503})
    logged = capfd.readouterr().err
    if log_format is LogFormat.colored:
        assert "ERROR GET /episodes\nTraceback" in logged
        return
    line = json.loads(logged)
    assert line.pop("timestamp").endswith("Z")
    assert "ValueError: no bucket" in line.pop("exception")
    assert line == {"level": "error", "logger": "clipper_assets.test", "event": "GET /episodes", "status": 503}
