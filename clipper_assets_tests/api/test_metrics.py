"""`/metrics` on an instance with real runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from clipper_assets.api.deps import Services
from clipper_assets.api.metrics import Meter
from clipper_assets.runtime.spend import metered
from clipper_assets.storage.tables import TableResult

NOTHING: Any = None
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(metrics: Samples, name: str, **labels: str) -> float:
    return metrics.get((name, frozenset(labels.items())), 0.0)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        yield instance


def test_a_finished_episode_is_counted_in_all_metrics(reader: TestClient, services: Services) -> None:
    answer = reader.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    metrics = samples(answer.text)
    assert value(metrics, "clipper_runs_ended_total", status="success") >= 1
    assert value(metrics, "clipper_runs", status="success") >= 1
    for step in (
        "raw_video",
        "aligned_transcript",
        "ad_spans",
        "highlight_windows",
        "chapters",
        "scenes",
        "camera_paths",
        "rendered_clips",
        "episode_costs",
        "library",
    ):
        assert value(metrics, "clipper_step_seconds_count", step=step) >= 1
        assert value(metrics, "clipper_step_seconds_sum", step=step) > 0
        counted = step not in ("episode_costs", "library")
        assert (value(metrics, "clipper_spent_dollars_total", step=step) > 0) is counted
    published = value(metrics, "clipper_clips_total", publishable="true")
    held_back = value(metrics, "clipper_clips_total", publishable="false")
    assert published + held_back >= 2
    factors = {labels for name, labels in metrics if name == "clipper_transcript_real_time_factor_count"}
    engines = {dict(labels)["engine"] for labels in factors}
    assert engines == {"transcript_file"}
    assert "show" not in answer.text, "no label has an episode's name"


def test_metrics_need_a_token(stranger: TestClient) -> None:
    assert stranger.get("/metrics").status_code == 401


def test_the_queue_is_measured_by_its_length_and_oldest_run(
    client: TestClient, instance: dg.DagsterInstance, runs_of_new_removed: None
) -> None:
    assert value(samples(Meter(instance).read().decode()), "clipper_queue_oldest_seconds") == 0
    assert client.post("/process-video", json={"s3_key": "show2/new.mp4"}).status_code == 202
    metrics = samples(client.get("/metrics").text)
    assert value(metrics, "clipper_runs", status="queued") >= 1
    assert value(metrics, "clipper_queue_oldest_seconds") > 0


@dg.asset(check_specs=[dg.AssetCheckSpec("clip_picture", asset="rendered_clips")], name="rendered_clips")
def rendered_clips_with_one_black() -> TableResult:
    columns = dg.TableSchema(columns=[dg.TableColumn(name) for name in ("clip", "gate", "passed", "blocking")])
    rows = [dg.TableRecord({"clip": clip, "gate": "black", "passed": clip != 1, "blocking": True}) for clip in range(3)]
    check = dg.AssetCheckResult(passed=False, metadata={"gates": dg.MetadataValue.table(rows, columns)})
    facts: dict[str, Any] = {"publishable": 2, "held_back": dg.MetadataValue.json({"clip_1": "it is black"})}
    return TableResult(value=NOTHING, metadata=facts, check_results=[check])


@dg.asset(check_specs=[dg.AssetCheckSpec("highlight_windows_not_degraded", asset="highlight_windows")])
def highlight_windows() -> TableResult:
    fallback = {"step": "highlights", "reason": "the server said no"}
    check = dg.AssetCheckResult(passed=False, metadata={"degraded": dg.MetadataValue.json([fallback])})
    facts = {"tokens_in": 1200, "tokens_out": 80, "cost_usd": 0.5}
    return TableResult(value=NOTHING, metadata=facts, check_results=[check])


def test_each_run_is_counted_once_after_its_end(instance: dg.DagsterInstance) -> None:
    dg.materialize([rendered_clips_with_one_black], instance=instance)
    meter = Meter(instance)
    before = samples(meter.read().decode())
    assert before["clipper_runs_ended_total", frozenset({("status", "success")})] == 0
    assert before["clipper_clips_total", frozenset({("publishable", "false")})] == 0
    for _ in range(2):
        dg.materialize([rendered_clips_with_one_black, highlight_windows], instance=instance)
    meter.read()
    metrics = samples(meter.read().decode())
    assert value(metrics, "clipper_runs_ended_total", status="success") == 2
    assert value(metrics, "clipper_clips_total", publishable="true") == 4
    assert value(metrics, "clipper_clips_total", publishable="false") == 2
    assert value(metrics, "clipper_gate_failures_total", gate="black", blocking="true") == 2
    assert value(metrics, "clipper_openai_tokens_total", direction="in") == 2400
    assert value(metrics, "clipper_openai_cost_dollars_total") == 1.0
    assert value(metrics, "clipper_degraded_total", step="highlights") == 2


def test_failed_steps_cost_something_too(instance: dg.DagsterInstance) -> None:
    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(["talk.mp4"]))
    @metered
    def scenes(context: dg.AssetExecutionContext) -> TableResult:
        raise dg.Failure("no", allow_retries=False)

    meter = Meter(instance)
    meter.read()
    dg.materialize([scenes], instance=instance, partition_key="talk.mp4", raise_on_error=False)
    assert value(samples(meter.read().decode()), "clipper_spent_dollars_total", step="scenes") > 0


def test_an_unreadable_run_does_not_block_the_others(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = Meter(instance)
    for _ in range(3):
        dg.materialize([highlight_windows], instance=instance)
    unreadable = instance.get_runs()[1].run_id
    read = instance.get_records_for_run

    def broken(run_id: str, **options: Any) -> Any:
        if run_id == unreadable:
            raise OSError("no such log")
        return read(run_id, **options)

    monkeypatch.setattr(instance, "get_records_for_run", broken)
    with pytest.raises(OSError, match="no such log"):
        meter.read()
    for _ in range(2):
        assert value(samples(meter.read().decode()), "clipper_openai_tokens_total", direction="in") == 2400


def test_failures_that_dagster_retries_are_counted_separately(instance: dg.DagsterInstance) -> None:
    meter = Meter(instance)
    for tags in ({"dagster/will_retry": "true"}, {"dagster/will_retry": "false"}):
        run = create_run_for_test(instance, "clip_episode", status=dg.DagsterRunStatus.STARTED, tags=tags)
        instance.report_run_failed(run)
    metrics = samples(meter.read().decode())
    assert value(metrics, "clipper_runs_ended_total", status="failure") == 2
    assert value(metrics, "clipper_runs_retried_total") == 1
