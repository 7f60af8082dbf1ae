import json
import logging
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution import context_creation_job

from clipper_assets.runtime.logs import log_runs_as, to_standard_error
from clipper_assets.settings import LogFormat

KEY = "show/Folge 1, Über.mp4"


@dg.asset(partitions_def=dg.StaticPartitionsDefinition([KEY]))
def broken(context: dg.AssetExecutionContext) -> None:
    context.log.warning("no key\nset one")
    raise ValueError("no sound")


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dagster's own, again after the test."""
    monkeypatch.setattr(context_creation_job, "default_system_loggers", dg.default_system_loggers)


def run(capfd: pytest.CaptureFixture[str]) -> list[str]:
    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize([broken], partition_key=KEY, instance=instance, raise_on_error=False)
    return capfd.readouterr().err.splitlines()


@pytest.mark.usefixtures("console")
def test_a_run_is_an_object_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    log_runs_as(LogFormat.json)
    lines: list[dict[str, Any]] = [json.loads(line) for line in run(capfd)]
    assert {line["episode"] for line in lines} == {KEY}
    assert len({line["run_id"] for line in lines}) == 1
    (said,) = [line for line in lines if line["level"] == "warning"]
    assert (said["event"], said["step"]) == ("no key\nset one", "broken")
    assert "event_type" not in said
    (failed,) = [line for line in lines if line.get("event_type") == "STEP_FAILURE"]
    assert failed["level"] == "error"
    assert "ValueError: no sound" in failed["error"]
    assert {"RUN_START", "STEP_START", "RUN_FAILURE"} <= {line.get("event_type") for line in lines}


@pytest.mark.usefixtures("console")
def test_for_people_a_run_is_what_dagster_makes_of_it(capfd: pytest.CaptureFixture[str]) -> None:
    log_runs_as(LogFormat.colored)
    lines = run(capfd)
    assert any("no key" in line for line in lines)
    assert not any(line.startswith("{") for line in lines)


@pytest.mark.parametrize("log_format", LogFormat)
def test_other_processes_log_alike(log_format: LogFormat, capfd: pytest.CaptureFixture[str]) -> None:
    log = logging.Logger("clipper_assets.test")
    log.addHandler(to_standard_error(log_format))
    try:
        raise ValueError("no bucket")
    except ValueError:
        log.exception("GET %s", "/episodes", extra={"status": 503})
    told = capfd.readouterr().err
    if log_format is LogFormat.colored:
        assert "ERROR GET /episodes\nTraceback" in told
        return
    line = json.loads(told)
    assert line.pop("timestamp").endswith("Z")
    assert "ValueError: no bucket" in line.pop("exception")
    assert line == {"level": "error", "logger": "clipper_assets.test", "event": "GET /episodes", "status": 503}
