"""The views of an episode's edits, and of the choices for a style and a layout."""

from pydantic import BaseModel, Field

from clipper_assets.api.repository.renderings import Rendering
from clipper_assets.api.repository.snapshot import EpisodeSnapshot
from clipper_assets.media.frame import Aspect
from clipper_assets.shows.show import Layout


class Edits(BaseModel):
    """The latest version of an episode's edits. Version 0 means that nothing has been edited."""

    version: int
    can_undo: bool
    is_rendered: bool = Field(description="whether the clips show all edits")
    unrendered: list[Aspect] = Field(description="aspects whose clips do not show all edits")
    new_clips: list[int] = Field(description="numbers of added clips that are not rendered yet")


class Options(BaseModel):
    """Available caption styles and layouts."""

    caption_styles: list[str]
    layouts: list[Layout]


def edits_view(episode: EpisodeSnapshot) -> Edits:
    """Builds the view of an episode's edits."""
    unrendered = [rendering.aspect for rendering in episode.renderings if not _shows_edits(rendering, episode)]
    new = {number for rendering in episode.renderings for number in _new_clips(rendering, episode)}
    return Edits(
        version=episode.edits.version,
        can_undo=episode.edits.can_undo,
        is_rendered=not unrendered,
        unrendered=unrendered,
        new_clips=sorted(new),
    )


def _shows_edits(rendering: Rendering, episode: EpisodeSnapshot) -> bool:
    edits, shown = episode.edits, rendering.edits
    if (edits.marked, edits.unmarked) != (shown.marked, shown.unmarked):
        return False
    if _new_clips(rendering, episode) or _has_undone_clip(rendering, episode):
        return False
    return (edits.clips, edits.words, edits.shots) == (shown.clips, shown.words, shown.shots) or not any(
        episode.unrendered_edits(clip) for clip in rendering.manifest.clips
    )


def _new_clips(rendering: Rendering, episode: EpisodeSnapshot) -> list[int]:
    """Numbers of the clips of the edits that a rendering did not know of."""
    known = {clip.number for clip in rendering.edits.clips} | {clip.clip_index for clip in rendering.manifest.clips}
    return [clip.number for clip in episode.edits.clips if clip.number not in known]


def _has_undone_clip(rendering: Rendering, episode: EpisodeSnapshot) -> bool:
    """Whether a clip that a person had added is rendered, although adding it was undone."""
    added = {clip.number for clip in rendering.edits.clips if clip.is_added}
    return bool(added - {clip.number for clip in episode.edits.clips})
