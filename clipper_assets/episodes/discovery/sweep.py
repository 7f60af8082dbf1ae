"""`sweep_uploads`, the sensor that looks once a day for uploads that no event announced."""

import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

import dagster as dg
from dagster import SensorEvaluationContext
from pydantic import BaseModel, ConfigDict

from clipper_assets.episodes.claims import Requester
from clipper_assets.episodes.discovery.inputs import INPUTS_PER_TICK, Observe
from clipper_assets.episodes.discovery.requests import (
    REQUESTS_PER_TICK,
    Decisions,
    belongs_to_video,
    can_be_episode,
    new_partitions,
    run_requests,
)
from clipper_assets.episodes.uploads import INPUTS, RECORDINGS, is_pruned, is_visible, without_audio_of_videos
from clipper_assets.storage.s3 import S3Storage
from clipper_assets.storage.s3_pages import Page
from clipper_assets.storage.stored import Listed

EVERY_S = 24 * 3600
INTERVAL_S = 60
"""Seconds between two ticks: between the pieces of a sweep, and between two looks whether one is due."""
LISTING_S = 20.0
"""Seconds after which a tick lists no more pages. A tick may take 60 s."""
OVERLAP_S = 7 * 24 * 3600
"""A sweep looks at what changed since the one before began, and in this time before that: S3 dates an object by the
beginning of its upload, and people have a bucket rule that ends unfinished uploads after some days."""


class Cursor(BaseModel):
    """Where a sweep is. Times are seconds since 1970.

    Attributes:
        began_s: When the sweep began.
        since_s: Objects that changed before this time are left out.
        after: The key behind which the next tick goes on; None after a whole sweep.
    """

    model_config = ConfigDict(frozen=True)

    began_s: float = 0.0
    since_s: float = 0.0
    after: str | None = None

    def due(self, now_s: float) -> Self:
        """This sweep, or the next one if it is due. One that began in the future, by a wrong clock, does not count."""
        if self.after is not None or 0 <= now_s - self.began_s < EVERY_S:
            return self
        since_s = self.began_s - OVERLAP_S if 0 < self.began_s <= now_s else 0.0
        return self.model_copy(update={"began_s": now_s, "since_s": since_s, "after": ""})


@dataclass
class Tick:
    """What a tick has found out so far."""

    launches: dict[Listed, int] = field(default_factory=dict)
    observations: list[dg.AssetObservation] = field(default_factory=list)
    pages: int = 0
    inputs: int = 0


def build_sweep_uploads(job: Any, observe: Observe) -> dg.SensorDefinition:
    """The sensor, on by default, that lists S3 once a day, in pieces, and requests `job` for uploads that have no run.

    The first sweep looks at all uploads, the later ones at those of the last week.
    """
    decisions = Decisions(Requester.sweep)

    @dg.sensor(
        name="sweep_uploads",
        job=job,
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Lists the storage once a day and requests runs of uploads that no event announced.",
    )
    def sweep_uploads(context: SensorEvaluationContext, storage: S3Storage) -> dg.SensorResult:
        cursor = (Cursor.model_validate_json(context.cursor) if context.cursor else Cursor()).due(time.time())
        tick = Tick()
        if cursor.after is not None:
            cursor = _sweep(cursor, tick, decisions, observe, context, storage)
        return dg.SensorResult(
            run_requests=run_requests(tick.launches),
            dynamic_partitions_requests=new_partitions(context.instance, tick.launches),
            asset_events=tick.observations,
            cursor=cursor.model_dump_json(),
            skip_reason=None if tick.launches else f"no new upload in {tick.pages} pages of the listing",
        )

    return sweep_uploads


def _sweep(
    cursor: Cursor,
    tick: Tick,
    decisions: Decisions,
    observe: Observe,
    context: SensorEvaluationContext,
    storage: S3Storage,
) -> Cursor:
    """Go through pages until the tick is full; returns the cursor behind the last page that is finished.

    A page with uploads that wait, for a later tick or another process, is listed again by the next tick.
    """
    stop = time.monotonic() + LISTING_S
    wanted = RECORDINGS | INPUTS
    for page in storage.walk_pages(is_pruned, lambda key: is_visible(key, wanted), cursor.after or ""):
        tick.pages += 1
        uploads, inputs = _changed(page, cursor)
        uploads = [upload for upload in uploads if can_be_episode(upload, context.log.warning)]
        decided = decisions.of(
            storage,
            context.instance,
            uploads,
            refused=partial(belongs_to_video, storage),
            at_most=REQUESTS_PER_TICK - len(tick.launches),
        )
        tick.launches |= decided.launches
        if decided.waiting:
            break
        if inputs:
            tick.inputs += len(inputs)
            tick.observations += observe(context.instance, storage, inputs)
        cursor = cursor.model_copy(update={"after": page.last})
        if len(tick.launches) >= REQUESTS_PER_TICK or tick.inputs >= INPUTS_PER_TICK or time.monotonic() > stop:
            break
    return cursor


def _changed(page: Page, cursor: Cursor) -> tuple[list[Listed], list[str]]:
    """The uploads of a page, and the keys of the other inputs, that changed in the time that the sweep looks at.

    The first sweep observes nothing: what there is has not changed.
    """
    uploads = without_audio_of_videos(each for each in page.objects if is_visible(each.key, RECORDINGS))
    inputs = [each for each in page.objects if cursor.since_s and is_visible(each.key, INPUTS)]
    since_ns = cursor.since_s * 1e9
    return [each for each in uploads if each.changed_ns >= since_ns], [
        each.key for each in inputs if each.changed_ns >= since_ns
    ]
