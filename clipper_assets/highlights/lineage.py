"""What `highlight_windows` reads beside its upstream tables and the edits."""

import dagster as dg

from clipper_assets.episodes.inputs import input_asset, show_settings
from clipper_assets.highlights.prompt import Prompt
from clipper_assets.highlights.selection import selection
from clipper_assets.runtime.asset_names import HIGHLIGHT_WINDOWS
from clipper_assets.runtime.lineage import version_of
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Show

SHOW_SETTINGS = show_settings(HIGHLIGHT_WINDOWS, "length, number and topics of the clips")
PICK_PROMPT = input_asset(
    "pick_prompt",
    kinds={"openai"},
    description="The picker, the prompt and the language model that pick highlights; the same version for all prompts "
    "where rules pick them.",
)


def windows_read(show: Show, settings: Settings, prompt: Prompt) -> dict[dg.AssetKey, str]:
    """The data versions of what `highlight_windows` reads. Raises ValueError as `selection` does."""
    usual = selection(show, settings)
    own_picker = [show.picker] if show.picker not in (None, settings.picker) else []
    model = [settings.openai_model, settings.openai_base_url, settings.openai_context_tokens]
    return {
        SHOW_SETTINGS.key: version_of(usual.rules.min_s, usual.rules.max_s, usual.max_clips, usual.topics),
        PICK_PROMPT.key: version_of(
            [prompt.name, prompt.version, model] if settings.asks_model(show.picker) else None, *own_picker
        ),
    }
