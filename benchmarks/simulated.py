"""The code location of the simulation: the real sensor, and stand-ins for the real assets.

Each stand-in keeps the name, partitions, dependencies, pool and checks of its asset, and takes a GPU if that takes one.
It sleeps as long as benchmarks.scale estimates for the real one, divided by `SIMULATION_SPEED`, and writes as much to
the event log as the real one did (benchmarks/footprint.json).
"""

import os
import time
from collections.abc import Callable
from typing import TypeAlias

import dagster as dg

from benchmarks.footprint import Footprint, Step
from benchmarks.gpus_held import HELD, gpus_held
from benchmarks.scale import measured, render_s, transcribe_s
from clipper_assets.episodes.sensors import build_new_uploads
from clipper_assets.job import assets
from clipper_assets.runtime.executor import pool_executor
from clipper_assets.runtime.gpus import on_own_gpu
from clipper_assets.runtime.pools import GPU
from clipper_assets.settings import Settings
from clipper_assets.storage.root import storage_at
from clipper_assets.storage.tables import TableResult
from clipper_assets_tests.support.sensors import observe_nothing

SPEED = "SIMULATION_SPEED"
"""Environment variable: simulated seconds per second."""
LINE_BYTES = 290
"""Bytes that Dagster stores for a log line in addition to its text."""
MATERIALIZATION_BYTES = 1200
"""Bytes that Dagster stores for a materialization in addition to its metadata, with the versions of its inputs."""
Decorator: TypeAlias = Callable[[Callable[..., TableResult]], Callable[..., TableResult]]
CHECK_BYTES = 541
"""Bytes of a check that is newer than the footprint: those of `chapters_not_degraded`."""


def stand_in(real: dg.AssetsDefinition, footprint: Step, seconds: float) -> dg.AssetsDefinition:
    """Returns a stand-in for an asset that takes `seconds` and has the footprint of its step."""

    on_gpu: Decorator = on_own_gpu if real.op.pool == GPU else lambda unchanged: unchanged

    @dg.asset(
        key=real.key,
        partitions_def=real.partitions_def,
        deps=list(real.dependency_keys),
        pool=real.op.pool,
        check_specs=list(real.check_specs),
    )
    @on_gpu
    def simulated(context: dg.AssetExecutionContext) -> TableResult:
        time.sleep(seconds)
        for _ in range(footprint.lines):
            context.log.info("x" * max(footprint.line_bytes - LINE_BYTES, 1))
        checks = [
            dg.AssetCheckResult(
                passed=True,
                check_name=spec.name,
                metadata={"x": "x" * footprint.check_bytes.get(spec.name, CHECK_BYTES)},
            )
            for spec in real.check_specs
        ]
        text = "x" * max(footprint.metadata_bytes - MATERIALIZATION_BYTES, 1)
        return dg.MaterializeResult(metadata={"x": text, HELD: gpus_held()}, check_results=checks)

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
        sensors=[build_new_uploads(job, settings.sensor_interval_s, observe_nothing)],
        resources={"storage": storage_at(settings.storage, settings.url_expiry_s)},
        executor=pool_executor,
    )


defs = build()
