"""Routes that read episodes, clips and transcripts, and cancel runs."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from starlette.requests import HTTPConnection

from clipper_assets.api.auth import may_change
from clipper_assets.api.deps import AspectQuery, LookQuery, ServicesDep
from clipper_assets.api.looks import looks_of
from clipper_assets.api.problems import RefusedError, answers
from clipper_assets.api.repository.owners import show_owner
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
from clipper_assets.episodes.shows import shows_of
from clipper_assets.runs.model import EpisodeState

router = APIRouter(tags=["episodes"])


@router.get("/session", responses=answers())
def get_session(connection: HTTPConnection) -> Session:
    """Return the role of the token."""
    return Session(access=connection.user.access)


@router.get("/episodes", responses=answers())
def list_episodes(
    services: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=1024, description="`next_cursor` of the previous page")] = None,
    show: Annotated[
        str | None, Query(max_length=1024, description="only the episodes with this `show`; `.` is the storage root")
    ] = None,
) -> Episodes:
    """List all episodes, or those of a show, the newest first."""
    partitions = services.states.partitions()
    shows = sorted(shows_of(partitions))
    if show is not None:
        partitions = [partition for partition in partitions if shows_of([partition]) == [show]]
    if cursor is not None and cursor not in partitions:
        raise RefusedError(422, "unknown cursor; start again without one")
    start = partitions.index(cursor) + 1 if cursor is not None else 0
    page = partitions[start : start + limit]
    return Episodes(
        episodes=[summary(services.states.snapshot_of_partition(partition), services.url) for partition in page],
        shows=shows,
        next_cursor=page[-1] if start + limit < len(partitions) else None,
    )


@router.get("/episodes/{key:path}/clips/{number}", responses=answers(404, 409))
def get_clip(key: str, number: int, services: ServicesDep, look: LookQuery, aspect: AspectQuery = None) -> ClipView:
    """Return one clip."""
    episode = services.states.intact_snapshot(key)
    if look is not None:
        episode = services.states.with_looks(episode)
    return clip_view(episode, episode.clip(number, aspect, look), services.url)


@router.get("/episodes/{key:path}/transcript", responses=answers(404, 409))
def get_transcript(key: str, services: ServicesDep) -> Transcript:
    """Return every word with its time, as captions show it, and the adverts that clips avoid."""
    episode = services.states.intact_snapshot(key)
    return transcript(episode, services.states.spans(episode))


@router.delete(
    "/episodes/{key:path}/run", status_code=202, dependencies=[Depends(may_change)], responses=answers(403, 404, 409)
)
def cancel_run(key: str, services: ServicesDep, response: Response) -> Accepted:
    """Cancel the queued or running run of an episode; steps that have finished are kept."""
    episode = services.states.snapshot(key)
    if episode.run_id is None or (episode.view and episode.view.state) not in (
        EpisodeState.queued,
        EpisodeState.running,
    ):
        raise RefusedError(409, f"no run of {key} is queued or running, so there is nothing to cancel")
    services.dagster.cancel(episode.run_id)
    return accepted(key, episode.run_id, response)


@router.get("/episodes/{key:path}", responses=answers(404))
def get_episode(key: str, services: ServicesDep) -> Episode:
    """Return one episode: its latest run step by step, its clips and edits, its looks and its cost."""
    episode = services.states.snapshot(key)
    return episode_view(
        episode,
        services.url,
        show_owner(services.storage, key),
        services.states.costs(episode),
        looks_of(services, episode),
    )
