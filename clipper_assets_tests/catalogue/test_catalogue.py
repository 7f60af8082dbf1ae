import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.catalogue import checks
from clipper_assets.catalogue.assets import check_every_night
from clipper_assets.catalogue.census import Amount, Census
from clipper_assets.catalogue.entries import ENTRIES
from clipper_assets.catalogue.orphans import orphans
from clipper_assets.definitions import defs
from clipper_assets.edits.model import Decision, EditedClip, Edits, StoredDecision
from clipper_assets.edits.store import save_edits
from clipper_assets.episodes.claims import mark_removed
from clipper_assets.runs.model import REPORTED_TAG
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.stored import Stored
from clipper_assets_tests.catalogue.world import NO_KEY, NOW, World, clip

TALK = "show/talk.mp4"
TOO_LOUD = {1: ["is too loud"]}


@pytest.fixture
def world(storage: DirectoryStorage, instance: dg.DagsterInstance) -> World:
    """One episode with an upload, a partition and two clips that are ready to post."""
    world = World(storage, instance)
    world.upload(TALK)
    world.registered(TALK)
    world.render(TALK)
    return world


def edited(world: World, days: float, number: int | None = None, **judged: Any) -> None:
    """Save edits of the episode, with a decision about one of its clips or without."""
    clips = [] if number is None else [EditedClip(window={"clip": number, "start": 0.0, "end": 30.0})]
    if judged:
        clips = [clip.model_copy(update={"judged": StoredDecision(**judged)}) for clip in clips]
    at = NOW - timedelta(days=days)
    assert save_edits(world.storage, world.instance, TALK, Edits(version=1, created_at=at, clips=clips))


def test_a_healthy_catalogue_warns_of_nothing_and_counts(world: World) -> None:
    assert world.warnings() == {}
    facts = world.facts()
    counted = ("episodes", "uploads", "clips", "publishable", "held_back", "degraded", "waiting", "unreadable")
    assert {name: facts[name] for name in counted} == {
        "episodes": 1, "uploads": 1, "clips": 2, "publishable": 2, "held_back": 0, "degraded": 0, "waiting": 0,
        "unreadable": 0,
    }  # fmt: skip
    assert (facts["oldest_waiting"], facts["worst"]) == ("none", "nothing needs a person")
    table = ENTRIES.checked(pq.read_table(io.BytesIO(world.storage.read_bytes("lake/catalogue/episodes.parquet"))))
    assert table["episode"].to_pylist() == [TALK]


def test_a_clip_that_is_held_back_warns_with_its_episode_and_reason(world: World) -> None:
    world.render(TALK, held_back=TOO_LOUD, publishable=[0])
    assert world.warnings().keys() == {"held_back_is_known"}
    assert "[show/talk.mp4](/assets/rendered_clips?" in world.warnings()["held_back_is_known"]
    assert "clip_1: is too loud" in world.warnings()["held_back_is_known"]
    assert "show/talk.mp4" in world.facts()["worst"]


@pytest.mark.parametrize(
    ("edits", "known"),
    [
        ({"days": 0.5}, True),
        ({"days": 2.0}, False),
        ({"days": 2.0, "number": 1}, False),
        ({"days": 2.0, "number": 1, "decision": Decision.approved, "sha256": "sha of 1"}, True),
        ({"days": 2.0, "number": 1, "decision": Decision.approved, "sha256": "another file"}, False),
        ({"days": 2.0, "number": 1, "decision": Decision.rejected, "sha256": "another file"}, True),
        ({"days": 2.0, "number": 0, "decision": Decision.rejected, "sha256": "sha of 0"}, False),
    ],
)
def test_a_person_knows_by_a_decision_about_the_clip_or_an_edit_after_it(
    world: World, edits: dict[str, Any], known: bool
) -> None:
    world.render(TALK, held_back=TOO_LOUD)
    edited(world, **edits)
    assert ("held_back_is_known" not in world.warnings()) is known


@pytest.mark.parametrize("reported", [True, False])
def test_a_person_knows_by_a_webhook_and_still_after_its_run_was_pruned(world: World, reported: bool) -> None:
    tags = {REPORTED_TAG: "2026-11-30T04:00:00+00:00"} if reported else {}
    run = world.instance.create_run_for_job(dg.GraphDefinition("clip_episode").to_job(), tags=tags)
    world.render(TALK, held_back=TOO_LOUD, run_id=run.run_id)
    assert ("held_back_is_known" in world.warnings()) is not reported
    world.instance.delete_run(run.run_id)
    assert ("held_back_is_known" in world.warnings()) is not reported


