"""What `ad_spans` reads beside its upstream tables."""

import dagster as dg

from clipper_assets.adverts.model import prompt_version
from clipper_assets.episodes.inputs import language_model
from clipper_assets.runtime.asset_names import AD_SPANS
from clipper_assets.runtime.lineage import version_of
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Show

LANGUAGE_MODEL = language_model(AD_SPANS)


def adverts_read(show: Show, settings: Settings) -> dict[dg.AssetKey, str]:
    """The data version of what `ad_spans` reads."""
    asked = [settings.openai_model, settings.openai_base_url, settings.openai_context_tokens, prompt_version()]
    return {LANGUAGE_MODEL.key: version_of(asked if settings.asks_model(show.picker) else None)}
