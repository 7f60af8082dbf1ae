"""What Dagster takes as stale after a step reports what it read."""

from collections.abc import Callable
from dataclasses import dataclass, field

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest

from clipper_assets.episodes.partitions import episodes
from clipper_assets.runtime.lineage import latest_versions, observation, reads, report

SETTINGS = dg.AssetSpec("settings", partitions_def=episodes)
ONE, OTHER = "one.mp4", "other.mp4"


@dataclass
class Episodes:
    """Episodes, and an asset that reads their settings and then calls `while_running`."""

    instance: dg.DagsterInstance
    settings: dict[str, str] = field(default_factory=lambda: {ONE: "blue", OTHER: "blue"})
    while_running: Callable[[], None] = lambda: None
    tags: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.instance.add_dynamic_partitions("episodes", [ONE, OTHER])

        @dg.asset(partitions_def=episodes, code_version="1", deps=[SETTINGS])
        def clips(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
            self.tags = reads(context, {SETTINGS.key: self.settings[context.partition_key]})
            self.while_running()
            return dg.MaterializeResult(tags=self.tags)

        self.clips = clips

    def materialize(self, episode: str) -> None:
        dg.materialize([SETTINGS, self.clips], partition_key=episode, instance=self.instance, selection=[self.clips])

    def change(self, episode: str, settings: str) -> None:
        self.settings[episode] = settings
        report(self.instance, episode, {SETTINGS.key: settings})

    def observations(self) -> int:
        return len(self.instance.fetch_observations(SETTINGS.key, limit=100).records)

    def is_stale(self, episode: str) -> bool:
        graph = dg.Definitions([SETTINGS, self.clips]).resolve_asset_graph()
        resolver = CachingStaleStatusResolver(self.instance, graph, LoadingContextForTest(self.instance))
        return resolver.get_status(self.clips.key, episode).value == "STALE"


@pytest.fixture
def made(instance: dg.DagsterInstance) -> Episodes:
    """Both episodes with their clips."""
    episodes_made = Episodes(instance)
    episodes_made.materialize(ONE)
    episodes_made.materialize(OTHER)
    return episodes_made


def test_a_result_is_fresh_after_its_first_run_and_stale_after_the_first_change(made: Episodes) -> None:
    assert [made.is_stale(ONE), made.is_stale(OTHER)] == [False, False]
    made.change(ONE, "red")
    assert [made.is_stale(ONE), made.is_stale(OTHER)] == [True, False]
    made.change(ONE, "blue")
    assert not made.is_stale(ONE)


def test_a_change_before_the_first_run_does_not_make_it_stale(instance: dg.DagsterInstance) -> None:
    episodes_made = Episodes(instance)
    episodes_made.change(ONE, "red")
    episodes_made.materialize(ONE)
    assert not episodes_made.is_stale(ONE)


def test_a_change_that_nobody_observed_before_the_run_that_read_it(made: Episodes) -> None:
    made.settings[ONE] = "red"
    made.materialize(ONE)
    assert not made.is_stale(ONE)
    made.change(ONE, "blue")
    assert made.is_stale(ONE)


def test_a_change_during_a_run_makes_its_result_stale(made: Episodes) -> None:
    made.while_running = lambda: made.change(ONE, "red")
    made.materialize(ONE)
    assert made.is_stale(ONE)


def test_a_change_of_another_episode_during_a_run_is_not_taken_for_one_of_this(made: Episodes) -> None:
    made.while_running = lambda: made.change(OTHER, "red")
    made.materialize(ONE)
    assert [made.is_stale(ONE), made.is_stale(OTHER)] == [False, True]


def test_a_materialization_that_a_person_reports_in_the_ui_changes_nothing(made: Episodes) -> None:
    made.instance.report_runless_asset_event(dg.AssetMaterialization(SETTINGS.key, partition=ONE))
    made.change(ONE, "red")
    assert made.is_stale(ONE)
    made.materialize(ONE)
    assert not made.is_stale(ONE)


def test_what_did_not_change_is_not_observed_again(made: Episodes) -> None:
    before = made.observations()
    made.materialize(ONE)
    made.change(ONE, "blue")
    assert made.observations() == before == 2


def test_the_materialization_names_what_was_read(made: Episodes) -> None:
    event = made.instance.get_latest_materialization_event(dg.AssetKey("clips"))
    assert event
    assert event.asset_materialization
    assert made.tags.items() <= (event.asset_materialization.tags or {}).items()
    assert made.tags["dagster/input_data_version/settings"] == "blue"


def test_latest_versions_of_many_episodes(made: Episodes) -> None:
    made.change(ONE, "red")
    made.instance.report_runless_asset_event(observation(dg.AssetKey("another"), ONE, "green"))
    assert latest_versions(made.instance, SETTINGS.key, [ONE, OTHER, "new.mp4"]) == {ONE: "red", OTHER: "blue"}
