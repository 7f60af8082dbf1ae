"""`ad_spans`: the stretches of an episode that are no part of its conversation."""

import time
from typing import Any

import dagster as dg
import pyarrow as pa

from clipper_assets.adverts.detect import find_spans
from clipper_assets.adverts.preview import preview
from clipper_assets.adverts.spans import AD_SPANS_TABLE, spans_table
from clipper_assets.episodes.partitions import episodes
from clipper_assets.runtime.asset_names import AD_SPANS
from clipper_assets.runtime.degraded import not_degraded, not_degraded_spec
from clipper_assets.runtime.refusal import in_one_sentence
from clipper_assets.storage.base import Storage
from clipper_assets.storage.recipes import StepConfig, new_result, recipe_of, stored_result
from clipper_assets.storage.tables import LAKE_TABLE, TableResult
from clipper_assets.transcript.words import WORDS, sentences

CODE_VERSION = "2"


class AdSpansConfig(StepConfig):
    """Run config of the adverts."""


def inputs(language: str) -> dict[str, Any]:
    """Everything beside the rows of the upstream tables that decides the result."""
    return {"language": language}


@dg.asset(
    partitions_def=episodes,
    group_name="episodes",
    kinds={"parquet"},
    code_version=CODE_VERSION,
    io_manager_key="lake",
    dagster_type=LAKE_TABLE,
    metadata=AD_SPANS_TABLE.definition_metadata,
    check_specs=[not_degraded_spec(AD_SPANS)],
    description="Adverts, intros, outros and calls to subscribe; clips contain none of them.",
)
@in_one_sentence
def ad_spans(
    context: dg.AssetExecutionContext,
    config: AdSpansConfig,
    raw_video: pa.Table,
    aligned_transcript: pa.Table,
    storage: Storage,
) -> TableResult:
    words = WORDS.completed(aligned_transcript)
    language = _language(words)
    recipe = recipe_of(CODE_VERSION, inputs(language), raw_video, aligned_transcript)
    if stored := stored_result(context, config, storage, AD_SPANS_TABLE, recipe):
        return stored
    began = time.monotonic()
    found = find_spans(sentences(words), language)
    return new_result(
        recipe,
        spans_table(context.partition_key, found),
        check_results=[not_degraded(AD_SPANS, [])],
        metadata={
            "spans": dg.MetadataValue.md(preview(found)),
            "advert_seconds": round(sum(span.end - span.start for span in found), 1),
            "seconds": {"rules": round(time.monotonic() - began, 2)},
            "degraded": [],
        },
    )


def _language(words: pa.Table) -> str:
    return str(words["language"][0]) if words.num_rows else ""
