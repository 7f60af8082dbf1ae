"""What runs take and cost, by what earlier results took and cost."""

from typing import Any

import dagster as dg
import pytest

from clipper_assets.catalogue.estimates import Estimate, Estimates

LENGTHS = {"a.mp4": 1000.0, "b.mp4": 3000.0, "c.mp4": 2000.0}


def report(instance: dg.DagsterInstance, asset: str, episode: str, **facts: Any) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization(asset, partition=episode, metadata=facts))


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


def test_an_episode_takes_what_it_took_and_another_the_mean_by_its_length(instance: dg.DagsterInstance) -> None:
    report(instance, "chapters", "a.mp4", seconds={"pick": 2.0, "loudness": 8.0}, cost_usd=0.1)
    report(instance, "chapters", "b.mp4", seconds=30.0, cost_usd=0.3)
    report(instance, "chapters", "b.mp4", up_to_date=True)
    estimates = Estimates(instance, LENGTHS)
    assert estimates.of("b.mp4", ["chapters"]) == Estimate(30.0, 0.3)
    other = estimates.of("c.mp4", ["chapters"])
    assert (other.seconds, other.dollars) == pytest.approx((20.0, 0.2))


def test_without_any_history_the_steps_are_unknown(instance: dg.DagsterInstance) -> None:
    assert Estimates(instance, LENGTHS).of("a.mp4", ["scenes"]) == Estimate(unknown=("scenes",))


def test_clips_that_were_kept_do_not_make_rendering_cheap(instance: dg.DagsterInstance) -> None:
    report(instance, "rendered_clips", "a.mp4", seconds=40.0, rendered=1, unchanged=3)
    report(instance, "rendered_clips", "a.mp4", seconds=0.1, rendered=0, unchanged=4)
    assert Estimates(instance, LENGTHS).of("a.mp4", ["rendered_clips"]).seconds == 160.0
