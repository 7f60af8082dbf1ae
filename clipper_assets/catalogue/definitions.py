"""What looks at many episodes at once: the assets, jobs, schedules and sensors of this room."""

import dagster as dg

from clipper_assets.catalogue.assets import catalogue, check_catalogue, check_every_night
from clipper_assets.catalogue.clip_stale import clip_stale
from clipper_assets.catalogue.clip_stale_runs import build_clip_stale_runs
from clipper_assets.catalogue.collection import (
    catalogue_has_no_garbage,
    collect_garbage,
    collect_garbage_every_day,
)
from clipper_assets.catalogue.observing import build_observe_inputs
from clipper_assets.catalogue.prune import prune_runs, prune_runs_every_day
from clipper_assets.catalogue.rerender import build_rerender, stock_sensor
from clipper_assets.job import clip_episode
from clipper_assets.runtime.labels import labelled
from clipper_assets.settings import Settings


def build_catalogue(settings: Settings) -> dg.Definitions:
    """The part of the deployment's definitions that this room adds; resources and executor come from the others."""
    return dg.Definitions(
        assets=labelled([catalogue]),
        asset_checks=[catalogue_has_no_garbage],
        jobs=[check_catalogue, clip_stale, collect_garbage, prune_runs],
        schedules=[check_every_night, collect_garbage_every_day, prune_runs_every_day],
        sensors=[
            build_clip_stale_runs(clip_episode),
            build_observe_inputs(settings),
            build_rerender(clip_episode),
            stock_sensor,
        ],
    )
