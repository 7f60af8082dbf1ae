"""The API on a bucket: the blocking call of the previous frontend, WebSocket, metrics, logs and damaged files."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from websockets import Subprotocol
from websockets.sync.client import connect

from clipper_assets.api.graphql.operations import operation
from clipper_assets.api.routes.edits import AFTER_EDITS
from clipper_assets_tests.conftest import SAMPLE
from clipper_assets_tests.e2e.conftest import BUCKET, CLIP_S, Stack
from clipper_assets_tests.support.servers import FULL, READ, wait_for

pytestmark = pytest.mark.e2e

KEY, LOOK = "test1/sample.mp4", "square-marker"
RUNS = "query($tags: [ExecutionTag!]) { runsOrError(filter: {tags: $tags}) { ... on Runs { results { runId } } } }"
STALE = """query($assets: [AssetKeyInput!]!, $key: String!) {
  assetNodes(assetKeys: $assets) { assetKey { path } staleStatus(partition: $key) } }"""
ADD_PARTITION = """
mutation($key: String!) {
  addDynamicPartition(
    repositorySelector: {repositoryName: "__repository__", repositoryLocationName: "clipper_assets"}
    partitionsDefName: "episodes"
    partitionKey: $key
  ) { __typename }
}
"""
VIDEO = {"clip_index", "start_time", "end_time", "duration", "hook", "reason", "virality_score", "video_url"}


def curl(stack: Stack, path: str, body: object, *arguments: str) -> Any:
    command = ["curl", "--silent", "--show-error", "--fail-with-body", f"{stack.api.url}{path}"]
    command += ["-H", f"Authorization: Bearer {FULL}", "-H", "Content-Type: application/json"]
    command += ["--data", json.dumps(body), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(result.stdout)


def test_the_blocking_call_of_the_previous_frontend_returns_the_clips(stack: Stack) -> None:
    client = stack.s3.client
    client.upload_file(str(SAMPLE / "episode.srt"), BUCKET, KEY.replace(".mp4", ".srt"))
    client.upload_file(str(SAMPLE / "episode.mp4"), BUCKET, KEY)

    accepted = curl(stack, "/process-video", {"s3_key": KEY})
    assert accepted["status"] == "accepted"
    payload = curl(stack, "/process-video?wait=true", {"s3_key": KEY})

    assert payload["status"] == "success"
    assert payload["run_id"] == accepted["run_id"]
    videos = payload["generated_videos"]
    assert payload["clips_processed"] == payload["total_clips_identified"] == len(videos) >= 2
    assert [video["clip_index"] for video in videos] == list(range(len(videos)))
    for video in videos:
        assert set(video) == VIDEO
        assert CLIP_S[0] <= video["duration"] <= CLIP_S[1]
        stored = client.get_object(Bucket=BUCKET, Key=f"test1/clips/clip_{video['clip_index']}.mp4")["Body"].read()
        assert requests.get(video["video_url"], timeout=30).content == stored
    words = payload["transcript"]["words"]
    assert len(words) > 200
    assert all(word["start"] < word["end"] for word in words)
    manifest = client.get_object(Bucket=BUCKET, Key="test1/clips/manifest.json")["Body"].read()
    assert payload["manifest"] == json.loads(manifest)

    again = curl(stack, "/process-video", {"s3_key": KEY}, "-H", "Prefer: wait=30")
    assert again["run_id"] == payload["run_id"]
    assert again["generated_videos"] == videos
    runs = stack.deployment.graphql(RUNS, tags=[{"key": "dagster/partition", "value": KEY}])["runsOrError"]["results"]
    assert [run["runId"] for run in runs] == [payload["run_id"]]
    for log in (stack.api.log, stack.deployment.log):
        assert FULL not in log.read_text()


def test_a_run_is_followed_over_a_websocket(stack: Stack) -> None:
    run_id = stack.api.episode(KEY)["run_id"]
    url, header = f"{stack.api.url.replace('http', 'ws', 1)}/graphql", {"Authorization": f"Bearer {READ}"}
    with connect(url, subprotocols=[Subprotocol("graphql-ws")], additional_headers=header) as socket:
        socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(socket.recv(30)) == {"type": "connection_ack"}
        payload = {"query": operation("follow_run"), "variables": {"runId": run_id, "cursor": None}}
        socket.send(json.dumps({"type": "start", "id": "1", "payload": payload}))
        logs = json.loads(socket.recv(30))["payload"]["data"]["pipelineRunLogs"]
    assert logs["__typename"] == "PipelineRunLogsSubscriptionSuccess"
    assert "RUN_SUCCESS" in {message.get("eventType") for message in logs["messages"]}


def test_metrics_include_the_run(stack: Stack) -> None:
    text = stack.api.request("GET", "/metrics", READ).text
    metrics = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert metrics["clipper_runs_ended_total", "success"] >= 1
    assert metrics["clipper_step_seconds_count", "rendered_clips"] >= 1
    assert metrics["clipper_clips_total", "true"] >= 2


def test_logs_are_json(stack: Stack) -> None:
    run_id = stack.api.episode(KEY)["run_id"]
    run = stack.deployment.log.parent / "home" / "runs" / f"{run_id}.log"
    lines_by_log: dict[Path, list[dict[str, Any]]] = {
        log: [json.loads(line) for line in log.read_text().splitlines()] for log in (stack.api.log, run)
    }
    # Sensors log to Dagster's console, which has no JSON format.
    daemon_lines = [line for line in stack.deployment.log.read_text().splitlines() if line.startswith("{")]
    assert "dagster.daemon.SensorDaemon" in {json.loads(line)["logger"] for line in daemon_lines}
    for lines in lines_by_log.values():
        assert all({"timestamp", "level", "logger", "event"} <= set(line) for line in lines)
    requests_logged = {
        (line.get("method"), line.get("path"), line.get("status")) for line in lines_by_log[stack.api.log]
    }
    assert ("POST", "/process-video", 202) in requests_logged
    steps = {line["step"] for line in lines_by_log[run] if line.get("event_type") == "STEP_SUCCESS"}
    assert "rendered_clips" in steps
    assert {line["episode"] for line in lines_by_log[run]} == {KEY}


def test_an_edit_makes_the_clips_of_its_episode_stale_until_it_is_undone(stack: Stack) -> None:
    def stale() -> set[str]:
        nodes = stack.deployment.graphql(STALE, assets=[{"path": [name]} for name in AFTER_EDITS], key=KEY)
        return {node["assetKey"]["path"][0] for node in nodes["assetNodes"] if node["staleStatus"] != "FRESH"}

    assert stale() == set()
    version = stack.api.episode(KEY)["edits"]["version"]
    decided = {"base_version": version, "decision": "approved"}
    assert stack.api.request("PATCH", f"/episodes/{KEY}/clips/0", json=decided).ok
    assert stale() == set()
    styled = {"base_version": version + 1, "caption_style": "boxed"}
    assert stack.api.request("PATCH", f"/episodes/{KEY}/clips/0", json=styled).ok
    assert stale() == {"rendered_clips"}
    assert stack.api.request("POST", f"/episodes/{KEY}/edits/undo", json={"base_version": version + 2}).ok
    assert stale() == set()


def test_a_backfill_by_look_changes_nothing_else_and_a_removed_look_leaves_no_files(stack: Stack, cut: Path) -> None:
    second, graphql = "test1/second.mp4", stack.deployment.graphql
    stack.s3.client.upload_file(str(cut.with_suffix(".srt")), BUCKET, second.replace(".mp4", ".srt"))
    stack.s3.client.upload_file(str(cut), BUCKET, second)
    assert curl(stack, "/process-video?wait=true", {"s3_key": second})["status"] == "success"
    approved = {"base_version": stack.api.episode(KEY)["edits"]["version"], "decision": "approved"}
    assert stack.api.request("PATCH", f"/episodes/{KEY}/clips/0", json=approved).ok

    def stored() -> dict[str, tuple[str, object]]:
        """ETag and time of every object."""
        pages = stack.s3.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return {each["Key"]: (each["ETag"], each["LastModified"]) for page in pages for each in page["Contents"]}

    def ended() -> str | None:
        backfill = graphql(operation("backfill_status"), backfillId=started["backfillId"])["partitionBackfillOrError"]
        return str(backfill["status"]) if backfill["status"].startswith(("COMPLETED", "FAILED")) else None

    before = stored()
    assert graphql(ADD_PARTITION.replace('"episodes"', '"looks"'), key=LOOK)["addDynamicPartition"]["__typename"] == (
        "AddDynamicPartitionSuccess"
    )
    params = {
        "assetSelection": [{"path": ["clip_variants"]}],
        "partitionNames": [f"{key}|{LOOK}" for key in (KEY, second)],
        "title": "all episodes in square",
    }
    started = graphql(operation("backfill"), backfillParams=params)["launchPartitionBackfill"]
    assert wait_for("the end of the backfill", ended) == "COMPLETED_SUCCESS"
    made = stored()
    assert before.items() <= made.items()
    assert {key for key in made if LOOK not in key} == set(before)
    for key in (KEY, second):
        (look,) = stack.api.episode(key)["looks"]
        shown = stack.api.request("GET", f"/episodes/{key}/looks/{LOOK}").json()
        assert (look["state"], look["clips"]) == ("done", len(stack.api.episode(key)["clip_views"]))
        assert {(clip["aspect"], clip["width"], clip["caption_style"]) for clip in shown["clip_views"]} == {
            ("1:1", 1080, "marker")
        }
        assert requests.get(shown["clip_views"][0]["video_url"], timeout=30).content
    assert stack.api.episode(KEY)["clip_views"][0]["verdict"] == {"decision": "approved", "current": True}
    assert stack.api.request("DELETE", f"/looks/{LOOK}").status_code == 204
    assert stored() == before
    assert stack.api.episode(KEY)["looks"] == []


def test_a_broken_episode_is_listed_as_damaged_and_the_others_are_unchanged(stack: Stack) -> None:
    def rows() -> dict[str, Any]:
        answer = stack.api.request("GET", "/episodes", READ)
        assert answer.ok, answer.text
        return {row["key"]: row for row in answer.json()["episodes"]}

    client, manifest, before = stack.s3.client, "test1/clips/manifest.json", rows()
    original = client.get_object(Bucket=BUCKET, Key=manifest)["Body"].read()
    stray = "lake/edits/episode=test1%2Fsample.mp4/notes.json"
    for name in ("../../x", "%FF", "later/talk.mp4"):
        stack.deployment.graphql(ADD_PARTITION, key=name)
    try:
        client.put_object(Bucket=BUCKET, Key=stray, Body=b"{")
        client.put_object(Bucket=BUCKET, Key=manifest, Body=original[: len(original) // 2])
        after = wait_for("a damaged row", lambda: listed if (listed := rows())[KEY]["state"] == "damaged" else None)
        page = stack.api.episode(KEY)
        assert stack.api.request("GET", "/metrics", READ).ok
    finally:
        client.put_object(Bucket=BUCKET, Key=manifest, Body=original)
        client.delete_object(Bucket=BUCKET, Key=stray)
    broken = {key: after.pop(key) for key in ("../../x", "%FF", "later/talk.mp4", KEY)}
    assert after == {key: row for key, row in before.items() if key != KEY}
    assert [row["state"] for row in broken.values()] == ["damaged", "damaged", "waiting", "damaged"]
    assert manifest in broken[KEY]["error"]
    assert page["error"] == broken[KEY]["error"]
    wait_for("a repaired row", lambda: rows()[KEY] == before[KEY] or None)
