"""What is read from the versions of the edits."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from clipper_assets.definitions import defs
from clipper_assets.edits.model import Edits
from clipper_assets.edits.store import latest_edits, save_edits, undone
from clipper_assets.edits.windows import retitled
from clipper_assets.evaluation import decisions
from clipper_assets.evaluation.assets import every_night
from clipper_assets.evaluation.decisions import read_decisions, stored_decisions
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.evaluation.reviewing import MONDAY, check, decided, evaluated, picked, review, shown

EPISODE = "show/a.mp4"


def rows(storage: DirectoryStorage) -> list[dict[str, Any]]:
    return read_decisions(storage).table.to_pylist()


def edit(storage: DirectoryStorage, instance: dg.DagsterInstance, edits: Edits) -> None:
    assert save_edits(storage, instance, EPISODE, edits)


def after(edits: Edits, **changes: Any) -> Edits:
    return edits.model_copy(update={"version": edits.version + 1, "base": edits.version, **changes})


def test_decisions_keep_the_picker_of_a_clip_that_a_person_changed(
    storage: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    first, second, third = picked(3)
    changed = retitled(retitled(first, None, "Another"), "Another hook", None)
    moved = changed.model_copy(update={"window": {**changed.window, "start": 4.0, "end": 28.0}})
    review(storage, instance, EPISODE, [moved, second, third], [True, False, None])
    found = rows(storage)
    assert [(row["clip"], row["decision"], row["retitled"]) for row in found] == [
        (0, "approved", True), (1, "rejected", False), (2, None, False)
    ]  # fmt: skip
    assert {(row["show"], row["picker"], row["prompt"], row["prompt_version"]) for row in found} == {
        ("show", "openai:m", "standard", "s1")
    }
    assert [(row["start_shift_s"], row["end_shift_s"]) for row in found] == [(4.0, -2.0), (0.0, 0.0), (0.0, 0.0)]
    assert found[0]["first_edited_at"] == MONDAY


def test_a_decision_that_was_undone_does_not_count(storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    review(storage, instance, EPISODE, picked(1), [True])
    edit(storage, instance, undone(storage, EPISODE, latest_edits(storage, EPISODE)))
    assert rows(storage) == []
    edit(storage, instance, after(latest_edits(storage, EPISODE), clips=[decided(picked(1)[0], approved=False)]))
    assert [row["decision"] for row in rows(storage)] == ["rejected"]


def test_decisions_about_discarded_picks_count_once(storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    review(storage, instance, EPISODE, picked(2), [False, False])
    edit(storage, instance, after(latest_edits(storage, EPISODE), clips=[]))
    again = [*picked(1), *picked(2, prompt="bold", prompt_version="b1")[1:]]
    judged = [decided(clip, approved=True) for clip in again]
    edit(storage, instance, after(latest_edits(storage, EPISODE), clips=judged))
    assert sorted((row["clip"], row["prompt"], row["decision"]) for row in rows(storage)) == [
        (0, "standard", "approved"), (1, "bold", "approved"), (1, "standard", "rejected")
    ]  # fmt: skip


def test_a_clip_that_no_picker_picked_has_no_row(storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    own = picked(1, picker="editor", prompt=None, prompt_version=None)[0]
    heuristic = picked(2, picker="heuristic", prompt=None, prompt_version=None)[1]
    review(storage, instance, EPISODE, [own, heuristic], [True, True])
    assert [(row["clip"], row["picker"], row["prompt"]) for row in rows(storage)] == [(1, "heuristic", None)]


def test_windows_that_do_not_name_their_prompt_came_from_the_standard_one(
    storage: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    (clip,) = picked(1)
    del clip.window["prompt"]
    review(storage, instance, EPISODE, [clip], [True])
    assert [row["prompt"] for row in rows(storage)] == ["standard"]


def test_only_episodes_with_new_edits_are_read_again(
    storage: DirectoryStorage, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "50 % off, [live]"):
        review(storage, instance, f"show/{name}.mp4".replace("%", "%25").replace(",", "%2C"), picked(1), [True])
    read_decisions(storage).store(storage)
    assert stored_decisions(storage).num_rows == 3
    read: list[str] = []

    def history(storage: DirectoryStorage, episode: str, version: int) -> list[Edits]:
        read.append(episode)
        return []

    monkeypatch.setattr(decisions, "_history", history)
    assert (read_decisions(storage).table.num_rows, read) == (3, [])
    edit(storage, instance, after(latest_edits(storage, EPISODE)))
    assert (read_decisions(storage).table.num_rows, read) == (2, [EPISODE])


def test_episodes_that_take_too_long_are_left_for_the_next_time(
    storage: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    for name in ("a", "b"):
        review(storage, instance, f"show/{name}.mp4", picked(1), [True])
    read_decisions(storage, longest_s=-1.0).store(storage)
    late = read_decisions(storage, longest_s=-1.0)
    assert (late.table.num_rows, late.versions) == (0, {})
    assert late.unreadable == ["2 episodes are left for the next run, which continues there"]
    assert len(rows(storage)) == 2


def test_a_removed_episode_is_left_out(storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    review(storage, instance, EPISODE, picked(1), [True])
    read_decisions(storage).store(storage)
    for stored in list(storage.list_objects("lake/edits")):
        storage.delete(stored.key)
    assert rows(storage) == []


@pytest.mark.parametrize("content", [b"{", b"", b'{"version": 1, "clips": [{"window": {"clip": "x"}}]}'])
def test_edits_that_cannot_be_read_are_recorded(
    storage: DirectoryStorage, instance: dg.DagsterInstance, content: bytes
) -> None:
    review(storage, instance, EPISODE, picked(1), [True])
    storage.put_bytes("lake/edits/episode=show%2Fbad.mp4/000001.json", content)
    result = evaluated(storage, instance)
    assert result.success
    assert (shown(result)["episodes"], shown(result)["unreadable"]) == (1, 1)
    passed, why = check(result, "not_degraded")
    assert not passed
    assert "lake/edits/episode=show%2Fbad.mp4/000001.json cannot be read" in why


@pytest.mark.parametrize("content", [b"", b"PAR1", b"x" * 100])
def test_a_damaged_table_of_decisions_is_read_from_the_edits_again(
    storage: DirectoryStorage, instance: dg.DagsterInstance, content: bytes
) -> None:
    review(storage, instance, EPISODE, picked(1), [True])
    storage.put_bytes(decisions.KEY, content)
    assert len(rows(storage)) == 1


def test_a_deployment_without_edits_has_an_empty_evaluation(
    storage: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    result = evaluated(storage, instance)
    assert result.success
    assert shown(result)["dagster/row_count"] == 0
    assert check(result, "prompt_not_worse") == (True, "no show has decisions about two prompts yet")
    assert Path(storage.root, decisions.KEY).exists()


def test_the_evaluation_runs_every_night_after_runs_that_people_started() -> None:
    assert every_night.default_status is dg.DefaultScheduleStatus.RUNNING
    job = defs.resolve_job_def("evaluate_pickers")
    assert {key.to_user_string() for key in job.asset_layer.selected_asset_keys} == {"picker_evaluation", "show_taste"}
    assert job.tags["dagster/priority"] == "-1"
