"""The views of looks: those that there are, and those of an episode."""

from collections.abc import Callable

from pydantic import BaseModel, Field

from clipper_assets.api.repository.snapshot import EpisodeSnapshot
from clipper_assets.api.views.clips import ClipView, clip_view
from clipper_assets.clips.folders import MANIFEST
from clipper_assets.clips.looks import parse_look
from clipper_assets.media.frame import Aspect
from clipper_assets.runs.log import RunView
from clipper_assets.runs.model import EpisodeState, Percent


class LookView(BaseModel):
    """A look. What its name does not say is null."""

    look: str = Field(examples=["square-marker"])
    aspect: Aspect | None = None
    caption_style: str | None = None
    language: str | None = Field(None, description="language of the captions; null for that which is spoken")
    error: str | None = Field(None, description="why no clips can be made in it, in one sentence")


class LookFiles(LookView):
    """A look, and how many files it has: clips, captions, thumbnails and manifests."""

    episodes: int = Field(description="number of episodes with clips in this look")
    files: int


class LookViews(BaseModel):
    """All looks, in the order in which they were added."""

    looks: list[LookView]


class LookOfEpisode(BaseModel):
    """A look in which an episode has clips, or had a run for them. State and `percent` are those of its latest run."""

    look: str = Field(examples=["square-marker"])
    state: EpisodeState
    percent: Percent
    run_id: str | None = None
    error: str | None = Field(None, description="why its latest run failed or its clips cannot be read, in a sentence")
    clips: int | None = Field(None, description="number of its clips; null before there are any")
    publishable: int | None = Field(None, description="how many of these clips are ready to post")
    manifest_key: str | None = Field(None, description="object key of its manifest")


class ClipsInLook(LookOfEpisode):
    """The clips of an episode in a look."""

    clip_views: list[ClipView]


def look_view(name: str) -> LookView:
    """Builds the view of a look; a partition that somebody added in Dagster may be none."""
    try:
        named = parse_look(name)
    except ValueError as unknown:
        return LookView(look=name, error=str(unknown))
    return LookView(look=name, aspect=named.aspect, caption_style=named.style, language=named.language)


def look_of_episode(
    episode: EpisodeSnapshot, look: str, view: RunView | None, url: Callable[[str], str]
) -> ClipsInLook:
    """Builds the view of a look of an episode; `view` is that of its latest run."""
    rendering = next((rendering for rendering in episode.variants if rendering.look == look), None)
    clips = [clip_view(episode, clip, url) for clip in rendering.manifest.clips] if rendering else None
    made = EpisodeState.done if clips is not None else EpisodeState.waiting
    damage = episode.damaged_looks.get(look) if not view or view.ended else None
    folder = clips[0].key.rpartition("/")[0] if clips else None
    return ClipsInLook(
        look=look,
        state=EpisodeState.damaged if damage else view.state if view else made,
        percent=view.percent if view else 100.0 if clips is not None else 0.0,
        run_id=view.run_id if view else None,
        error=damage or (view.error if view and view.state is EpisodeState.failed else None),
        clips=len(clips) if clips is not None else None,
        publishable=sum(clip.is_publishable for clip in clips) if clips is not None else None,
        manifest_key=f"{folder}/{MANIFEST}" if folder else None,
        clip_views=clips or [],
    )
