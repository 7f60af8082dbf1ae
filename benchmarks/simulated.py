"""The code location of the simulation: the real sensor, and stand-ins for the real assets.

Each stand-in keeps the name, partitions, dependencies, pool and checks of its asset. It sleeps as long as
benchmarks.scale estimates for the real one, divided by `SIMULATION_SPEED`, and writes as much to the event log as the
real one did (benchmarks/footprint.json).
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
from clipper_assets.runtime.executor import pool_executor
from clipper_assets.settings import Settings
from clipper_assets.storage.root import storage_at

SPEED = "SIMULATION_SPEED"
"""Environment variable: simulated seconds per second."""
LINE_BYTES = 290
"""Bytes that Dagster stores for a log line in addition to its text."""


def stand_in(real: dg.AssetsDefinition, footprint: Step, seconds: float) -> dg.AssetsDefinition:
    """Returns a stand-in for an asset that takes `seconds` and has the footprint of its step."""

    @dg.asset(
        key=real.key,
        partitions_def=real.partitions_def,
        deps=list(real.dependency_keys),
        pool=real.op.pool,
        check_specs=list(real.check_specs),
    )
    def simulated(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        time.sleep(seconds)
        for _ in range(footprint.lines):
            context.log.info("x" * max(footprint.line_bytes - LINE_BYTES, 1))
        checks = [
            dg.AssetCheckResult(
                passed=True, check_name=spec.name, metadata={"x": "x" * footprint.check_bytes[spec.name]}
            )
            for spec in real.check_specs
        ]
        yield dg.MaterializeResult(metadata={"x": "x" * footprint.metadata_bytes}, check_results=checks)

    return simulated


def build() -> dg.Definitions:
    settings, footprint, inputs = Settings(), Footprint.load(), measured()
    speed = float(os.environ[SPEED])
    durations_s = {"aligned_transcript": transcribe_s(inputs) / speed, "rendered_clips": render_s(inputs) / speed}
    simulated = []
    for real in assets:
        name = real.key.to_user_string()
        simulated.append(stand_in(real, footprint.steps[name], durations_s.get(name, 0.0)))
    job = dg.define_asset_job("clip_episode", selection=dg.AssetSelection.assets(*simulated))
    return dg.Definitions(
        assets=simulated,
        jobs=[job],
        sensors=[build_new_uploads(job, settings.sensor_interval_s)],
        resources={"storage": storage_at(settings.storage, settings.url_expiry_s)},
        executor=pool_executor,
    )


defs = build()
