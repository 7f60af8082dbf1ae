"""The asset `ad_spans`, on tables in memory."""

from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa

from clipper_assets.adverts.assets import ad_spans
from clipper_assets.adverts.spans import AD_SPANS_TABLE
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import Lake
from clipper_assets.transcript.words import WORDS
from clipper_assets_tests.highlights.talks import EPISODE, steady, words_of
from clipper_assets_tests.highlights.test_assets import upstream

TALK = [f"We talk about subject number {number} at length here." for number in range(60)]
ADVERT = [
    "This episode is brought to you by the Acme mattress.",
    "Go to acme.com slash show and use code SHOW.",
    "You get 20 percent off your first order, terms apply.",
]


def materialized(folder: Path, words: pa.Table, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    storage = DirectoryStorage(root=str(folder))
    instance.add_dynamic_partitions("episodes", [EPISODE])
    return dg.materialize(
        [*upstream(words), ad_spans],
        instance=instance,
        partition_key=EPISODE,
        resources={"storage": storage, "lake": Lake(storage=storage)},
    )


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (event,) = result.asset_materializations_for_node("ad_spans")
    return {name: value.value for name, value in event.metadata.items()}


def test_an_advert_is_stored_with_its_evidence_and_a_preview(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    words = words_of(steady([*TALK[:30], *ADVERT, *TALK[30:]]))
    result = materialized(tmp_path, words, instance)
    table = result.output_for_node("ad_spans")
    assert table.schema.equals(AD_SPANS_TABLE.schema)
    (span,) = table.to_pylist()
    assert (span["episode"], span["kind"]) == (EPISODE, "advert")
    assert span["evidence"]
    assert metadata(result)["spans"].splitlines()[2].count("advert") == 1
    assert metadata(result)["degraded"] == []
    assert metadata(materialized(tmp_path, words, instance))["up_to_date"] is True


def test_an_episode_without_words_has_no_spans(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    result = materialized(tmp_path, WORDS.table([], {"language": "en"}), instance)
    assert result.output_for_node("ad_spans").equals(AD_SPANS_TABLE.table([]))
