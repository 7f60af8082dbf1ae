"""Episodes, their latest runs and where to follow them."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal
from urllib.parse import quote

from fastapi import Response
from pydantic import BaseModel, Field

from clipper_assets.api.repository.states import EpisodeSnapshot
from clipper_assets.api.views.clips import ClipView, clip_view, held_back_by, verdict
from clipper_assets.api.views.edits import Edits, edits_view
from clipper_assets.runs.model import Degraded, EpisodeState, Percent, Step


class Links(BaseModel):
    """Where to go on, as paths of this API."""

    status: str
    events: str
    transcript: str | None = Field(None, description="null before there is one")


class EpisodeSummary(BaseModel):
    """One line of the list of episodes. `percent` and `doing` are of the latest run."""

    key: str = Field(examples=["test1/sample.mp4"])
    state: EpisodeState
    percent: Percent
    doing: str | None = Field(None, examples=["aligned_transcript: transcribing"])
    run_id: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str | None = Field(None, description="why the latest run failed, or what is damaged, in one sentence")
    clips: int | None = Field(None, description="clips in 9:16, or in the newest aspect; null before the first")
    publishable: int | None = Field(None, description="those of them that may be posted")
    thumbnail_url: str | None = Field(None, description="presigned; of the best clip")


class Episodes(BaseModel):
    """A page of episodes, the newest first."""

    episodes: list[EpisodeSummary]
    next_cursor: str | None = Field(None, description="give it back as `cursor` for the next page")


class Episode(EpisodeSummary):
    """One episode: its latest run step by step, its clips in every aspect that was rendered, 9:16 first, and edits."""

    duration: float | None = None
    etag: str | None = None
    steps: list[Step]
    degraded: list[Degraded] = Field(description="of all steps; each clip has its own beside")
    edits: Edits
    clip_views: list[ClipView]
    links: Links


class Accepted(BaseModel):
    """A run that was started, or that is at it already."""

    status: Literal["accepted"] = "accepted"
    s3_key: str
    run_id: str
    status_url: str = Field(examples=["/episodes/test1/sample.mp4"])
    events_url: str


def path_of(key: str) -> str:
    """The path of an episode."""
    return f"/episodes/{quote(key)}"


def accepted(key: str, run_id: str, response: Response) -> Accepted:
    """The answer that names a run, with its status as `Location`."""
    response.headers["Location"] = path_of(key)
    return Accepted(s3_key=key, run_id=run_id, status_url=path_of(key), events_url=f"{path_of(key)}/events")


def summary(known: EpisodeSnapshot, url: Callable[[str], str]) -> EpisodeSummary:
    """The episode in short; `url` says where a browser finds an object of the storage."""
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
        publishable=sum(not held_back_by(clip, verdict(known, clip)) for clip in clips) if clips is not None else None,
        thumbnail_url=url(clips[0].thumbnail) if clips else None,
    )


def episode_view(known: EpisodeSnapshot, url: Callable[[str], str]) -> Episode:
    """The episode with its steps, clips and edits; `url` says where a browser finds an object of the storage."""
    source = known.source
    clips = [clip_view(known, clip, url) for each in known.renderings for clip in each.manifest.clips]
    return Episode(
        **summary(known, url).model_dump(),
        duration=source.duration_s if source else None,
        etag=source.etag if source else None,
        steps=list(known.view.steps.values()) if known.view else [],
        degraded=known.view.degraded if known.view else [],
        edits=edits_view(known),
        clip_views=clips,
        links=Links(
            status=path_of(known.key),
            events=f"{path_of(known.key)}/events",
            transcript=f"{path_of(known.key)}/transcript" if known.words is not None else None,
        ),
    )
