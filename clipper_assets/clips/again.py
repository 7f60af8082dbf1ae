"""Run config that asks for the same clips again."""

from collections.abc import Mapping
from typing import Any

from clipper_assets.clips.manifest import Requested
from clipper_assets.media.frame import Aspect
from clipper_assets.runtime.asset_names import CAMERA_PATHS, CHAPTERS, HIGHLIGHT_WINDOWS, RENDERED_CLIPS, SCENES


def render_config(highlights: Mapping[str, Any], requested: Requested, aspect: Aspect) -> dict[str, Any]:
    """Run config that repeats what windows and clips were requested with, so that unedited clips are kept."""
    request = requested.model_dump(mode="json", exclude_none=True)
    camera = {"layout": request.pop("layout")} if "layout" in request else {}
    return {
        HIGHLIGHT_WINDOWS: {"config": highlights},
        CHAPTERS: {"config": {"picker": highlights["picker"]} if highlights.get("picker") else {}},
        SCENES: {"config": camera},
        CAMERA_PATHS: {"config": camera},
        RENDERED_CLIPS: {"config": {**request, "aspect": aspect.name}},
    }
