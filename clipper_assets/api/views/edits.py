"""The views of an episode's edits, and of the choices for a style and a layout."""

from pydantic import BaseModel, Field

from clipper_assets.api.repository.states import EpisodeSnapshot
from clipper_assets.shows.show import Layout


class Edits(BaseModel):
    """The latest version of an episode's edits. Version 0 means that nothing has been edited."""

    version: int
    can_undo: bool
    is_rendered: bool = Field(description="whether the clips show all edits")


class Options(BaseModel):
    """Available caption styles and layouts."""

    caption_styles: list[str]
    layouts: list[Layout]


def edits_view(episode: EpisodeSnapshot) -> Edits:
    """Builds the view of an episode's edits."""
    edits = episode.edits
    return Edits(
        version=edits.version,
        can_undo=bool(edits.clips or edits.words),
        is_rendered=all(
            (edits.clips, edits.words) == (rendering.edits.clips, rendering.edits.words)
            or not any(episode.unrendered_edits(clip) for clip in rendering.manifest.clips)
            for rendering in episode.renderings
        ),
    )
