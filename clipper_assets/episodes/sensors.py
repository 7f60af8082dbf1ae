"""The sensors that request a run for each new version of an upload: `new_uploads`, or those that read a queue."""

from typing import Any

import dagster as dg
from dagster import SensorEvaluationContext

from clipper_assets.episodes.claims import Requester
from clipper_assets.episodes.discovery.changes import changes, next_cursor
from clipper_assets.episodes.discovery.cursor import Cursor
from clipper_assets.episodes.discovery.inputs import INPUTS_PER_TICK, Observe
from clipper_assets.episodes.discovery.listing import listing_of
from clipper_assets.episodes.discovery.requests import Decisions, can_be_episode, new_partitions, run_requests
from clipper_assets.episodes.partitions import EPISODES, object_key
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage


def build_discovery(job: Any, settings: Settings, observe: Observe) -> list[dg.SensorDefinition]:
    """The sensors that find uploads: `upload_events` and `sweep_uploads` if there is a queue, otherwise `new_uploads`.

    `observe` gets the keys of inputs, such as `show.toml` and transcripts, that were added, changed or removed.
    """
    if settings.upload_queue is None:
        return [build_new_uploads(job, settings.sensor_interval_s, observe)]
    from clipper_assets.episodes.discovery.sweep import build_sweep_uploads  # noqa: PLC0415  # importing boto3 is slow
    from clipper_assets.episodes.discovery.upload_events import build_upload_events  # noqa: PLC0415

    return [
        build_upload_events(job, settings.upload_queue, settings.sensor_interval_s, observe),
        build_sweep_uploads(job, observe),
    ]


def build_new_uploads(job: Any, interval_s: int, observe: Observe) -> dg.SensorDefinition:
    """The sensor, on by default, that requests `job` for new uploads every `interval_s` seconds.

    It lists the storage in each tick. `observe` gets the keys of changed inputs.
    """
    decisions = Decisions(Requester.sensor)

    @dg.sensor(
        name="new_uploads",
        job=job,
        minimum_interval_seconds=interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Registers each new or replaced upload below the storage root as an episode and requests its run.",
    )
    def new_uploads(context: SensorEvaluationContext, storage: Storage) -> dg.SensorResult:
        cursor = _cursor(context)
        listing = listing_of(storage)
        registered: set[str] = set()
        if listing.digest != cursor.listing:
            partitions = context.instance.get_dynamic_partitions(EPISODES)
            registered = {object_key(key) if "%" in key else key for key in partitions}
        if cursor.requested:
            decisions.remember(upload for upload in listing.uploads.values() if cursor.handled(upload))
        changed = changes(listing, cursor, registered)
        # A file that is being copied into a directory grows under its final name, which an object in S3 never does.
        grows = isinstance(storage, DirectoryStorage)
        decided = decisions.of(
            storage,
            context.instance,
            [upload for upload in changed.uploads if can_be_episode(upload, context.log.warning)],
            settled=lambda upload: not grows or cursor.waiting.get(upload.key) == upload.version,
        )
        observations = observe(context.instance, storage, changed.inputs[:INPUTS_PER_TICK]) if changed.inputs else []
        # One call may not observe all episodes of a large show, so its keys come again until nothing is left.
        inputs_left = changed.inputs if observations else changed.inputs[INPUTS_PER_TICK:]
        remembered = next_cursor(listing, cursor, decided.waiting, inputs_left)
        waiting = f"{len(decided.waiting)} waiting or still being copied"
        context.log.info(f"{len(listing.uploads)} uploads, {len(decided.launches)} new, {waiting}")
        return dg.SensorResult(
            run_requests=run_requests(decided.launches),
            dynamic_partitions_requests=new_partitions(context.instance, decided.launches),
            asset_events=list(observations),
            cursor=remembered.write(),
            skip_reason=None if decided.launches else f"no new upload among {len(listing.uploads)}, {waiting}",
        )

    return new_uploads


def _cursor(context: SensorEvaluationContext) -> Cursor:
    try:
        return Cursor.read(context.cursor)
    except ValueError:
        context.log.warning("the cursor of new_uploads is not readable; all uploads are compared with their runs")
        return Cursor()
