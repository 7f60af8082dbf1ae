"""The run of `clipper process`: all assets of one episode, in this process."""

import os
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from clipper_assets.adverts.assets import AdSpansConfig
from clipper_assets.camera.analysis.assets import ScenesConfig
from clipper_assets.camera.direction.assets import CameraConfig
from clipper_assets.catalogue.inputs import INPUTS
from clipper_assets.chapters.assets import ChaptersConfig
from clipper_assets.clips.assets import RenderConfig
from clipper_assets.episodes.assets import RawVideoConfig
from clipper_assets.episodes.claims import UPLOAD_TAG, upload_tag
from clipper_assets.episodes.partitions import EPISODES, partition_key
from clipper_assets.episodes.shows import SHOW_TAG, SHOWS, show_of
from clipper_assets.highlights.assets import HighlightsConfig
from clipper_assets.job import assets, build_resources
from clipper_assets.launch.launcher import WORKER_TAG
from clipper_assets.launch.workers import this_process
from clipper_assets.runtime.asset_names import (
    AD_SPANS,
    ALIGNED_TRANSCRIPT,
    CAMERA_PATHS,
    CHAPTERS,
    HIGHLIGHT_WINDOWS,
    RAW_VIDEO,
    RENDERED_CLIPS,
    SCENES,
)
from clipper_assets.runtime.progress import Progress
from clipper_assets.runtime.tenant import RUN_TAGS
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage
from clipper_assets.transcript.assets import TranscriptConfig


@dataclass(frozen=True)
class EpisodeConfig:
    """The upload, by its object key, and the run config of each asset."""

    key: str
    sound: RawVideoConfig
    transcript: TranscriptConfig
    adverts: AdSpansConfig
    highlights: HighlightsConfig
    chapters: ChaptersConfig
    scenes: ScenesConfig
    camera: CameraConfig
    render: RenderConfig


def local_instance() -> dg.DagsterInstance:
    """Dagster's instance in `DAGSTER_HOME`, or else in `.dagster` below the working folder, which is created.

    Steps of the command do not wait for pools: a person is waiting, and no daemon would free the slot of a command that
    was killed. At the granularity of runs, pools limit only what the daemon starts.

    Raises ValueError if `DAGSTER_HOME` is not a folder.
    """
    if "DAGSTER_HOME" not in os.environ:
        home = Path(".dagster").resolve()
        home.mkdir(exist_ok=True)
        if not (config := home / "dagster.yaml").exists():
            config.write_text("telemetry:\n  enabled: false\n")
        os.environ["DAGSTER_HOME"] = str(home)
    try:
        with dg.DagsterInstance.get() as instance:
            ref = instance.get_ref()
    except dg.DagsterInvariantViolationError as mistake:
        raise ValueError(str(mistake)) from None
    without_pools = {**ref.settings, "concurrency": {"pools": {"granularity": "run"}}}
    return dg.DagsterInstance.from_ref(ref._replace(settings=without_pools))


def run_episode(
    config: EpisodeConfig, settings: Settings, storage: Storage, instance: dg.DagsterInstance, progress: Progress
) -> dg.ExecuteInProcessResult:
    """Materialize all assets of one episode, with all checks; results that are up to date are kept.

    The run has the tag of the upload's version, by which the sensor and the API take it as the run that serves it, and
    those of its show and of this process, without which a daemon on the same instance would take its worker as lost and
    fail the run.
    """
    stored = storage.stat(config.key)
    partition = partition_key(config.key)
    instance.add_dynamic_partitions(EPISODES, [partition])
    instance.add_dynamic_partitions(SHOWS, [show_of(config.key)])
    return dg.materialize(
        [*INPUTS, *assets],
        selection=dg.AssetSelection.assets(*assets),
        partition_key=partition,
        instance=instance,
        resources={
            **build_resources(settings, storage),
            "progress": dg.ResourceDefinition.hardcoded_resource(progress),
        },
        run_config=dg.RunConfig(
            ops={
                RAW_VIDEO: config.sound,
                ALIGNED_TRANSCRIPT: config.transcript,
                AD_SPANS: config.adverts,
                HIGHLIGHT_WINDOWS: config.highlights,
                CHAPTERS: config.chapters,
                SCENES: config.scenes,
                CAMERA_PATHS: config.camera,
                RENDERED_CLIPS: config.render,
            },
            loggers={"console": {"config": {"log_level": "CRITICAL"}}},
        ),
        tags={
            **RUN_TAGS,
            WORKER_TAG: this_process().dump(),
            SHOW_TAG: show_of(config.key),
            **({UPLOAD_TAG: upload_tag(stored)} if stored else {}),
        },
        raise_on_error=False,
    )
