"""`POST /process-video` and the event streams. No daemon runs here, so that runs stay queued."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Timer

import av
import dagster as dg
import httpx
import pytest
from dagster import DagsterRun, RunsFilter
from fastapi.testclient import TestClient

from clipper_assets.api.app import build_app
from clipper_assets.api.deps import Services
from clipper_assets.api.launches import options_of
from clipper_assets.api.repository.states import States
from clipper_assets.api.routes import process
from clipper_assets.api.routes.process import processed
from clipper_assets.episodes.claims import UPLOAD_TAG, Launch, Requester, claim_run, release, upload_tag
from clipper_assets.episodes.discovery.cursor import Cursor
from clipper_assets.episodes.sensors import build_new_uploads
from clipper_assets.job import clip_episode
from clipper_assets.storage.base import Storage
from clipper_assets.storage.s3 import S3Storage
from clipper_assets_tests.api.conftest import KEY, NEW, TOKENS, URL, client_of
from clipper_assets_tests.support.media import picture_bomb
from clipper_assets_tests.support.sensors import observe_nothing


def test_concurrent_requests_for_an_upload_start_one_run(
    client: TestClient, services: Services, runs_of_new_removed: None
) -> None:
    async def at_once() -> list[httpx.Response]:
        transport = httpx.ASGITransport(build_app(services, TOKENS))
        async with httpx.AsyncClient(transport=transport, base_url=URL, headers=client.headers) as caller:
            return await asyncio.gather(*(caller.post("/process-video", json={"s3_key": NEW}) for _ in range(4)))

    answers = asyncio.run(at_once())
    assert [answer.status_code for answer in answers] == [202] * 4
    (run_id,) = {answer.json()["run_id"] for answer in answers}
    assert answers[0].json()["status_url"] == answers[0].headers["location"] == f"/episodes/{NEW}"
    run = services.instance.get_run_by_id(run_id)
    stored = services.storage.stat(NEW)
    assert run
    assert stored
    assert run.tags[UPLOAD_TAG] == upload_tag(stored)
    assert client.get(f"/episodes/{NEW}").json()["state"] == "queued"


def test_concurrent_requests_to_two_replicas_start_one_run(
    services: Services, any_storage: Storage, cut: Path, monkeypatch: pytest.MonkeyPatch, runs_of_new_removed: None
) -> None:
    any_storage.put_file(NEW, cut)
    both_checked = Barrier(2)
    monkeypatch.setattr(process, "check_in_subprocess", lambda *_: both_checked.wait(10))
    for _ in range(3):
        process._probed_uploads.clear()
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(requested_run, [replica(services, any_storage) for _ in range(2)]))
        (run_id,) = set(answers)
        services.instance.report_run_failed(run_of(services, run_id))


def test_the_sensor_and_the_api_start_one_run(
    services: Services, any_storage: Storage, cut: Path, monkeypatch: pytest.MonkeyPatch, runs_of_new_removed: None
) -> None:
    any_storage.put_file(NEW, cut)
    sensor = build_new_uploads(clip_episode, 15, observe_nothing)
    cursor = None if isinstance(any_storage, S3Storage) else Cursor(waiting=versions(any_storage)).write()

    def tick(*_: object) -> None:
        """A whole tick of the sensor after the API has seen that there is no run; the daemon then adds the run."""
        with dg.build_sensor_context(
            instance=services.instance, cursor=cursor, resources={"storage": any_storage}
        ) as context:
            result = sensor(context)
        assert isinstance(result, dg.SensorResult)
        (request,) = result.run_requests or []
        tags = {**request.tags, "dagster/partition": NEW}
        Timer(0.3, lambda: services.instance.add_run(DagsterRun("clip_episode", tags=tags))).start()

    monkeypatch.setattr(process, "check_in_subprocess", tick)
    process._probed_uploads.clear()
    run_id = requested_run(replica(services, any_storage))
    (run,) = services.instance.get_runs(RunsFilter(tags={"dagster/partition": NEW}))
    assert run_id == run.run_id


def test_a_request_waits_for_the_run_of_another_request_for_a_limited_time(
    services: Services, client: TestClient, monkeypatch: pytest.MonkeyPatch, runs_of_new_removed: None
) -> None:
    monkeypatch.setattr(process, "PATIENCE_S", 0.0)
    stored = services.storage.stat(NEW)
    assert stored
    decision = claim_run(services.storage, services.instance, stored, Requester.api)
    assert isinstance(decision, Launch)
    answer = client.post("/process-video", json={"s3_key": NEW})
    release(services.storage, stored, decision.attempt)
    assert answer.status_code == 409
    assert "is being started" in answer.json()["detail"]


def test_a_failed_launch_does_not_block_the_next_request(
    services: Services, client: TestClient, monkeypatch: pytest.MonkeyPatch, runs_of_new_removed: None
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(services.dagster, "launch", None)
        assert client.post("/process-video", json={"s3_key": NEW}).status_code == 500
    assert client.post("/process-video", json={"s3_key": NEW}).status_code == 202


def replica(services: Services, storage: Storage) -> TestClient:
    """A second API on the same Dagster instance; in the same process, but without shared state."""
    states = States(storage, services.instance, services.runs)
    return client_of(replace(services, storage=storage, states=states), "full-token")


def requested_run(replica: TestClient) -> str:
    """Requests clips of `NEW` and returns the run id."""
    answer = replica.post("/process-video", json={"s3_key": NEW})
    assert answer.status_code == 202
    return str(answer.json()["run_id"])


def versions(storage: Storage) -> dict[str, str]:
    return {stored.key: stored.version for stored in storage.list_objects()}


def run_of(services: Services, run_id: str) -> DagsterRun:
    run = services.instance.get_run_by_id(run_id)
    assert run
    return run


def test_a_wait_that_times_out_answers_with_the_run(client: TestClient, runs_of_new_removed: None) -> None:
    answer = client.post("/process-video", json={"s3_key": NEW}, headers={"Prefer": "respond-async, wait=1"})
    assert answer.status_code == 202
    assert client.delete(f"/episodes/{NEW}/run").status_code == 202


def test_a_request_after_a_cancelled_run_starts_a_new_one(client: TestClient, runs_of_new_removed: None) -> None:
    first = client.post("/process-video", json={"s3_key": NEW}).json()["run_id"]
    assert client.delete(f"/episodes/{NEW}/run").status_code == 202
    assert client.post("/process-video", json={"s3_key": NEW}).json()["run_id"] != first


def test_a_finished_episode_answers_with_the_run_of_its_current_clips(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = services.runs.latest(KEY)
    assert first
    assert client.post("/process-video", json={"s3_key": KEY}).json()["run_id"] == first.run_id

    rendering = client.post(f"/episodes/{KEY}/render").json()["run_id"]
    assert client.post("/process-video", json={"s3_key": KEY}).json()["run_id"] == rendering
    services.instance.report_run_failed(run_of(services, rendering))
    services.states.forget(KEY)
    assert client.post("/process-video", json={"s3_key": KEY}).json()["run_id"] == first.run_id

    episode = services.states.snapshot(KEY)
    (rendering_shown,) = episode.renderings
    rendering_shown = replace(
        rendering_shown, manifest=rendering_shown.manifest.model_copy(update={"run_id": rendering})
    )
    monkeypatch.setattr(services.states, "snapshot", lambda _: replace(episode, renderings=[rendering_shown]))
    assert client.post("/process-video", json={"s3_key": KEY}).json()["run_id"] == rendering
    services.instance.delete_run(rendering)
    assert client.post("/process-video", json={"s3_key": KEY}).json()["run_id"] == first.run_id
    services.states.forget(KEY)


def test_other_options_start_another_run_unless_one_is_in_progress(
    client: TestClient, services: Services, runs_of_new_removed: None
) -> None:
    short = {"s3_key": NEW, "length": [15, 30], "range": "0:00-0:09", "max_clips": 2, "topics": ["how they met"]}
    first = client.post("/process-video", json=short).json()["run_id"]
    assert options_of(run_of(services, first)) == {
        "length": "15-30",
        "range": "0:00-0:09",
        "max_clips": 2,
        "topics": "how they met",
    }
    assert client.post("/process-video", json=short).json()["run_id"] == first
    assert client.post("/process-video", json={"s3_key": NEW}).json()["run_id"] == first

    long = {"s3_key": NEW, "length": "long"}
    answer = client.post("/process-video", json=long)
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith(f"a run of {NEW} with other options is in progress; cancel it")
    assert client.delete(f"/episodes/{NEW}/run").status_code == 202
    second = client.post("/process-video", json=long).json()["run_id"]
    assert options_of(run_of(services, second)) == {"length": "long"}


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ({"length": "medium"}, "length is 'medium'; it should be short, standard, long"),
        ({"range": "12:30"}, "range is '12:30'; it should be two times"),
        ({"max_clips": 41}, "max_clips is 41; it should be less than or equal to 40"),
        ({"topics": "x" * 501}, "it should have at most 500 characters"),
    ],
)
def test_options_that_are_not_allowed_are_refused(client: TestClient, option: dict[str, object], sentence: str) -> None:
    answer = client.post("/process-video", json={"s3_key": NEW, **option})
    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]


def test_a_file_that_is_not_a_video_is_refused_without_a_run(client: TestClient, services: Services) -> None:
    services.storage.put_bytes("show2/fake.mp4", b"this is no video" * 100)
    answer = client.post("/process-video", json={"s3_key": "show2/fake.mp4"})
    assert answer.status_code == 422
    assert "fake.mp4" in answer.json()["detail"]
    assert services.runs.latest("show2/fake.mp4") is None


def test_the_api_does_not_decode_uploads_in_its_own_process(
    client: TestClient, services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.storage.put_file("show2/bomb.mkv", picture_bomb(tmp_path / "bomb.mkv"))
    monkeypatch.setattr(av, "open", None)
    answer = client.post("/process-video", json={"s3_key": "show2/bomb.mkv"})
    assert answer.status_code == 422
    assert "larger than 8192x4320 pixels" in answer.json()["detail"]


def test_a_missing_upload_is_404(client: TestClient) -> None:
    assert client.post("/process-video", json={"s3_key": "show2/none.mp4"}).status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"s3_key": ""}, {"s3_key": 3}, {"s3_key": KEY, "webhook": "https://evil.example"}]
)
def test_invalid_bodies_are_refused_with_one_sentence(client: TestClient, body: dict[str, object]) -> None:
    answer = client.post("/process-video", json=body)
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)


def test_the_blocking_answer_has_absolute_video_urls_that_open(services: Services, stranger: TestClient) -> None:
    run = services.runs.latest(KEY)
    assert run
    payload = processed(services, KEY, run, "https://clips.example/")
    assert (payload.status, payload.clips_processed, payload.total_clips_identified) == ("success", 2, 2)
    for number, video in enumerate(payload.generated_videos):
        assert video.video_url.startswith(f"https://clips.example/media/show/clips/clip_{number}.mp4?signature=")
        assert stranger.get(video.video_url.removeprefix("https://clips.example")).status_code == 200


def events(text: str) -> list[dict[str, str]]:
    """Parses a stream into events with their fields."""
    blocks = text.replace("\r\n", "\n").strip().split("\n\n")
    pairs = [[line.split(": ", 1) for line in block.splitlines() if not line.startswith(":")] for block in blocks]
    return [dict(block) for block in pairs if block]


def test_the_events_of_a_finished_run_end_with_the_result(reader: TestClient) -> None:
    received = events(reader.get(f"/episodes/{KEY}/events").text)
    steps = [json.loads(each["data"])["step"] for each in received if each["event"] == "step"]
    assert [(step["name"], step["state"]) for step in steps] == [
        (name, state)
        for name in (
            "raw_video",
            "aligned_transcript",
            "ad_spans",
            "chapters",
            "highlight_windows",
            "scenes",
            "camera_paths",
            "rendered_clips",
            "episode_costs",
            "library",
        )
        for state in ("running", "done")
    ]
    percentages = [json.loads(each["data"])["percent"] for each in received[:-1]]
    assert percentages == sorted(percentages)
    assert {each["event"] for each in received} == {"step", "progress", "log", "result"}
    assert json.loads(received[-1]["data"])["state"] == "done"
    assert len({each["id"] for each in received}) == len(received)


def test_a_client_resumes_after_its_last_event(reader: TestClient) -> None:
    url = f"/episodes/{KEY}/events"
    received = events(reader.get(url).text)
    for place in (0, len(received) // 2, len(received) - 2):
        rest = events(reader.get(url, headers={"Last-Event-ID": received[place]["id"]}).text)
        assert [each["id"] for each in rest] == [each["id"] for each in received[place + 1 :]]
    assert reader.get(url, headers={"Last-Event-ID": received[-1]["id"]}).status_code == 204
    again = events(reader.get(url, headers={"Last-Event-ID": "another-run:12"}).text)
    assert len(again) == len(received)
