"""Materializes `highlight_windows` from words and spans in memory, with a model server on loopback."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa

from clipper_assets.adverts.spans import AD_SPANS_TABLE, RULES, AdSpan, SpanKind, spans_table
from clipper_assets.episodes.partitions import episodes
from clipper_assets.episodes.source import SOURCE, RawVideo
from clipper_assets.highlights.assets import highlight_windows
from clipper_assets.highlights.pickers.auto import Pickers
from clipper_assets.highlights.pickers.heuristic import HeuristicPicker
from clipper_assets.highlights.pickers.openai import OpenAIPicker
from clipper_assets.llm.language_model import LanguageModel
from clipper_assets.media.loudness import LoudnessTrack
from clipper_assets.runtime.progress import Progress
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import Lake
from clipper_assets.transcript.words import WORDS, sentences
from clipper_assets_tests.highlights.conftest import ModelServer
from clipper_assets_tests.highlights.talks import EPISODE, steady, words_of

DURATION_S = 340.0
LOUDNESS_KEY = "lake/loudness.parquet"
FACTS: dict[pa.DataType, Any] = {
    pa.string(): "x", pa.float64(): 1.0, pa.bool_(): False, pa.int32(): 1, pa.int64(): 1
}  # fmt: skip


def upstream(words: pa.Table) -> list[dg.AssetsDefinition]:
    values: dict[str, Any] = {
        column.name: FACTS.get(column.type, () if pa.types.is_list(column.type) else None) for column in SOURCE.columns
    }
    source = RawVideo(**{**values, "episode": EPISODE, "duration_s": DURATION_S, "loudness_key": LOUDNESS_KEY})

    @dg.asset(partitions_def=episodes, io_manager_key="lake", metadata=SOURCE.definition_metadata)
    def raw_video() -> pa.Table:
        return source.to_table()

    @dg.asset(partitions_def=episodes, io_manager_key="lake", metadata=WORDS.definition_metadata)
    def aligned_transcript() -> pa.Table:
        return words

    return [raw_video, aligned_transcript]


def with_spans(adverts: Sequence[AdSpan]) -> dg.AssetsDefinition:
    @dg.asset(partitions_def=episodes, io_manager_key="lake", metadata=AD_SPANS_TABLE.definition_metadata)
    def ad_spans() -> pa.Table:
        return spans_table(EPISODE, adverts, RULES)

    return ad_spans


def materialized(
    folder: Path,
    server: ModelServer,
    words: pa.Table,
    config: dict[str, Any] | None = None,
    adverts: Sequence[AdSpan] = (),
) -> dg.ExecuteInProcessResult:
    storage = DirectoryStorage(root=str(folder))
    ends = np.arange(0.4, DURATION_S, 0.1)
    storage.put_bytes(LOUDNESS_KEY, LoudnessTrack(ends, np.full(ends.size, -20, np.float32)).to_bytes())
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("episodes", [EPISODE])
        return dg.materialize(
            [*upstream(words), with_spans(adverts), highlight_windows],
            instance=instance,
            partition_key=EPISODE,
            run_config={"ops": {"highlight_windows": {"config": config or {}}}},
            resources={
                "storage": storage,
                "settings": Settings(),
                "lake": Lake(storage=storage),
                "pickers": Pickers(
                    openai=OpenAIPicker(language_model=LanguageModel(base_url=server.url, timeout_s=5, max_retries=0)),
                    heuristic=HeuristicPicker(),
                ),
                "progress": Progress(),
            },
            raise_on_error=False,
        )


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (event,) = result.asset_materializations_for_node("highlight_windows")
    return {name: value.value for name, value in event.metadata.items()}


def check_results(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {evaluation.check_name: evaluation.passed for evaluation in result.get_asset_check_evaluations()}


TALK = words_of(steady([f"This is sentence number {n} of the talk." for n in range(60)]))
TALK_SENTENCES = [(sentence.start, sentence.end) for sentence in sentences(TALK)]


def advert(start: float, end: float) -> AdSpan:
    return AdSpan(start=start, end=end, kind=SpanKind.advert, evidence=["a cue"], confidence=0.9)
