"""Looks over HTTP. No daemon runs here, so that runs stay queued."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from fastapi.testclient import TestClient

from clipper_assets.api.deps import Services
from clipper_assets.runtime.partition_keys import EPISODE_TAG, look_partition
from clipper_assets_tests.conftest import clip_episode, shorten_clips
from clipper_assets_tests.support.looks import render_look

KEY, LOOK = "show8/looks.mp4", "square-marker"
EPISODE, OF_LOOK = f"/episodes/{KEY}", f"/episodes/{KEY}/looks/{LOOK}"


@pytest.fixture(scope="module", autouse=True)
def _episode(services: Services, cut: Path) -> Iterator[None]:
    """An episode with its default clips and those of a look."""
    services.storage.put_file(KEY, cut)
    services.storage.put_file(KEY.replace(".mp4", ".srt"), cut.with_suffix(".srt"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        shorten_clips(monkeypatch)
        assert clip_episode(services.storage, KEY, services.instance)[1].success
        assert render_look(services.storage, KEY, services.instance, LOOK).success
    services.states.forget(KEY)
    yield
    for name in services.instance.get_dynamic_partitions("looks"):
        services.instance.delete_dynamic_partition("looks", name)


@pytest.fixture
def runs_removed(services: Services) -> Iterator[None]:
    """Removes the runs of looks that a test started."""
    yield
    for run in services.instance.get_runs(dg.RunsFilter(tags={EPISODE_TAG: KEY})):
        if not run.is_finished:
            services.instance.delete_run(run.run_id)


def contents(services: Services) -> dict[str, bytes]:
    return {stored.key: services.storage.read_bytes(stored.key) for stored in services.storage.list_objects("show8")}


def edit(client: TestClient, query: str, **changes: object) -> dict[str, Any]:
    version = client.get(EPISODE).json()["edits"]["version"]
    answer = client.patch(f"{EPISODE}/clips/0{query}", json={"base_version": version, **changes})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_looks_are_added_by_name_and_listed(client: TestClient) -> None:
    shown = {"look": "feed-pop", "aspect": "4:5", "caption_style": "pop", "language": None, "error": None}
    for _ in range(2):
        assert client.put("/looks/feed-pop").json() == shown
    assert [each["look"] for each in client.get("/looks").json()["looks"]] == [LOOK, "feed-pop"]
    refused = client.put("/looks/feed-comic")
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith("unknown look 'feed-comic'; name it <aspect>-<caption style>")


def test_a_partition_added_in_dagster_that_is_no_look_says_so(client: TestClient, services: Services) -> None:
    services.instance.add_dynamic_partitions("looks", ["square"])
    unknown = client.get("/looks").json()["looks"][-1]
    assert (unknown["look"], unknown["aspect"]) == ("square", None)
    assert unknown["error"].startswith("unknown look 'square'; ")
    assert client.delete("/looks/square").status_code == 204
    assert client.delete("/looks/square").status_code == 404


def test_an_episode_shows_its_looks_beside_its_clips(client: TestClient) -> None:
    episode = client.get(EPISODE).json()
    assert [clip["aspect"] for clip in episode["clip_views"]] == ["9:16"]
    (look,) = episode["looks"]
    assert (look["look"], look["state"], look["percent"], look["clips"]) == (LOOK, "done", 100.0, 1)
    assert look["manifest_key"] == f"show8/clips/looks/{LOOK}/manifest.json"
    shown = client.get(OF_LOOK).json()
    assert {**look, "clip_views": shown["clip_views"]} == shown
    clip = client.get(f"{EPISODE}/clips/0", params={"look": LOOK}).json()
    assert (clip["look"], clip["width"], clip["key"]) == (LOOK, 1080, f"show8/clips/looks/{LOOK}/clip_0.mp4")
    assert client.get(clip["video_url"]).status_code == 200
    assert client.get(f"{EPISODE}/clips/0").json()["look"] is None
    both = client.get(f"{EPISODE}/clips/0", params={"look": LOOK, "aspect": "1:1"})
    assert (both.status_code, both.json()["detail"]) == (
        422, f"name either the aspect 1:1 or the look {LOOK}, not both",
    )  # fmt: skip
    missing = client.get(f"{EPISODE}/clips/0", params={"look": "feed-pop"})
    assert (missing.status_code, missing.json()["detail"]) == (
        404, f"{KEY} has no clips in the look feed-pop; it has {LOOK}",
    )  # fmt: skip


def test_an_upload_in_a_folder_named_looks_is_an_episode(client: TestClient, services: Services) -> None:
    services.storage.put_bytes("show8/looks/talk.mp4", b"recording")
    shown = client.get("/episodes/show8/looks/talk.mp4")
    services.storage.delete("show8/looks/talk.mp4")
    assert (shown.status_code, shown.json().get("key")) == (200, "show8/looks/talk.mp4")


def test_a_look_that_a_person_reports_as_made_in_dagster_has_no_clips(client: TestClient, services: Services) -> None:
    services.instance.add_dynamic_partitions("looks", ["feed-neon"])
    reported = dg.AssetMaterialization("clip_variants", partition=look_partition(KEY, "feed-neon"))
    services.instance.report_runless_asset_event(reported)
    shown = client.get(EPISODE)
    services.instance.delete_dynamic_partition("looks", "feed-neon")
    assert [each["look"] for each in shown.json()["looks"]] == [LOOK]


def test_a_damaged_look_hides_neither_the_default_clips_nor_another_look(
    client: TestClient, services: Services
) -> None:
    key = f"show8/clips/looks/{LOOK}/manifest.json"
    manifest = services.storage.read_bytes(key)
    before = client.get(EPISODE).json()
    services.storage.put_bytes(key, b"{")
    services.states._files.clear()
    try:
        episode, clip = client.get(EPISODE), client.get(f"{EPISODE}/clips/0?look={LOOK}")
    finally:
        services.storage.put_bytes(key, manifest)
    assert episode.status_code == 200, episode.text
    shown = [each["sha256"] for each in episode.json()["clip_views"]]
    assert shown == [each["sha256"] for each in before["clip_views"]]
    (look,) = episode.json()["looks"]
    assert (look["state"], look["clips"]) == ("damaged", None)
    assert look["error"] == f"the manifest {key} cannot be read; materialize clip_variants of the episode again"
    assert (clip.status_code, clip.json()["detail"]) == (409, look["error"])


def test_a_decision_about_a_look_is_none_about_the_default_clip(client: TestClient, services: Services) -> None:
    before = contents(services)

    def verdicts() -> list[Any]:
        clips = (client.get(f"{EPISODE}/clips/0{query}").json() for query in ("", f"?look={LOOK}"))
        return [clip["verdict"] and clip["verdict"]["decision"] for clip in clips]

    for decision in ("approved", "rejected"):
        edit(client, f"?look={LOOK}", decision=decision)
        assert verdicts() == [None, decision]
    edit(client, "", decision="approved")
    assert verdicts() == ["approved", "rejected"]
    edit(client, f"?look={LOOK}", decision="approved")
    edit(client, "", decision="rejected")
    assert verdicts() == ["rejected", "rejected"]
    assert contents(services) == before
    version = client.get(EPISODE).json()["edits"]["version"]
    styled = client.patch(f"{EPISODE}/clips/0?look={LOOK}", json={"base_version": version, "caption_style": "neon"})
    assert styled.status_code == 422
    assert client.request("DELETE", f"{EPISODE}/edits", json={"base_version": version}).status_code == 200


def test_an_edit_is_shown_as_not_rendered_yet_in_every_look(client: TestClient) -> None:
    edit(client, "", title="Another title", caption_style="neon")
    wanted = [client.get(f"{EPISODE}/clips/0{query}").json()["wanted"] for query in ("", f"?look={LOOK}")]
    assert wanted == [{"title": "Another title", "caption_style": "neon"}, {"title": "Another title"}]
    version = client.get(EPISODE).json()["edits"]["version"]
    client.request("DELETE", f"{EPISODE}/edits", json={"base_version": version})


@pytest.mark.usefixtures("runs_removed")
def test_a_run_of_a_look_is_started_once_and_leaves_the_episode_alone(client: TestClient, services: Services) -> None:
    unknown = client.post(f"{EPISODE}/looks/feed-neon")
    assert (unknown.status_code, unknown.json()["detail"].endswith("; add it with PUT /looks/feed-neon")) == (404, True)
    before = client.get(EPISODE).json()
    answers = [client.post(OF_LOOK) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    (run_id,) = {answer.json()["run_id"] for answer in answers}
    run = services.instance.get_run_by_id(run_id)
    assert run is not None
    assert (run.job_name, run.tags["dagster/partition"]) == ("render_look", f"{KEY}|{LOOK}")
    after = client.get(EPISODE).json()
    (look,) = after.pop("looks")
    before.pop("looks")
    urls = ("clip_views", "thumbnail_url")  # signed anew
    assert {name: after[name] for name in after if name not in urls} == {
        name: before[name] for name in before if name not in urls
    }
    assert (look["state"], look["run_id"], look["clips"]) == ("queued", run_id, 1)
    busy = client.delete(f"/looks/{LOOK}")
    assert (busy.status_code, busy.json()["detail"].startswith(f"a run of the look {LOOK} is in progress")) == (
        409,
        True,
    )


@pytest.mark.usefixtures("runs_removed")
def test_a_new_upload_has_no_looks_yet(client: TestClient, services: Services) -> None:
    assert client.post(f"/episodes/show2/new.mp4/looks/{LOOK}").json()["detail"] == (
        "show2/new.mp4 has no clips yet; process it first"
    )


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/looks/feed-pop"), ("DELETE", f"/looks/{LOOK}"), ("POST", OF_LOOK)]
)
def test_a_reader_changes_no_look(reader: TestClient, stranger: TestClient, method: str, path: str) -> None:
    assert reader.request(method, path).status_code == 403
    assert stranger.request(method, path).status_code == 401
    assert reader.get("/looks").status_code == 200


def test_a_removed_look_leaves_no_files(client: TestClient, services: Services) -> None:
    before = contents(services)
    look = client.get(f"/looks/{LOOK}").json()
    assert (look["look"], look["aspect"], look["episodes"]) == (LOOK, "1:1", 1)
    assert look["files"] == sum(f"/looks/{LOOK}/" in key for key in before)
    assert client.get("/looks/feed-neon").status_code == 404
    assert client.delete(f"/looks/{LOOK}").status_code == 204
    assert contents(services) == {key: data for key, data in before.items() if LOOK not in key}
    assert not [stored.key for stored in services.storage.list_objects("lake") if LOOK in stored.key]
    assert client.get(EPISODE).json()["looks"] == []
    assert client.get("/looks").json()["looks"][0]["look"] != LOOK
    assert client.get(OF_LOOK).status_code == 404
