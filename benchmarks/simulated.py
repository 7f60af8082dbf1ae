"""The code location of the simulation: the real sensor, and the real assets without what they do.

Each asset keeps its name, partitions, dependencies, pool and checks. It waits as long as benchmarks.scale says that the
real one takes, divided by `SIMULATION_SPEED`, and writes to the event log as much as the real one did
(benchmarks/footprint.json).
"""

import os
import time
from collections.abc import Iterator
from typing import Any

import dagster as dg

from benchmarks.footprint import Footprint, Step
from benchmarks.scale import measured, render_s, transcribe_s
from clipper_assets.episodes.sensors import build_new_uploads
from clipper_assets.job import assets
from clipper_assets.settings import Settings
from clipper_assets.storage.root import storage_at

SPEED = "SIMULATION_SPEED"
"""Environment variable: how many seconds of the day pass in one second."""
LINE_BYTES = 290
"""What Dagster writes about a line of a log besides its text."""


def empty(real: dg.AssetsDefinition, left: Step, seconds: float) -> dg.AssetsDefinition:
    """The asset without its code; it takes `seconds` and leaves what a step has left."""

    @dg.asset(
        key=real.key,
        partitions_def=real.partitions_def,
        deps=list(real.dependency_keys),
        pool=real.op.pool,
        check_specs=list(real.check_specs),
    )
    def simulated(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        time.sleep(seconds)
        for _ in range(left.lines):
            context.log.info("x" * max(left.line_bytes - LINE_BYTES, 1))
        checks = [
            dg.AssetCheckResult(passed=True, check_name=spec.name, metadata={"x": "x" * left.check_bytes[spec.name]})
            for spec in real.check_specs
        ]
        yield dg.MaterializeResult(metadata={"x": "x" * left.metadata_bytes}, check_results=checks)

    return simulated


def build() -> dg.Definitions:
    settings, left, inputs = Settings(), Footprint.load(), measured()
    speed = float(os.environ[SPEED])
    takes_s = {"aligned_transcript": transcribe_s(inputs) / speed, "rendered_clips": render_s(inputs) / speed}
    simulated = []
    for real in assets:
        name = real.key.to_user_string()
        simulated.append(empty(real, left.steps[name], takes_s.get(name, 0.0)))
    job = dg.define_asset_job("clip_episode", selection=dg.AssetSelection.assets(*simulated))
    return dg.Definitions(
        assets=simulated,
        jobs=[job],
        sensors=[build_new_uploads(job, settings.sensor_interval_s)],
        resources={"storage": storage_at(settings.storage, settings.url_expiry_s)},
        executor=dg.in_process_executor,
    )


defs = build()
