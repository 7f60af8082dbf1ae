"""`ad_spans`: the stretches of an episode that are not part of its conversation."""

import time
from dataclasses import asdict
from typing import Any

import dagster as dg
import pyarrow as pa
from pydantic import Field

from clipper_assets.adverts.detect import find_spans
from clipper_assets.adverts.fingerprints import load_others, save_fingerprint
from clipper_assets.adverts.lineage import LANGUAGE_MODEL, adverts_read
from clipper_assets.adverts.model import Answer, ask_model, prompt_version
from clipper_assets.adverts.preview import preview
from clipper_assets.adverts.repeats import Shingles
from clipper_assets.adverts.sound import sound_nats
from clipper_assets.adverts.spans import AD_SPANS_TABLE, FOUND_BY, RULES, spans_table
from clipper_assets.adverts.support import Support
from clipper_assets.episodes.partitions import episodes, per_episode
from clipper_assets.episodes.source import RawVideo
from clipper_assets.llm.language_model import LanguageModel
from clipper_assets.media.loudness import load_loudness
from clipper_assets.runtime.asset_names import AD_SPANS
from clipper_assets.runtime.degraded import not_degraded, not_degraded_spec
from clipper_assets.runtime.lineage import reads
from clipper_assets.runtime.pools import LLM
from clipper_assets.runtime.progress import Progress
from clipper_assets.runtime.refusal import in_one_sentence, refusal
from clipper_assets.runtime.spend import metered
from clipper_assets.runtime.tenant import of_tenant
from clipper_assets.runtime.time_limit import time_limit
from clipper_assets.setting_types import PickerName
from clipper_assets.settings import Settings
from clipper_assets.shows.show import load_show
from clipper_assets.storage.base import Storage
from clipper_assets.storage.recipes import Recipe, StepConfig, difference, new_result, recipe_of, stored_result
from clipper_assets.storage.tables import LAKE_TABLE, TableResult, provenance
from clipper_assets.transcript.words import WORDS, sentences

CODE_VERSION = "8"


class AdSpansConfig(StepConfig):
    """Run config of the adverts."""

    picker: PickerName | None = Field(
        default=None,
        description="`heuristic` asks no model; `auto` and `openai` ask one if there is a key; default: the show's",
    )


def inputs(settings: Settings, language: str, *, asks_model: bool) -> dict[str, Any]:
    """Everything beside the rows of the upstream tables that decides the result, except other episodes.

    A new episode of the show does not make the spans of the earlier ones outdated, because their clips may be posted;
    `afresh` compares them again.
    """
    return {
        "language": language,
        "model": [settings.openai_model, settings.openai_base_url, settings.openai_context_tokens, prompt_version()]
        if asks_model
        else None,
    }


@of_tenant
@dg.asset(
    partitions_def=episodes,
    group_name="episodes",
    kinds={"openai", "parquet"},
    code_version=CODE_VERSION,
    pool=LLM,
    io_manager_key="lake",
    dagster_type=LAKE_TABLE,
    metadata=AD_SPANS_TABLE.definition_metadata,
    check_specs=per_episode(not_degraded_spec(AD_SPANS)),
    deps=[LANGUAGE_MODEL],
    description="Adverts, intros, outros and calls to subscribe, found by rules and, with a key, by a language model.",
)
@metered
@in_one_sentence
def ad_spans(
    context: dg.AssetExecutionContext,
    config: AdSpansConfig,
    raw_video: pa.Table,
    aligned_transcript: pa.Table,
    storage: Storage,
    settings: dg.ResourceParam[Settings],
    language_model: LanguageModel,
    progress: Progress,
) -> TableResult:
    source, words = RawVideo.from_table(raw_video), WORDS.completed(aligned_transcript)
    try:
        language, asks_model, read, recipe = _decisive(config, storage, settings, raw_video, aligned_transcript)
    except ValueError as unreadable:
        raise refusal(context, str(unreadable)) from None
    lineage = reads(context, read)
    stored = stored_result(context, config, storage, AD_SPANS_TABLE, recipe, lineage)
    if stored and not _lacks_model(stored.value, asks_model=asks_model):
        return stored
    began = time.monotonic()
    spoken = sentences(words)
    save_fingerprint(storage, source.episode, Shingles(spoken, language).hashes)
    others = load_others(storage, source.episode)
    sound = sound_nats(load_loudness(storage, source.loudness_key), spoken)
    answer = Answer()
    compared = time.monotonic()
    if asks_model:
        with time_limit(context, source.duration_s, settings.time_limit_scale):
            answer = ask_model(language_model, spoken, progress.stage(context, "finding adverts"))
    asked = time.monotonic()
    found = find_spans(spoken, language, Support(others.shingles, sound, answer.marked))
    degraded = [fallback.as_dict() for fallback in (*others.degraded, *answer.degraded)]
    for fallback in degraded:
        context.log.warning(fallback["reason"])
    found_by = f"{RULES} and {answer.model}" if answer.model else RULES
    seconds = {"read": compared - began, "model": asked - compared, "rules": time.monotonic() - asked}
    return new_result(
        recipe,
        spans_table(source.episode, found, found_by),
        check_results=[not_degraded(AD_SPANS, degraded)],
        metadata={
            "spans": dg.MetadataValue.md(preview(found)),
            "seconds_of_spans": round(sum(span.end - span.start for span in found), 1),
            "other_episodes": len(others.shingles),
            FOUND_BY: found_by,
            "prompt_version": prompt_version() if answer.model else None,
            **asdict(answer.usage),
            "seconds": {name: round(value, 2) for name, value in seconds.items()},
            "degraded": degraded,
        },
        lineage=lineage,
    )


def _decisive(
    config: AdSpansConfig, storage: Storage, settings: Settings, raw_video: pa.Table, aligned_transcript: pa.Table
) -> tuple[str, bool, dict[dg.AssetKey, str], Recipe]:
    """Language, whether to ask the model, versions of what is read, and recipe.

    Raises ValueError if `show.toml` cannot be read.
    """
    show = load_show(storage, RawVideo.from_table(raw_video).key)
    asks_model = settings.asks_model(config.picker or show.picker)
    words = WORDS.completed(aligned_transcript)
    language = str(words["language"][0]) if words.num_rows else ""
    decisive = inputs(settings, language, asks_model=asks_model)
    recipe = recipe_of(config, CODE_VERSION, decisive, raw_video, aligned_transcript)
    return language, asks_model and words.num_rows > 0, adverts_read(show, settings), recipe


def _lacks_model(stored: pa.Table, *, asks_model: bool) -> bool:
    """Whether the model did not answer the last time but is asked again."""
    return asks_model and provenance(stored).get(FOUND_BY) == RULES


def why_again(
    stored: pa.Table,
    config: AdSpansConfig,
    storage: Storage,
    settings: Settings,
    raw_video: pa.Table,
    aligned_transcript: pa.Table,
) -> str:
    """Why a run would make the stored table again, in words; empty if it would keep it. Raises as `_decisive`."""
    _, asks_model, _, recipe = _decisive(config, storage, settings, raw_video, aligned_transcript)
    lacking = _lacks_model(stored, asks_model=asks_model)
    return difference(stored, recipe, ad_spans) or ("the model did not answer the last time" if lacking else "")
