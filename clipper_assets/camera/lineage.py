"""What `scenes` and `camera_paths` read beside their upstream tables and the edits."""

import dagster as dg

from clipper_assets.episodes.inputs import show_settings
from clipper_assets.runtime.asset_names import CAMERA_PATHS, SCENES
from clipper_assets.runtime.lineage import version_of
from clipper_assets.shows.show import STILL, Show

SCENES_SETTINGS = show_settings(SCENES, "whether the camera follows people")
CAMERA_SETTINGS = show_settings(CAMERA_PATHS, "the layout")


def scenes_read(show: Show) -> dict[dg.AssetKey, str]:
    """The data version of what `scenes` reads."""
    return {SCENES_SETTINGS.key: version_of(show.layout not in STILL)}


def camera_reads(show: Show) -> dict[dg.AssetKey, str]:
    """The data version of what `camera_paths` reads."""
    return {CAMERA_SETTINGS.key: version_of(show.layout.value)}
