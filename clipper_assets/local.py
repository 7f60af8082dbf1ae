"""The whole job in one process, for the command line: what `clipper process` does."""

import os
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from clipper_assets.camera.analysis.assets import ScenesConfig
from clipper_assets.camera.direction.assets import CameraConfig
from clipper_assets.clips.assets import RenderConfig
from clipper_assets.edits.store import EDITS
from clipper_assets.episodes.assets import RawVideoConfig
from clipper_assets.episodes.claims import UPLOAD_TAG, upload_tag
from clipper_assets.episodes.partitions import partition_key
from clipper_assets.highlights.assets import HighlightsConfig
from clipper_assets.job import assets, build_resources
from clipper_assets.runtime.asset_names import (
    ALIGNED_TRANSCRIPT,
    CAMERA_PATHS,
    HIGHLIGHT_WINDOWS,
    RAW_VIDEO,
    RENDERED_CLIPS,
    SCENES,
)
from clipper_assets.runtime.progress import Progress
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage
from clipper_assets.storage.recipes import UNCHANGED
from clipper_assets.transcript.assets import TranscriptConfig


@dataclass(frozen=True)
class Order:
    """What to make of one upload."""

    key: str
    sound: RawVideoConfig
    transcript: TranscriptConfig
    highlights: HighlightsConfig
    scenes: ScenesConfig
    camera: CameraConfig
    render: RenderConfig


def instance() -> dg.DagsterInstance:
    """Dagster's instance: of `DAGSTER_HOME`, else one that is kept in `.dagster` below the working folder.

    Raises ValueError where `DAGSTER_HOME` is no folder.
    """
    if "DAGSTER_HOME" not in os.environ:
        home = Path(".dagster").resolve()
        home.mkdir(exist_ok=True)
        if not (config := home / "dagster.yaml").exists():
            config.write_text("telemetry:\n  enabled: false\n")
        os.environ["DAGSTER_HOME"] = str(home)
    try:
        return dg.DagsterInstance.get()
    except dg.DagsterInvariantViolationError as mistake:
        raise ValueError(str(mistake)) from None


def process(
    order: Order, settings: Settings, storage: Storage, instance: dg.DagsterInstance, progress: Progress
) -> dg.ExecuteInProcessResult:
    """Materialize all assets of one episode, with all checks; each takes its stored result where that is up to date.

    The run has the tag of the upload's version, by which the sensor and the API take it as the run that serves it.
    """
    stored = storage.stat(order.key)
    partition = partition_key(order.key)
    instance.add_dynamic_partitions("episodes", [partition])
    return dg.materialize(
        [EDITS, *assets],  # without EDITS Dagster takes the version of another episode's edits for this one's
        selection=dg.AssetSelection.assets(*assets),
        partition_key=partition,
        instance=instance,
        resources={
            **build_resources(settings, storage),
            "progress": dg.ResourceDefinition.hardcoded_resource(progress),
        },
        run_config=dg.RunConfig(
            ops={
                RAW_VIDEO: order.sound,
                ALIGNED_TRANSCRIPT: order.transcript,
                HIGHLIGHT_WINDOWS: order.highlights,
                SCENES: order.scenes,
                CAMERA_PATHS: order.camera,
                RENDERED_CLIPS: order.render,
            },
            loggers={"console": {"config": {"log_level": "CRITICAL"}}},
        ),
        tags={UPLOAD_TAG: upload_tag(stored)} if stored else {},
        raise_on_error=False,
    )


def unchanged(result: dg.ExecuteInProcessResult) -> list[str]:
    """The assets whose stored result was up to date, in the order of the data."""
    return [
        event.materialization.asset_key.to_user_string()
        for event in result.get_asset_materialization_events()
        if UNCHANGED in event.materialization.metadata and event.step_key != RENDERED_CLIPS
    ]


def failures(result: dg.ExecuteInProcessResult) -> list[str]:
    """A sentence for each step that failed; a mistake of ours comes with its traceback."""
    sentences = []
    for event in result.filter_events(lambda event: event.is_step_failure):
        data = event.step_failure_data
        if data.user_failure_data and data.user_failure_data.description:
            sentences.append(data.user_failure_data.description)
        elif data.error:
            sentences.append(f"{event.step_key} failed: {data.error.to_string()}")
    if not result.success and not sentences:
        raise RuntimeError("; ".join(event.message or "" for event in result.all_events if event.is_failure))
    return sentences
