"""What `chapters` reads beside its upstream tables and the edits."""

import dagster as dg

from clipper_assets.chapters.model import prompt_version
from clipper_assets.episodes.inputs import language_model
from clipper_assets.runtime.asset_names import CHAPTERS
from clipper_assets.runtime.lineage import version_of
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Show

LANGUAGE_MODEL = language_model(CHAPTERS)


def chapters_read(show: Show, settings: Settings) -> dict[dg.AssetKey, str]:
    """The data version of what `chapters` reads."""
    asked = [settings.openai_model, settings.openai_base_url, prompt_version()]
    return {LANGUAGE_MODEL.key: version_of(asked if settings.asks_model(show.picker) else None)}
