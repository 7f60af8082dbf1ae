"""The views of episodes and their latest runs, with links to follow them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal
from urllib.parse import quote

import pyarrow as pa
from fastapi import Response
from pydantic import BaseModel, Field

from clipper_assets.api.repository.snapshot import EpisodeSnapshot
from clipper_assets.api.views.chapters import ChaptersView, chapters_view
from clipper_assets.api.views.clips import ClipView, clip_view, held_back_by, verdict
from clipper_assets.api.views.costs import Cost, cost_view
from clipper_assets.api.views.edits import Edits, edits_view
from clipper_assets.api.views.looks import LookOfEpisode
from clipper_assets.episodes.shows import shows_of
from clipper_assets.runs.model import Degraded, EpisodeState, Percent, Step


class Links(BaseModel):
    """Related paths of this API."""

    status: str
    events: str
    transcript: str | None = Field(None, description="null until there is a transcript")


class EpisodeSummary(BaseModel):
    """An episode in the list of episodes. `percent` and `doing` describe the latest run."""

    key: str = Field(examples=["test1/sample.mp4"])
    show: str | None = Field(
        None, examples=["test1"], description="its folder, `.` for the storage root; null if the key is not valid"
    )
    state: EpisodeState
    percent: Percent
    doing: str | None = Field(None, examples=["aligned_transcript: transcribing"])
    run_id: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str | None = Field(None, description="why the latest run failed, or which file is damaged, in one sentence")
    clips: int | None = Field(
        None, description="number of clips in 9:16, or else in the newest aspect; null before there are any"
    )
    publishable: int | None = Field(None, description="how many of these clips are ready to post")
    thumbnail_url: str | None = Field(None, description="signed URL of the best clip's thumbnail")


class Episodes(BaseModel):
    """One page of the list of episodes, the newest first."""

    episodes: list[EpisodeSummary]
    shows: list[str] = Field(description="the shows of all episodes, sorted; each can be sent as `show`")
    next_cursor: str | None = Field(None, description="send it as `cursor` to get the next page; null on the last page")


class Episode(EpisodeSummary):
    """An episode with the steps of its latest run, its clips in every rendered aspect (9:16 first) and its edits."""

    duration: float | None = None
    etag: str | None = None
    owner: str | None = Field(
        None, description="who answers for the show, by its show.toml", examples=["team:morning show"]
    )
    steps: list[Step]
    degraded: list[Degraded] = Field(
        description="fallbacks used by all steps; fallbacks of one clip are listed with the clip"
    )
    edits: Edits
    chapters: ChaptersView | None = Field(None, description="null until the episode has clips")
    cost: Cost | None = Field(None, description="null until a run has counted it")
    looks: list[LookOfEpisode] = Field([], description="other looks in which it has clips, or had a run for them")
    clip_views: list[ClipView]
    links: Links


class Accepted(BaseModel):
    """The run that a request started or joined."""

    status: Literal["accepted"] = "accepted"
    s3_key: str
    run_id: str
    status_url: str = Field(examples=["/episodes/test1/sample.mp4"])
    events_url: str


def path_of(key: str) -> str:
    """Returns the path of an episode in this API."""
    return f"/episodes/{quote(key)}"


def accepted(key: str, run_id: str, response: Response) -> Accepted:
    """Builds the answer that names a run, and sets `Location` to the path of its episode."""
    response.headers["Location"] = path_of(key)
    return Accepted(s3_key=key, run_id=run_id, status_url=path_of(key), events_url=f"{path_of(key)}/events")


def summary(episode: EpisodeSnapshot, url: Callable[[str], str]) -> EpisodeSummary:
    """Builds the summary of an episode; `url` returns the URL of an object for browsers."""
    view, clips = episode.view, episode.manifest.clips if episode.manifest else None
    return EpisodeSummary(
        key=episode.key,
        show=next(iter(shows_of([episode.partition])), None),
        state=episode.state,
        percent=view.percent if view else 0.0,
        doing=view.doing if view else None,
        run_id=episode.run_id,
        started_at=view.started_at if view else None,
        finished_at=view.finished_at if view else None,
        error=episode.damage
        or episode.obstacle
        or (view.error if view and episode.state is EpisodeState.failed else None),
        clips=len(clips) if clips is not None else None,
        publishable=sum(not held_back_by(clip, verdict(episode, clip)) for clip in clips)
        if clips is not None
        else None,
        thumbnail_url=url(clips[0].thumbnail) if clips else None,
    )


def episode_view(
    episode: EpisodeSnapshot,
    url: Callable[[str], str],
    owner: str | None,
    costs: pa.Table | None,
    looks: Sequence[LookOfEpisode],
) -> Episode:
    """Builds the full view of an episode; `url` returns the URL of an object for browsers."""
    source = episode.source
    clips = [clip_view(episode, clip, url) for rendering in episode.renderings for clip in rendering.manifest.clips]
    return Episode(
        **summary(episode, url).model_dump(),
        duration=source.duration_s if source else None,
        etag=source.etag if source else None,
        owner=owner,
        steps=list(episode.view.steps.values()) if episode.view else [],
        degraded=episode.view.degraded if episode.view else [],
        edits=edits_view(episode),
        chapters=chapters_view(episode, url),
        cost=cost_view(episode, costs),
        looks=list(looks),
        clip_views=clips,
        links=Links(
            status=path_of(episode.key),
            events=f"{path_of(episode.key)}/events",
            transcript=f"{path_of(episode.key)}/transcript" if episode.words is not None else None,
        ),
    )
