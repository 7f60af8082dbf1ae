"""What `rendered_clips` reads beside its upstream tables and the edits."""

import dagster as dg

from clipper_assets.captions.styles import load_style
from clipper_assets.clips.gates.verdicts import read_limits
from clipper_assets.episodes.inputs import show_settings
from clipper_assets.runtime.asset_names import RENDERED_CLIPS
from clipper_assets.runtime.lineage import version_of
from clipper_assets.shows.show import Show

SHOW_SETTINGS = show_settings(RENDERED_CLIPS, "captions, aspect, hook title, tightening and gates")


def clips_read(show: Show) -> dict[dg.AssetKey, str]:
    """The data version of what `rendered_clips` reads. Raises ValueError for invalid overrides of style or gates."""
    limits = read_limits(show.gates, "show.toml")
    settings = [
        load_style(show.caption_style, show.captions).model_dump(mode="json"),
        show.aspect.value,
        show.hook_title,
        show.tighten,
        [gate.model_dump(mode="json") for gate in limits.gates],
        sorted(limits.blocking),
    ]
    return {SHOW_SETTINGS.key: version_of(settings)}
