"""Retrying and removing episodes. No daemon runs here, so that runs stay queued."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from fastapi.testclient import TestClient

from clipper_assets.api.deps import Services
from clipper_assets.api.launches import options_of
from clipper_assets.clips.assets import RenderConfig
from clipper_assets.episodes.claims import UPLOAD_TAG, Launch, Requester, claim_run, release, upload_tag
from clipper_assets.episodes.discovery.cursor import Cursor
from clipper_assets.episodes.sensors import build_new_uploads
from clipper_assets.job import clip_episode as job
from clipper_assets.media.frame import Aspect
from clipper_assets.storage.base import Storage
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.stored import Stored
from clipper_assets_tests.conftest import clip_episode
from clipper_assets_tests.support.sensors import observe_nothing

pytestmark = pytest.mark.episodes

KEY = "show5/again.mp4"
BESIDE = "show5/again.srt"
OTHERS = ("show5/clips/other/manifest.json", "show5/clips/other/clip_0.mp4", "show5/clips/notes.txt")


@pytest.fixture
def episode(services: Services, cut: Path, short_windows: None) -> Iterator[Stored]:
    """An upload, its transcript and files of another episode; all of them are deleted at the end."""
    services.storage.put_file(KEY, cut)
    services.storage.put_file(BESIDE, cut.with_suffix(".srt"))
    for key in OTHERS:
        services.storage.put_bytes(key, b'{"episode": "show5/other.mp4"}')
    stored = services.storage.stat(KEY)
    assert stored
    yield stored
    for run in runs(services):
        services.instance.delete_run(run.run_id)
    services.instance.delete_dynamic_partition("episodes", KEY)
    for stored in [*services.storage.list_objects("show5"), *services.storage.list_objects("lake")]:
        if "show5" in stored.key:
            services.storage.delete(stored.key)
    services.states.forget(KEY)


def runs(services: Services) -> list[dg.DagsterRun]:
    return list(services.instance.get_runs(dg.RunsFilter(tags={"dagster/partition": KEY})))


def add_ended_run(services: Services, status: dg.DagsterRunStatus, tags: dict[str, str]) -> None:
    """Adds a run of the episode that ended with the status."""
    options = {"ops": {"highlight_windows": {"config": {"length": "short"}}}}
    run = services.instance.add_run(
        dg.DagsterRun("clip_episode", tags={"dagster/partition": KEY, **tags}, run_config=options)
    )
    if status is dg.DagsterRunStatus.FAILURE:
        services.instance.report_run_failed(run)
    else:
        services.instance.report_run_canceled(run)
    services.states.forget(KEY)


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED])
def test_a_failed_or_cancelled_episode_is_retried_once(
    client: TestClient, services: Services, episode: Stored, status: dg.DagsterRunStatus
) -> None:
    add_ended_run(services, status, {UPLOAD_TAG: upload_tag(episode)})
    answer = client.post(f"/episodes/{KEY}/retry")
    assert answer.status_code == 202
    newest = runs(services)[0]
    assert answer.json()["run_id"] == newest.run_id
    assert newest.tags[UPLOAD_TAG] == upload_tag(episode)
    assert not newest.asset_selection
    assert options_of(newest) == {"length": "short"}
    assert client.get(f"/episodes/{KEY}").json()["state"] == "queued"
    assert client.post(f"/episodes/{KEY}/retry").status_code == 409
    assert client.post("/process-video", json={"s3_key": KEY}).json()["run_id"] == newest.run_id


def test_only_a_failed_episode_is_retried_and_by_one_request_at_a_time(
    client: TestClient, reader: TestClient, services: Services, episode: Stored
) -> None:
    assert client.post(f"/episodes/{KEY}/retry").status_code == 409
    assert client.post("/episodes/show5/none.mp4/retry").status_code == 404
    assert reader.post(f"/episodes/{KEY}/retry").status_code == 403
    add_ended_run(services, dg.DagsterRunStatus.FAILURE, {})
    decision = claim_run(services.storage, services.instance, episode, Requester.retry)
    assert isinstance(decision, Launch)
    assert client.post(f"/episodes/{KEY}/retry").status_code == 409
    release(services.storage, episode, decision.attempt)
    services.storage.delete(KEY)
    assert client.post(f"/episodes/{KEY}/retry").status_code == 404


def test_removing_an_episode_deletes_all_its_files_and_no_others(
    client: TestClient, services: Services, episode: Stored
) -> None:
    before = {stored.key for stored in services.storage.list_objects()}
    for aspect in (Aspect.portrait, Aspect.square):
        _, result = clip_episode(services.storage, KEY, services.instance, render=RenderConfig(aspect=aspect))
        assert result.success
    services.states.forget(KEY)
    version = client.get(f"/episodes/{KEY}").json()["edits"]["version"]
    edit = {"base_version": version, "hook": "Another one"}
    assert client.patch(f"/episodes/{KEY}/clips/0", json=edit).status_code == 200
    made = {stored.key for stored in services.storage.list_objects()} - before
    assert {"show5/clips/clip_0.mp4", "show5/clips/1x1/clip_0.mp4"} <= made

    assert client.delete(f"/episodes/{KEY}").status_code == 204
    left = {stored.key for stored in services.storage.list_objects()} - before
    (claim,) = {key for key in left if not key.startswith("lake/library/")}  # `refresh_library` removes its rows
    assert claim.startswith("lake/run_claims/")
    assert {KEY, BESIDE, *OTHERS} <= {stored.key for stored in services.storage.list_objects()}
    assert KEY not in [each["key"] for each in client.get("/episodes?limit=200").json()["episodes"]]
    assert client.get(f"/episodes/{KEY}").json()["state"] == "waiting"
    assert runs(services) == []

    assert requested(services, Cursor(waiting={KEY: episode.version})) == []
    assert client.post("/process-video", json={"s3_key": KEY}).status_code == 202
    assert client.get(f"/episodes/{KEY}").json()["clip_views"] == []


def requested(services: Services, cursor: Cursor) -> list[str]:
    """The run keys that a tick of the sensor requests for this episode."""
    with dg.build_sensor_context(
        instance=services.instance, cursor=cursor.write(), resources={"storage": services.storage}
    ) as context:
        result = build_new_uploads(job, 15, observe_nothing)(context)
    assert isinstance(result, dg.SensorResult)
    return [str(each.run_key) for each in result.run_requests or [] if each.partition_key == KEY]


def test_an_episode_without_its_recording_is_removed_with_its_claims_and_can_be_uploaded_again(
    client: TestClient, services: Services, episode: Stored
) -> None:
    add_ended_run(services, dg.DagsterRunStatus.FAILURE, {UPLOAD_TAG: upload_tag(episode)})
    services.storage.delete(KEY)
    assert client.delete(f"/episodes/{KEY}").status_code == 204
    assert client.get(f"/episodes/{KEY}").status_code == 404
    assert not [stored for stored in services.storage.list_objects("lake/run_claims") if "show5" in stored.key]
    services.storage.put_bytes(KEY, b"the recording, uploaded again")
    uploaded = services.storage.stat(KEY)
    assert uploaded
    assert requested(services, Cursor(waiting={KEY: uploaded.version})) == [upload_tag(uploaded)]


def test_a_removal_that_failed_in_the_storage_can_be_repeated(
    client: TestClient, services: Services, episode: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.storage.put_bytes(f"lake/edits/{hive_folder(KEY)}/1.json", b"{}")
    add_ended_run(services, dg.DagsterRunStatus.FAILURE, {UPLOAD_TAG: upload_tag(episode)})
    delete = type(services.storage).delete

    def refused(storage: Storage, key: str) -> None:
        if "edits" in key:
            raise PermissionError(13, "Permission denied", key)
        delete(storage, key)

    with monkeypatch.context() as patch:
        patch.setattr(type(services.storage), "delete", refused)
        assert client.delete(f"/episodes/{KEY}").status_code == 503
    assert len(runs(services)) == 1
    assert client.delete(f"/episodes/{KEY}").status_code == 204
    assert runs(services) == []


def test_clips_with_a_damaged_manifest_are_removed_by_their_records(
    client: TestClient, services: Services, episode: Stored
) -> None:
    _, result = clip_episode(services.storage, KEY, services.instance)
    assert result.success
    services.storage.put_bytes("show5/clips/manifest.json", b"{")
    services.states.forget(KEY)
    assert client.delete(f"/episodes/{KEY}").status_code == 204
    assert {stored.key for stored in services.storage.list_objects("show5")} == {KEY, BESIDE, *OTHERS}


def test_an_episode_with_a_queued_run_cannot_be_removed(
    client: TestClient, reader: TestClient, services: Services, episode: Stored
) -> None:
    assert client.delete("/episodes/show5/none.mp4").status_code == 404
    assert reader.delete(f"/episodes/{KEY}").status_code == 403
    assert client.post("/process-video", json={"s3_key": KEY}).status_code == 202
    answer = client.delete(f"/episodes/{KEY}")
    assert answer.status_code == 409
    assert "cancel it" in answer.json()["detail"]
    assert len(runs(services)) == 1


@pytest.mark.parametrize(
    "key", ["..%2f..%2fetc%2fpasswd.mp4", "show5/..%2fagain.mp4", "lake/again.mp4", "show5/clips/clip_0.mp4", "show5"]
)
def test_only_an_episode_can_be_removed(client: TestClient, services: Services, episode: Stored, key: str) -> None:
    before = {stored.key for stored in services.storage.list_objects()}
    assert client.delete(f"/episodes/{key}").status_code == 422
    assert {stored.key for stored in services.storage.list_objects()} == before
