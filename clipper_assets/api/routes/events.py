"""Server-sent events of an episode, read from Dagster's event log."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from typing import Annotated, Any

import dagster as dg
from fastapi import APIRouter, Header, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from clipper_assets.api.deps import Services, ServicesDep
from clipper_assets.api.problems import answers
from clipper_assets.api.repository.snapshot import EpisodeSnapshot
from clipper_assets.api.views.episodes import summary
from clipper_assets.runs.log import FRESH_S
from clipper_assets.runs.model import EpisodeState
from clipper_assets.runtime.tenant import own_run

router = APIRouter(tags=["episodes"])
END = "end"
"""The id of the result event, which has no record number: `<run id>:end`."""
RETRY_MS = (1000, 5000)
"""Range of the reconnection delay: clients that were cut off together reconnect at different times."""
PING_S = 15


@router.get(
    "/episodes/{key:path}/events",
    response_class=EventSourceResponse,
    responses={
        **answers(404),
        200: {
            "description": "Events `step`, `progress` and `log` as they happen, then `result`. An event's id is the "
            "run id, a colon and the number of the record in the run's log.",
            "content": {
                "text/event-stream": {
                    "example": "id: 5f0c…:42\nevent: progress\n"
                    'data: {"step": "rendered_clips", "doing": "rendering", "stage_percent": 40, "percent": 73.0}\n\n'
                }
            },
        },
        204: {"description": "`Last-Event-ID` is the result of the latest run: no more events"},
    },
)
async def follow_episode(
    key: str,
    services: ServicesDep,
    last_event_id: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Follow the newest run of an episode; send `Last-Event-ID` to resume after that event."""
    episode = await asyncio.to_thread(services.states.snapshot, key)
    run_id, _, number = (last_event_id or "").partition(":")
    if number == END and run_id == episode.run_id:
        return Response(status_code=204)
    after = int(number) if run_id == episode.run_id and number.isdecimal() else 0
    return EventSourceResponse(_events(services, episode, after), ping=PING_S)


async def _events(services: Services, episode: EpisodeSnapshot, after: int) -> AsyncIterator[ServerSentEvent]:
    retry_ms = random.randint(*RETRY_MS)  # noqa: S311
    run = episode.run
    if run is None:
        yield ServerSentEvent(json.dumps({"message": "waiting for a run to start"}), event="waiting", retry=retry_ms)
        run = await _newer_run(services, episode.partition, None)
    while True:
        async with services.runs.watch(run) as watch:
            async for event in watch.events(after):
                data = json.dumps(event.data)
                yield ServerSentEvent(data, event=event.kind, id=f"{run.run_id}:{event.number}", retry=retry_ms)
        view = await asyncio.to_thread(services.runs.view, run)
        if view.state is not EpisodeState.failed or not await asyncio.to_thread(_will_be_retried, services, run.run_id):
            break
        run, after = await _newer_run(services, episode.partition, run.run_id), 0
    services.states.forget(episode.key, older_than=view.read_at)
    yield ServerSentEvent(json.dumps(await _result(services, episode.key)), event="result", id=f"{run.run_id}:{END}")


def _will_be_retried(services: Services, run_id: str) -> bool:
    run = own_run(services.instance, run_id)
    return run is not None and run.tags.get("dagster/will_retry") == "true"


async def _newer_run(services: Services, partition: str, previous_run_id: str | None) -> dg.DagsterRun:
    while True:
        run = await asyncio.to_thread(services.runs.latest, partition)
        if run is not None and run.run_id != previous_run_id:
            return run
        await asyncio.sleep(2 * FRESH_S)


async def _result(services: Services, key: str) -> dict[str, Any]:
    """Returns the data of the result event: the summary of the episode."""
    episode = await asyncio.to_thread(services.states.snapshot, key)
    return summary(episode, services.url).model_dump(mode="json")
