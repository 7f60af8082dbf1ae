"""Live: what happens to an episode, as server-sent events fed from Dagster's event log alone."""

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
from clipper_assets.api.repository.states import EpisodeSnapshot
from clipper_assets.api.views.episodes import summary
from clipper_assets.runs.log import FRESH_S
from clipper_assets.runs.model import EpisodeState

router = APIRouter(tags=["episodes"])
END = "end"
"""In the place of a record's number: the id of the last event of a run."""
RETRY_MS = (1000, 5000)
"""Clients that were cut off together come again one after the other."""
PING_S = 15


@router.get(
    "/episodes/{key:path}/events",
    response_class=EventSourceResponse,
    responses={
        **answers(404),
        200: {
            "description": "`step`, `progress` and `log` as they happen, `result` at the end. An id is the run's and, "
            "behind a colon, the record's in its log.",
            "content": {
                "text/event-stream": {
                    "example": "id: 5f0c…:42\nevent: progress\n"
                    'data: {"step": "rendered_clips", "doing": "rendering", "stage_percent": 40, "percent": 73.0}\n\n'
                }
            },
        },
        204: {"description": "the last event that you had was the result: there is nothing to come"},
    },
)
async def follow_episode(
    key: str,
    services: ServicesDep,
    last_event_id: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Follow an episode's newest run; give `Last-Event-ID` to go on where you were."""
    known = await asyncio.to_thread(services.states.snapshot, key)
    run_id, _, number = (last_event_id or "").partition(":")
    if number == END and run_id == known.run_id:
        return Response(status_code=204)
    after = int(number) if run_id == known.run_id and number.isdecimal() else 0
    return EventSourceResponse(_events(services, known, after), ping=PING_S)


async def _events(services: Services, known: EpisodeSnapshot, after: int) -> AsyncIterator[ServerSentEvent]:
    retry_ms = random.randint(*RETRY_MS)  # noqa: S311
    run = known.run
    if run is None:
        yield ServerSentEvent(json.dumps({"message": "waiting for a run"}), event="waiting", retry=retry_ms)
        run = await _newer_run(services, known.partition, None)
    while True:
        async with services.runs.watch(run) as watch:
            async for event in watch.events(after):
                data = json.dumps(event.data)
                yield ServerSentEvent(data, event=event.kind, id=f"{run.run_id}:{event.number}", retry=retry_ms)
        view = await asyncio.to_thread(services.runs.view, run)
        if view.state is not EpisodeState.failed or not await asyncio.to_thread(_is_tried_again, services, run.run_id):
            break
        run, after = await _newer_run(services, known.partition, run.run_id), 0
    services.states.forget(known.key, older_than=view.read_at)
    yield ServerSentEvent(json.dumps(await _result(services, known.key)), event="result", id=f"{run.run_id}:{END}")


def _is_tried_again(services: Services, run_id: str) -> bool:
    run = services.instance.get_run_by_id(run_id)
    return run is not None and run.tags.get("dagster/will_retry") == "true"


async def _newer_run(services: Services, partition: str, than: str | None) -> dg.DagsterRun:
    while True:
        run = await asyncio.to_thread(services.runs.latest, partition)
        if run is not None and run.run_id != than:
            return run
        await asyncio.sleep(2 * FRESH_S)


async def _result(services: Services, key: str) -> dict[str, Any]:
    """The end of a stream: the episode in short."""
    known = await asyncio.to_thread(services.states.snapshot, key)
    return summary(known, services.url).model_dump(mode="json")
