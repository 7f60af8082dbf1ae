"""What each step reads of the edits: an approval makes nothing stale, a moved boundary windows and clips."""

import dagster as dg

from clipper_assets.edits.model import Edits
from clipper_assets.episodes.inputs import input_asset
from clipper_assets.episodes.partitions import episodes
from clipper_assets.runtime.asset_names import (
    CAMERA_PATHS,
    CHAPTERS,
    CLIP_VARIANTS,
    HIGHLIGHT_WINDOWS,
    RENDERED_CLIPS,
    SCENES,
)
from clipper_assets.runtime.lineage import version_of
from clipper_assets.runtime.tenant import asset_key
from clipper_assets.shows.show import STILL, Layout

EDITS = dg.AssetSpec(
    asset_key("edits"),
    partitions_def=episodes,
    group_name="episodes",
    kinds={"json"},
    description="Edits of an episode's clips on the review page; the API saves them, and every run reads them.",
)


def _edits_of(reader: str, what: str) -> dg.AssetSpec:
    return input_asset(
        "edits", reader, kinds={"json"}, description=f"What {reader} reads of the edits: {what}.", upstream=[EDITS]
    )


_STILL = {layout.value for layout in STILL}
READ_EDITS = {
    HIGHLIGHT_WINDOWS: _edits_of(HIGHLIGHT_WINDOWS, "windows, hooks, titles and marks of adverts"),
    CHAPTERS: _edits_of(CHAPTERS, "marks of adverts"),
    SCENES: _edits_of(SCENES, "in which clips the camera follows people"),
    CAMERA_PATHS: _edits_of(CAMERA_PATHS, "layouts of clips, and the camera of shots"),
    RENDERED_CLIPS: _edits_of(
        RENDERED_CLIPS, "windows, hooks, titles, words, caption styles of clips and marks of adverts"
    ),
    CLIP_VARIANTS: _edits_of(CLIP_VARIANTS, "windows, hooks, titles, words and marks of adverts"),
}
"""What each asset reads of the edits, as an external asset."""


def edits_read_by(reader: str, edits: Edits, usual: Layout = Layout.auto) -> dict[dg.AssetKey, str]:
    """The data version of what the asset `reader` reads of an episode's edits; `usual` is the layout of its show."""
    return {READ_EDITS[reader].key: version_of(_read(edits, usual)[reader])}


def edits_read(edits: Edits, usual: Layout) -> dict[dg.AssetKey, str]:
    """The data versions of what each asset reads of an episode's edits; `usual` is the layout of its show."""
    return {READ_EDITS[reader].key: version_of(read) for reader, read in _read(edits, usual).items()}


def _read(edits: Edits, usual: Layout) -> dict[str, object]:
    """What each asset reads of the edits.

    Of the layouts, `scenes` reads whether the camera follows people, where that differs from the show.
    """
    marks = [[(span.start, span.end) for span in spans] for spans in (edits.marked, edits.unmarked)]
    layouts = {clip.number: clip.layout for clip in edits.clips if clip.layout}
    choices = [choice.model_dump(mode="json") for choice in edits.shots]
    followed = {clip: layout not in _STILL for clip, layout in layouts.items()}
    shown = [
        edits.changed_windows,
        marks,
        [span.kind for span in edits.marked],
        [(word.start, word.end, word.text) for word in edits.words],
    ]
    return {
        HIGHLIGHT_WINDOWS: [edits.changed_windows, marks],
        CHAPTERS: marks,
        SCENES: {clip: follows for clip, follows in followed.items() if follows != (usual not in STILL)},
        CAMERA_PATHS: [layouts, choices] if choices else layouts,
        RENDERED_CLIPS: [*shown, {clip.number: clip.caption_style for clip in edits.clips if clip.caption_style}],
        CLIP_VARIANTS: shown,
    }
