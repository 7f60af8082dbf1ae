"""What `rendered_clips` and `clip_variants` read beside their upstream tables and the edits."""

from collections.abc import Sequence

import dagster as dg

from clipper_assets.captions.styles import load_style
from clipper_assets.clips.gates.verdicts import read_limits
from clipper_assets.episodes.inputs import show_settings
from clipper_assets.runtime.asset_names import CLIP_VARIANTS, RENDERED_CLIPS
from clipper_assets.runtime.lineage import version_of
from clipper_assets.shows.show import Show

SHOW_SETTINGS = show_settings(RENDERED_CLIPS, "captions, aspect, hook title, tightening and gates")
VARIANTS_SETTINGS = show_settings(
    CLIP_VARIANTS, "overrides of the caption style, hook title, tightening and gates; not style and aspect"
)


def clips_read(show: Show) -> dict[dg.AssetKey, str]:
    """The data version of what `rendered_clips` reads. Raises ValueError for invalid overrides of style or gates."""
    settings = [
        load_style(show.caption_style, show.captions).model_dump(mode="json"),
        show.aspect.value,
        show.hook_title,
        show.tighten,
        *_gates(show),
    ]
    return {SHOW_SETTINGS.key: version_of(settings)}


def variants_read(show: Show) -> dict[dg.AssetKey, str]:
    """The data version of what `clip_variants` reads, whatever the look. Raises ValueError as `clips_read`."""
    overrides = load_style(show.caption_style, show.captions).model_dump(mode="json", include={*show.captions})
    return {VARIANTS_SETTINGS.key: version_of([overrides, show.hook_title, show.tighten, *_gates(show)])}


def _gates(show: Show) -> Sequence[object]:
    limits = read_limits(show.gates, "show.toml")
    return [gate.model_dump(mode="json") for gate in limits.gates], sorted(limits.blocking)