def test_fallbacks_warn_after_two_weeks_however_often_the_episode_is_rendered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fallbacks = [clip(0, "show/clips", [NO_KEY])]
    world.render(TALK, days=13, clips=fallbacks)
    assert world.warnings().keys() & {"not_degraded_for_long"} == set()
    monkeypatch.setenv("CLIPPER_DEGRADED_DAYS", "12")
    world.render(TALK, days=1, clips=[], status="rendering")
    assert NO_KEY in world.warnings()["not_degraded_for_long"]
    world.render(TALK, days=1, clips=fallbacks)
    assert NO_KEY in world.warnings()["not_degraded_for_long"]
    world.render(TALK, days=0.5)
    assert world.warnings() == {}


@pytest.mark.parametrize(("days", "late"), [(0.9, False), (1.1, True)])
def test_an_upload_without_clips_warns_after_a_day(world: World, days: float, late: bool) -> None:
    world.upload("other/new.mp4", days)
    world.upload("other/new.wav", days)
    assert ("is_fresh" in world.warnings()) is late
    assert world.facts()["waiting"] == 1
    assert world.facts()["oldest_waiting"].startswith("other/new.mp4: uploaded ")
    assert "no run yet" in world.facts()["worst"]


def test_an_upload_that_was_replaced_since_its_clips_waits(world: World) -> None:
    world.render(TALK, days=5)
    assert "show/talk.mp4" in world.warnings()["is_fresh"]


def test_an_upload_whose_episode_a_person_removed_does_not_wait(world: World) -> None:
    world.upload("other/removed.mp4")
    stored = world.storage.stat("other/removed.mp4")
    assert stored
    mark_removed(world.storage, stored, 1)
    assert world.warnings() == {}


def test_a_manifest_that_cannot_be_read_affects_only_its_own_episode(world: World) -> None:
    world.storage.put_bytes("damaged/clips/manifest.json", b"{")
    assert "damaged/clips/manifest.json cannot be read" in world.warnings()["not_degraded"]
    assert world.facts()["clips"] == 2


def test_only_manifests_that_changed_are_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.catalogue()
    monkeypatch.setattr("clipper_assets.catalogue.entries.read_manifest", lambda *_: pytest.fail("was read again"))
    assert world.warnings() == {}


@pytest.mark.parametrize("key", ["lake/raw_video/episode=gone%2Fa.mp4/source.parquet", "gone/clips/clip_0.mp4"])
def test_what_belongs_to_no_episode_warns(world: World, key: str) -> None:
    world.storage.put_bytes(key, b"")
    assert "gone" in world.warnings()["has_no_orphans"]
    (Path(world.storage.root) / key).unlink()
    assert world.warnings() == {}


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from("abcd"), st.sets(st.sampled_from(["upload", "partition", "lake", "clips", "claims"]))
    )
)
def test_an_orphan_has_neither_an_upload_nor_a_partition(states: dict[str, set[str]]) -> None:
    census = Census()
    for episode, state in states.items():
        if "upload" in state:
            census.uploads[episode] = Stored(episode, 1, "1-1")
        if "lake" in state:
            census.tables[episode] |= {"raw_video", "run_claims"}
        if "clips" in state:
            census.clips[f"{episode}/clips"] = Amount(1, 1)
            census.owners[f"{episode}/clips"] = episode
        if "claims" in state:
            census.tables[episode].add("run_claims")
    found = orphans(census, [episode for episode, state in states.items() if "partition" in state])
    assert len(found) == sum(
        ("lake" in state) + ("clips" in state) for state in states.values() if not state & {"upload", "partition"}
    )


def test_a_check_names_a_bounded_number_of_episodes_with_bounded_texts() -> None:
    result = checks.has_no_orphans(["x" * 10_000] * 500)
    shown = result.metadata["shown"].value
    assert isinstance(shown, str)
    assert shown.endswith(" |\n\nand 480 more")
    assert len(shown) < 20 * 350
    assert result.description == "Folders that belong to no episode: 500"


def test_the_catalogue_is_checked_every_night_after_runs_that_people_started() -> None:
    assert check_every_night.default_status is dg.DefaultScheduleStatus.RUNNING
    assert defs.resolve_job_def("check_catalogue").tags["dagster/priority"] == "-1"
