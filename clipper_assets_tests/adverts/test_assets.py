"""The asset `ad_spans`, on tables in memory."""

from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa

from clipper_assets.adverts.assets import ad_spans
from clipper_assets.adverts.fingerprints import fingerprint_key, save_fingerprint
from clipper_assets.adverts.model import prompt_version
from clipper_assets.adverts.repeats import Shingles
from clipper_assets.adverts.spans import AD_SPANS_TABLE
from clipper_assets.llm.language_model import LanguageModel
from clipper_assets.media.loudness import LoudnessTrack
from clipper_assets.runtime.progress import Progress
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import Lake
from clipper_assets.transcript.words import WORDS, sentences
from clipper_assets_tests.adverts.episodes import conversation, named, named_spans
from clipper_assets_tests.highlights.materialized import upstream
from clipper_assets_tests.highlights.talks import EPISODE, steady, words_of
from clipper_assets_tests.support.model_server import ModelServer, completion

TALK = conversation(60)
ADVERT = [
    "This episode is brought to you by the Acme mattress.",
    "Go to acme.com slash show and use code SHOW.",
    "You get 20 percent off your first order, terms apply.",
]


LOUDNESS_KEY = "lake/loudness.parquet"


def materialized(
    folder: Path, words: pa.Table, instance: dg.DagsterInstance, server: ModelServer | None = None, **config: Any
) -> dg.ExecuteInProcessResult:
    storage = DirectoryStorage(root=str(folder))
    ends = np.arange(0.4, 340.0, 0.1)
    storage.put_bytes(LOUDNESS_KEY, LoudnessTrack(ends, np.full(ends.size, -20, np.float32)).to_bytes())
    instance.add_dynamic_partitions("episodes", [EPISODE])
    return dg.materialize(
        [*upstream(words), ad_spans],
        instance=instance,
        partition_key=EPISODE,
        run_config={"ops": {"ad_spans": {"config": config}}},
        resources={
            "storage": storage,
            "settings": Settings(),
            "lake": Lake(storage=storage),
            "language_model": LanguageModel(base_url=server.url if server else None, timeout_s=5, max_retries=0),
            "progress": Progress(),
        },
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


def test_the_model_is_asked_with_a_key_and_its_cost_is_in_the_metadata(
    tmp_path: Path, instance: dg.DagsterInstance, model_server: ModelServer
) -> None:
    words = words_of(steady(TALK))
    model_server.replies = [named_spans(named(10, 14))]
    shown = metadata(materialized(tmp_path, words, instance, model_server))
    assert shown["found_by"] == "rules and gpt-4o-mini"
    assert (shown["tokens_in"], shown["tokens_out"]) == (1000, 100)
    assert shown["prompt_version"] == prompt_version()
    assert "language model" in shown["spans"]
    assert metadata(materialized(tmp_path, words, instance, model_server))["up_to_date"] is True
    assert len(model_server.requests) == 1
    rules = metadata(materialized(tmp_path, words, instance, model_server, picker="heuristic"))
    assert (rules["found_by"], len(model_server.requests)) == ("rules", 1)


def test_a_model_that_failed_is_a_warning_and_is_asked_again_by_the_next_run(
    tmp_path: Path, instance: dg.DagsterInstance, model_server: ModelServer
) -> None:
    words = words_of(steady([*TALK[:30], *ADVERT, *TALK[30:]]))
    model_server.replies = [completion("not JSON"), named_spans(named(30, 32))]
    result = materialized(tmp_path, words, instance, model_server)
    assert result.output_for_node("ad_spans").num_rows == 1
    (entry,) = metadata(result)["degraded"]
    assert entry["reason"].startswith("adverts were found by rules only, not by a model: gpt-4o-mini sent an invalid")
    (check,) = result.get_asset_check_evaluations()
    assert not check.passed
    again = metadata(materialized(tmp_path, words, instance, model_server))
    assert (again["found_by"], again["degraded"]) == ("rules and gpt-4o-mini", [])


def test_an_episode_is_compared_with_others_of_its_show_and_later_ones_do_not_change_it(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    words = words_of(steady(TALK))
    shared = Shingles(sentences(words)[20:26]).hashes
    storage = DirectoryStorage(root=str(tmp_path))
    save_fingerprint(storage, "test1/other.mp4", shared)
    storage.put_bytes(fingerprint_key("test1/bad.mp4"), b"damaged")
    shown = metadata(materialized(tmp_path, words, instance))
    assert "repeated in other episodes" in shown["spans"]
    assert (shown["other_episodes"], len(shown["degraded"])) == (1, 1)
    assert storage.exists(fingerprint_key(EPISODE))
    storage.delete(fingerprint_key("test1/other.mp4"))
    assert metadata(materialized(tmp_path, words, instance))["up_to_date"] is True
    assert "other episodes" not in metadata(materialized(tmp_path, words, instance, afresh=True))["spans"]


def test_an_episode_without_words_has_no_spans(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    result = materialized(tmp_path, WORDS.table([], {"language": "en"}), instance)
    assert result.output_for_node("ad_spans").equals(AD_SPANS_TABLE.table([]))
