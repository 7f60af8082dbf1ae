"""Episodes, their clips and transcripts, as they are now."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Response
from starlette.requests import HTTPConnection

from clipper_assets.api.auth import may_change
from clipper_assets.api.deps import AspectAsked, Door, TheDoor
from clipper_assets.api.models import (
    Accepted,
    ClipView,
    Edits,
    Episode,
    Episodes,
    EpisodeSummary,
    Links,
    Session,
    Transcript,
)
from clipper_assets.api.problems import RefusedError, answers
from clipper_assets.api.state import Known, sentence_span, transcript, verdict
from clipper_assets.clips.manifest import Clip, Review
from clipper_assets.edits.model import Decision
from clipper_assets.runs.model import EpisodeState

router = APIRouter(tags=["episodes"])


def path_of(key: str) -> str:
    """The path of an episode."""
    return f"/episodes/{quote(key)}"


@router.get("/session", responses=answers())
def get_session(connection: HTTPConnection) -> Session:
    """Whether the token may change anything."""
    return Session(access=connection.state.access)


@router.get("/episodes", responses=answers())
def list_episodes(
    door: TheDoor,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=1024, description="`next_cursor` of the page before")] = None,
) -> Episodes:
    """All episodes, the newest first."""
    partitions = door.states.partitions()
    if cursor is not None and cursor not in partitions:
        raise RefusedError(422, "cursor is not of a page of this list; begin without one")
    begin = partitions.index(cursor) + 1 if cursor is not None else 0
    page = partitions[begin : begin + limit]
    return Episodes(
        episodes=[summary(door, door.states.of_partition(partition)) for partition in page],
        next_cursor=page[-1] if begin + limit < len(partitions) else None,
    )


@router.get("/episodes/{key:path}/clips/{number}", responses=answers(404, 409))
def get_clip(key: str, number: int, door: TheDoor, aspect: AspectAsked = None) -> ClipView:
    """One clip."""
    known = door.states.of(key)
    return clip_view(door, known, known.clip(number, aspect))


@router.get("/episodes/{key:path}/transcript", responses=answers(404, 409))
def get_transcript(key: str, door: TheDoor) -> Transcript:
    """Every word with its time, as captions show it."""
    return transcript(door.states.of(key))


@router.delete(
    "/episodes/{key:path}/run", status_code=202, dependencies=[Depends(may_change)], responses=answers(403, 404, 409)
)
def cancel_run(key: str, door: TheDoor, response: Response) -> Accepted:
    """Stop the run of an episode that is queued or going on; what it has finished stays."""
    known = door.states.look(key)
    if known.run_id is None or (known.view and known.view.state) not in (EpisodeState.queued, EpisodeState.running):
        raise RefusedError(409, f"no run of {key} is going on")
    door.dagster.cancel(known.run_id)
    return accepted(key, known.run_id, response)


@router.get("/episodes/{key:path}", responses=answers(404))
def get_episode(key: str, door: TheDoor) -> Episode:
    """One episode: its latest run step by step, its clips and edits."""
    known = door.states.look(key)
    source = known.source
    clips = [clip_view(door, known, clip) for each in known.renderings for clip in each.manifest.clips]
    return Episode(
        **summary(door, known).model_dump(),
        duration=source.duration_s if source else None,
        etag=source.etag if source else None,
        steps=list(known.view.steps.values()) if known.view else [],
        degraded=known.view.degraded if known.view else [],
        edits=edits_view(known),
        clip_views=clips,
        links=Links(
            status=path_of(key),
            events=f"{path_of(key)}/events",
            transcript=f"{path_of(key)}/transcript" if known.words is not None else None,
        ),
    )


def accepted(key: str, run_id: str, response: Response) -> Accepted:
    """The answer that names a run, with its status as `Location`."""
    response.headers["Location"] = path_of(key)
    return Accepted(s3_key=key, run_id=run_id, status_url=path_of(key), events_url=f"{path_of(key)}/events")


def edits_view(known: Known) -> Edits:
    edits = known.edits
    return Edits(
        version=edits.version,
        can_undo=bool(edits.clips or edits.words),
        is_rendered=all(
            (edits.clips, edits.words) == (each.edits.clips, each.edits.words)
            or not any(known.wanted(clip) for clip in each.manifest.clips)
            for each in known.renderings
        ),
    )


def summary(door: Door, known: Known) -> EpisodeSummary:
    view, clips = known.view, known.manifest.clips if known.manifest else None
    return EpisodeSummary(
        key=known.key,
        state=known.state,
        percent=view.percent if view else 0.0,
        doing=view.doing if view else None,
        run_id=known.run_id,
        started_at=view.started_at if view else None,
        finished_at=view.finished_at if view else None,
        error=known.damage or known.lack or (view.error if view and known.state is EpisodeState.failed else None),
        clips=len(clips) if clips is not None else None,
        publishable=sum(not _held_back(clip, _verdict(known, clip)) for clip in clips) if clips is not None else None,
        thumbnail_url=door.url(clips[0].thumbnail) if clips else None,
    )


def clip_view(door: Door, known: Known, clip: Clip) -> ClipView:
    decided = _verdict(known, clip)
    held_back = _held_back(clip, decided)
    source = known.source
    first, last = sentence_span(known, clip, source.duration_s if source else clip.end_time)
    return ClipView(
        **clip.model_dump(),
        video_url=door.url(clip.key),
        thumbnail_url=door.url(clip.thumbnail),
        srt_url=door.url(clip.captions.srt),
        vtt_url=door.url(clip.captions.vtt),
        is_publishable=not held_back,
        held_back=held_back,
        verdict=decided,
        first_sentence=first,
        last_sentence=last,
        wanted=known.wanted(clip),
    )


def _verdict(known: Known, clip: Clip) -> Review | None:
    return verdict(clip, known.edits.clip(clip.clip_index))


def _held_back(clip: Clip, decided: Review | None) -> list[str]:
    rejected = decided is not None and decided.current and decided.decision is Decision.rejected
    return [*clip.model_copy(update={"review": None}).blocked_by, *(["rejected by a person"] if rejected else [])]
