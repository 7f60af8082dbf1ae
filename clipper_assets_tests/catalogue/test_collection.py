"""`collect_garbage` and its dry run, as the deployment defines them."""

from pathlib import Path

import dagster as dg
import pytest

from clipper_assets.catalogue.census import Amount
from clipper_assets.catalogue.collection import (
    MOST_SHOWN,
    OP,
    catalogue_has_no_garbage,
    collect_garbage,
    collect_garbage_every_day,
    metadata,
)
from clipper_assets.catalogue.garbage import Garbage, Gone
from clipper_assets.catalogue.missing import Missing, write_missing
from clipper_assets.definitions import defs
from clipper_assets.runtime.partition_keys import EPISODE_TAG, LOOK_TAG, look_partition
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.catalogue.library import LOOK, Library
from clipper_assets_tests.catalogue.test_missing import DAY, NOW


@pytest.fixture
def library(storage: DirectoryStorage, instance: dg.DagsterInstance) -> Library:
    """Two episodes, one of which lost its upload three months ago."""
    made = Library(storage, instance)
    for key in ("a.mp4", "b.mp4"):
        made.upload(key)
        made.make(key)
    storage.delete("a.mp4")
    return made


def remember(library: Library, days: int) -> None:
    now = NOW.now(NOW.tzinfo)
    write_missing(library.storage, Missing(looked_at=now - DAY, since={"a.mp4": now - days * DAY}))


def collect(library: Library, **config: object) -> dg.ExecuteInProcessResult:
    return collect_garbage.execute_in_process(
        instance=library.instance,
        resources={"storage": library.storage, "settings": Settings()},
        run_config={"ops": {OP: {"config": config}}},
        raise_on_error=False,
    )


def shown(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    (output,) = (event for event in result.all_events if event.event_type_value == "STEP_OUTPUT")
    return {name: value.value for name, value in output.step_output_data.metadata.items()}


def test_a_button_press_only_says_what_would_be_removed(library: Library) -> None:
    remember(library, days=31)
    before = library.contents()
    told = shown(collect(library))
    assert library.contents() == before
    assert {name: told[name] for name in ("dry_run", "episodes", "without_upload", "due", "due_objects")} == {
        "dry_run": True,
        "episodes": 2,
        "without_upload": 1,
        "due": 1,
        "due_objects": len(library.owned["a.mp4"]),
    }
    assert "| a.mp4 |" in str(told["garbage"])
    assert "removed" not in told


def test_the_schedule_which_an_operator_turns_on_removes_it(library: Library) -> None:
    assert collect_garbage_every_day.default_status is dg.DefaultScheduleStatus.STOPPED
    (request,) = (
        collect_garbage_every_day.evaluate_tick(
            dg.build_schedule_context(library.instance, scheduled_execution_time=NOW)
        ).run_requests
        or []
    )
    remember(library, days=31)
    told = shown(collect(library, **request.run_config["ops"][OP]["config"]))
    assert "| a.mp4 |" in str(told["removed"])
    assert library.contents().keys() == {"b.mp4", *library.owned["b.mp4"]}
    assert shown(collect(library, dry_run=False))["removed"] == "no episode"


def test_a_look_removed_in_dagster_is_found_and_leaves_no_files(library: Library, storage: DirectoryStorage) -> None:
    library.upload("a.mp4")
    of_look = {key for key in library.contents() if LOOK in key}
    assert len(of_look) == 2 * 6
    assert check(library).passed
    library.instance.delete_dynamic_partition("looks", LOOK)
    warned = check(library)
    assert (warned.passed, warned.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert warned.description == f"Looks were removed in Dagster, and their clips may be removed now: {LOOK}."
    before = library.contents()
    assert shown(collect(library))["lost_looks"] == 1
    assert library.contents() == before
    collect(library, dry_run=False)
    assert library.contents() == {key: data for key, data in before.items() if key not in of_look}
    assert not list(Path(storage.root).rglob(f"*{LOOK}*"))
    assert check(library).passed
    assert not library.instance.get_run_ids(dg.RunsFilter(job_name="render_look"))


def test_a_look_with_a_run_stays_and_a_new_database_of_dagster_removes_none(library: Library) -> None:
    library.upload("a.mp4")
    before = library.contents()
    library.instance.delete_dynamic_partition("looks", LOOK)
    tags = {"dagster/partition": look_partition("a.mp4", LOOK), EPISODE_TAG: "a.mp4", LOOK_TAG: LOOK}
    library.instance.add_run(dg.DagsterRun("render_look", tags=tags, status=dg.DagsterRunStatus.STARTED))
    collect(library, dry_run=False)
    assert library.contents() == before
    library.instance = dg.DagsterInstance.ephemeral()
    collect(library, dry_run=False)
    assert library.contents() == before


def test_an_empty_storage_root_fails_in_one_sentence_and_removes_nothing(library: Library) -> None:
    library.storage.delete("b.mp4")
    before = library.contents()
    result = collect(library, dry_run=False)
    (failure,) = result.get_step_failure_events()
    assert failure.step_failure_data.user_failure_data is not None
    assert str(failure.step_failure_data.user_failure_data.description).startswith("2 of 2 uploads vanished at once")
    assert library.contents() == before
    assert collect(library, dry_run=False, most_vanished=1).success


def check(library: Library) -> dg.AssetCheckEvaluation:
    result = dg.materialize(
        [catalogue_has_no_garbage],
        instance=library.instance,
        resources={"storage": library.storage, "settings": Settings()},
        selection=dg.AssetSelection.checks(catalogue_has_no_garbage),
    )
    (evaluation,) = result.get_asset_check_evaluations()
    return evaluation


def test_the_check_warns_before_something_is_removed(library: Library) -> None:
    remember(library, days=10)
    warned = check(library)
    assert (warned.passed, warned.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert str(warned.description).startswith("1 of 2 episodes have no upload; the first one, a.mp4, may be removed on")
    library.upload("a.mp4")
    passed = check(library)
    assert (passed.passed, passed.description) == (True, "Each of the 2 episodes has its upload.")


def test_the_check_says_it_where_the_root_is_not_the_right_one(library: Library, tmp_path: Path) -> None:
    library.storage = DirectoryStorage(root=str(tmp_path / "not-mounted"))
    (tmp_path / "not-mounted").mkdir()
    unlikely = check(library)
    assert (unlikely.passed, unlikely.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert str(unlikely.description).startswith("2 of 2 uploads vanished at once")
    assert list(library.storage.list_objects()) == []


def test_the_metadata_is_bounded() -> None:
    many = [Gone(f"{number}.mp4", NOW, NOW, ["edits"], Amount(2, 3), Amount(1, 4)) for number in range(100)]
    told = metadata(Garbage(200, many, [], []), NOW)
    assert told["garbage"].value.count(".mp4") == MOST_SHOWN
    assert (told["due"], told["due_objects"], told["due_bytes"]) == (100, 300, 700)


def test_the_deployment_has_the_job_and_the_schedule() -> None:
    assert defs.resolve_job_def("collect_garbage").tags["dagster/priority"] == "-1"
    assert defs.resolve_schedule_def("collect_garbage_every_day").cron_schedule == "0 3 * * *"


def test_the_dry_run_is_part_of_the_nightly_check_of_the_catalogue() -> None:
    checks = defs.resolve_job_def("check_catalogue").asset_layer.asset_graph.asset_check_keys
    assert catalogue_has_no_garbage.check_key in checks
