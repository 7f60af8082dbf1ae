"""Edits of an episode, and what an editor can choose from."""

from pydantic import BaseModel, Field

from clipper_assets.api.repository.states import EpisodeSnapshot
from clipper_assets.shows.show import Layout


class Edits(BaseModel):
    """Where the edits of an episode are. Version 0 is the picker's work, untouched."""

    version: int
    can_undo: bool
    is_rendered: bool = Field(description="whether the clips show all of it")


class Options(BaseModel):
    """What an editor can choose from."""

    caption_styles: list[str]
    layouts: list[Layout]


def edits_view(known: EpisodeSnapshot) -> Edits:
    """The edits of an episode, and whether its clips show them."""
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
