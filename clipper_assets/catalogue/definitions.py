"""What looks at many episodes at once: the assets, jobs, schedules and sensors of this room."""

import dagster as dg

from clipper_assets.catalogue.collection import (
    collect_garbage,
    collect_garbage_every_day,
)
from clipper_assets.settings import Settings


def build_catalogue(settings: Settings) -> dg.Definitions:
    """The part of the deployment's definitions that this room adds; resources and executor come from the others."""
    return dg.Definitions(
        assets=[],
        jobs=[collect_garbage],
        schedules=[collect_garbage_every_day],
        sensors=[],
    )
