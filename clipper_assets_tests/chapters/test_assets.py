"""The asset `chapters`, on tables in memory."""

from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa

from clipper_assets.chapters.assets import chapters
from clipper_assets.chapters.chapter import CHAPTERS_TABLE
from clipper_assets.llm.language_model import LanguageModel
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import Lake
from clipper_assets_tests.highlights.materialized import upstream, with_spans
from clipper_assets_tests.highlights.talks import EPISODE, steady, words_of
from clipper_assets_tests.highlights.test_topics import talk
from clipper_assets_tests.support.model_server import ModelServer, Reply


def materialized(folder: Path, words: pa.Table, instance: dg.DagsterInstance, url: str | None = None) -> dict[str, Any]:
    storage = DirectoryStorage(root=str(folder))
    instance.add_dynamic_partitions("episodes", [EPISODE])
    result = dg.materialize(
        [*upstream(words), with_spans([]), chapters],
        instance=instance,
        partition_key=EPISODE,
        resources={
            "storage": storage,
            "settings": Settings(),
            "lake": Lake(storage=storage),
            "language_model": LanguageModel(base_url=url, max_retries=0),
        },
    )
    assert result.output_for_node("chapters").schema.equals(CHAPTERS_TABLE.schema)
    (event,) = result.asset_materializations_for_node("chapters")
    return {name: value.value for name, value in event.metadata.items()}


def test_chapters_are_made_once_and_again_while_a_model_may_still_answer(
    tmp_path: Path, instance: dg.DagsterInstance, model_server: ModelServer
) -> None:
    words = words_of(steady(talk("en"), seconds=4.0, gap=0.3))
    model_server.replies = [Reply(status=500, body=b"{}")]
    first = materialized(tmp_path, words, instance, model_server.url)
    assert (first["worded_by"], len(first["degraded"])) == ("spoken", 1)
    again = materialized(tmp_path, words, instance, model_server.url)
    assert "up_to_date" not in again
    assert len(model_server.requests) == 2


def test_without_a_key_nothing_is_degraded_and_the_result_stays(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    words = words_of(steady(talk("en"), seconds=4.0, gap=0.3))
    first = materialized(tmp_path, words, instance)
    assert (first["worded_by"], first["degraded"]) == ("spoken", [])
    assert first["dagster/row_count"] >= 2
    assert first["chapters"].startswith("| time | title |")
    assert materialized(tmp_path, words, instance)["up_to_date"] is True
