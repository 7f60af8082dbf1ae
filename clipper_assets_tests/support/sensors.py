"""For tests and benchmarks of the sensors that find uploads."""

import dagster as dg


def observe_nothing(*_: object) -> list[dg.AssetObservation]:
    """An `Observe` for a sensor whose observations do not matter."""
    return []
