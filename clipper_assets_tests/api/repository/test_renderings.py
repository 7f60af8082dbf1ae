"""An episode rendered in two aspects: both are listed, and requests name the aspect."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from fastapi.testclient import TestClient

from clipper_assets.api.deps import Services
from clipper_assets.api.repository.renderings import Rendering, in_order, manifest_keys
from clipper_assets.api.routes.process import processed
from clipper_assets.clips.assets import RenderConfig
from clipper_assets.clips.manifest import Manifest, Source
from clipper_assets.edits.model import Edits
from clipper_assets.media.frame import Aspect
from clipper_assets.storage.damaged import DamagedError
from clipper_assets_tests.conftest import clip_episode, shorten_clips

KEY = "show5/both.mp4"
PORTRAIT, SQUARE = "show5/clips/manifest.json", "show5/clips/1x1/manifest.json"


@pytest.fixture(scope="module")
def runs(services: Services, cut: Path) -> dict[Aspect, dg.DagsterRun]:
    """The runs that rendered the clips, 9:16 first."""
    services.storage.put_file(KEY, cut)
    services.storage.put_file(KEY.replace(".mp4", ".srt"), cut.with_suffix(".srt"))
    made = {}
    with pytest.MonkeyPatch.context() as monkeypatch:
        shorten_clips(monkeypatch)
        for aspect in (Aspect.portrait, Aspect.square):
            _, result = clip_episode(services.storage, KEY, services.instance, render=RenderConfig(aspect=aspect))
            assert result.success
            made[aspect] = result.dagster_run
    services.states.forget(KEY)
    return made


@pytest.fixture
def no_edits(runs: dict[Aspect, dg.DagsterRun], client: TestClient) -> Iterator[None]:
    yield
    assert client.request("DELETE", f"/episodes/{KEY}/edits", json={"base_version": version(client)}).status_code == 200


def version(client: TestClient) -> int:
    number: int = client.get(f"/episodes/{KEY}").json()["edits"]["version"]
    return number


def clips(client: TestClient) -> list[dict[str, Any]]:
    views: list[dict[str, Any]] = client.get(f"/episodes/{KEY}").json()["clip_views"]
    return views


@pytest.mark.episodes
def test_the_episode_lists_the_clips_of_every_aspect(runs: dict[Aspect, dg.DagsterRun], reader: TestClient) -> None:
    episode = reader.get(f"/episodes/{KEY}").json()
    shown = [(clip["aspect"], clip["clip_index"], clip["key"], clip["height"]) for clip in episode["clip_views"]]
    assert shown == [
        ("9:16", 0, "show5/clips/clip_0.mp4", 1920),
        ("1:1", 0, "show5/clips/1x1/clip_0.mp4", 1080),
    ]
    assert [reader.get(clip["video_url"]).status_code for clip in episode["clip_views"]] == [200, 200]
    row = next(each for each in reader.get("/episodes").json()["episodes"] if each["key"] == KEY)
    assert (row["clips"], row["thumbnail_url"]) == (1, episode["clip_views"][0]["thumbnail_url"])


def test_a_clip_is_selected_by_aspect(runs: dict[Aspect, dg.DagsterRun], reader: TestClient) -> None:
    portrait, square = clips(reader)
    assert reader.get(f"/episodes/{KEY}/clips/0").json() == portrait
    assert reader.get(f"/episodes/{KEY}/clips/0?aspect=9:16").json() == portrait
    assert reader.get(f"/episodes/{KEY}/clips/0?aspect=1:1").json() == square
    missing = reader.get(f"/episodes/{KEY}/clips/0?aspect=4:5")
    assert (missing.status_code, missing.json()["detail"]) == (404, f"{KEY} has no clips in 4:5; it has 9:16, 1:1")
    assert reader.get(f"/episodes/{KEY}/clips/0?aspect=3:2").status_code == 422


def test_an_approval_covers_one_aspect_and_a_rejection_all(no_edits: None, client: TestClient) -> None:
    def decide(decision: str) -> list[bool]:
        edit = {"base_version": version(client), "decision": decision}
        assert client.patch(f"/episodes/{KEY}/clips/0?aspect=1:1", json=edit).status_code == 200
        return [clip["verdict"]["current"] for clip in clips(client)]

    assert decide("approved") == [False, True]
    assert decide("rejected") == [True, True]
    assert [clip["is_publishable"] for clip in clips(client)] == [False, False]


@pytest.mark.parametrize(("query", "aspect"), [("", "portrait"), ("?aspect=1:1", "square")])
def test_rendering_again_keeps_the_aspect(
    no_edits: None, client: TestClient, services: Services, query: str, aspect: str
) -> None:
    edit = {"base_version": version(client), "hook": "Another"}
    assert client.patch(f"/episodes/{KEY}/clips/0", json=edit).status_code == 200
    assert [list(clip["wanted"]) for clip in clips(client)] == [["hook"], ["hook"]]
    answer = client.post(f"/episodes/{KEY}/render{query}")
    assert answer.status_code == 202, answer.text
    try:
        run = services.instance.get_run_by_id(answer.json()["run_id"])
        assert run
        config: Any = run.run_config
        assert config["ops"]["rendered_clips"]["config"]["aspect"] == aspect
    finally:
        services.instance.delete_run(answer.json()["run_id"])
        services.states.forget(KEY)


def test_the_blocking_answer_has_the_clips_of_its_run(runs: dict[Aspect, dg.DagsterRun], services: Services) -> None:
    for aspect, run in runs.items():
        payload = processed(services, KEY, run, "http://testserver")
        assert payload.manifest
        assert [clip["aspect"] for clip in payload.manifest["clips"]] == [aspect.value]
        assert (payload.status, payload.clips_processed) == ("success", 1)


@pytest.mark.parametrize(
    ("facts", "keys"),
    [
        ({}, {}),
        ({"manifest": PORTRAIT}, {Aspect.portrait: PORTRAIT}),
        ({"manifest": SQUARE, "aspect": "1:1"}, {Aspect.square: SQUARE}),
        (
            {"manifest": SQUARE, "aspect": "1:1", "manifests": {"1:1": SQUARE, "9:16": PORTRAIT}},
            {Aspect.square: SQUARE, Aspect.portrait: PORTRAIT},
        ),
    ],
    ids=["of no clips", "before aspects", "before several", "of several"],
)
def test_manifest_keys_are_read_from_every_version_of_the_metadata(
    facts: dict[str, Any], keys: dict[Aspect, str]
) -> None:
    assert manifest_keys(dg.AssetMaterialization("rendered_clips", partition=KEY, metadata=facts)) == keys


@pytest.mark.parametrize("manifests", [{"3:2": PORTRAIT}, [PORTRAIT]])
def test_unknown_manifest_metadata_is_reported_as_damage(manifests: Any) -> None:
    facts = {"manifest": PORTRAIT, "manifests": manifests}
    with pytest.raises(DamagedError, match="does not name its manifests by aspect; materialize rendered_clips"):
        manifest_keys(dg.AssetMaterialization("rendered_clips", partition=KEY, metadata=facts))


def test_renderings_are_sorted_with_portrait_first_then_by_age() -> None:
    def rendering(aspect: Aspect, day: int) -> Rendering:
        source = Source(key=KEY, etag="e", duration=1.0)
        made: dict[str, Any] = {"created_at": datetime(2025, 1, day, tzinfo=UTC), "run_id": "r", "degraded": []}
        manifest = Manifest(episode=KEY, status="done", source=source, clips=[], **made)
        return Rendering(aspect, manifest, Edits(version=0))

    made = [rendering(Aspect.square, 1), rendering(Aspect.portrait, 2), rendering(Aspect.feed, 3)]
    assert [each.aspect for each in in_order(made)] == [Aspect.portrait, Aspect.feed, Aspect.square]
