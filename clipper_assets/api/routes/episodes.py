"""Episodes, their clips and transcripts, as they are now."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from starlette.requests import HTTPConnection

from clipper_assets.api.auth import may_change
from clipper_assets.api.deps import AspectQuery, ServicesDep
from clipper_assets.api.problems import RefusedError, answers
from clipper_assets.api.views.clips import ClipView, clip_view
from clipper_assets.api.views.episodes import (
    Accepted,
    Episode,
    Episodes,
    accepted,
    episode_view,
    summary,
)
from clipper_assets.api.views.session import Session
from clipper_assets.api.views.transcript import Transcript, transcript
from clipper_assets.runs.model import EpisodeState

router = APIRouter(tags=["episodes"])


@router.get("/session", responses=answers())
def get_session(connection: HTTPConnection) -> Session:
    """Whether the token may change anything."""
    return Session(access=connection.user.access)


@router.get("/episodes", responses=answers())
def list_episodes(
    services: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=1024, description="`next_cursor` of the page before")] = None,
) -> Episodes:
    """All episodes, the newest first."""
    partitions = services.states.partitions()
    if cursor is not None and cursor not in partitions:
        raise RefusedError(422, "cursor is not of a page of this list; begin without one")
    begin = partitions.index(cursor) + 1 if cursor is not None else 0
    page = partitions[begin : begin + limit]
    return Episodes(
        episodes=[summary(services.states.snapshot_of_partition(partition), services.url) for partition in page],
        next_cursor=page[-1] if begin + limit < len(partitions) else None,
    )


@router.get("/episodes/{key:path}/clips/{number}", responses=answers(404, 409))
def get_clip(key: str, number: int, services: ServicesDep, aspect: AspectQuery = None) -> ClipView:
    """One clip."""
    known = services.states.intact_snapshot(key)
    return clip_view(known, known.clip(number, aspect), services.url)


@router.get("/episodes/{key:path}/transcript", responses=answers(404, 409))
def get_transcript(key: str, services: ServicesDep) -> Transcript:
    """Every word with its time, as captions show it."""
    return transcript(services.states.intact_snapshot(key))


@router.delete(
    "/episodes/{key:path}/run", status_code=202, dependencies=[Depends(may_change)], responses=answers(403, 404, 409)
)
def cancel_run(key: str, services: ServicesDep, response: Response) -> Accepted:
    """Stop the run of an episode that is queued or going on; what it has finished stays."""
    known = services.states.snapshot(key)
    if known.run_id is None or (known.view and known.view.state) not in (EpisodeState.queued, EpisodeState.running):
        raise RefusedError(409, f"no run of {key} is going on")
    services.dagster.cancel(known.run_id)
    return accepted(key, known.run_id, response)


@router.get("/episodes/{key:path}", responses=answers(404))
def get_episode(key: str, services: ServicesDep) -> Episode:
    """One episode: its latest run step by step, its clips and edits."""
    return episode_view(services.states.snapshot(key), services.url)
