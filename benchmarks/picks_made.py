"""Picks the windows of transcripts with the assets of the product: `ad_spans` and `highlight_windows`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.picks_judge import Span, Talked, Window
from clipper_assets.adverts.spans import AD_SPANS_TABLE, read_spans
from clipper_assets.catalogue.inputs import INPUTS
from clipper_assets.episodes.partitions import partition_key
from clipper_assets.episodes.source import SOURCE, RawVideo
from clipper_assets.highlights.window import WINDOWS, read_windows
from clipper_assets.job import assets, build_resources
from clipper_assets.media.loudness import STEP_S, LoudnessTrack
from clipper_assets.runtime.asset_names import AD_SPANS, ALIGNED_TRANSCRIPT, HIGHLIGHT_WINDOWS, RAW_VIDEO
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import parquet_bytes, stored_table, table_key
from clipper_assets.transcript.sentences import split_sentences
from clipper_assets.transcript.timing import fit
from clipper_assets.transcript.words import WORDS, Word, words_table

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "sample" / "truth.json"
ADS = HERE.parent.parent / "shared" / "data" / "ads"
LUFS = -20.0
"""Loudness of every moment: the transcripts come without sound."""


@dataclass(frozen=True)
class Made:
    """What the product made of an episode: spans that are no part of the conversation, and windows, best first."""

    spans: Sequence[Span]
    windows: Sequence[Window]


def read_ads(folder: Path) -> list[Talked]:
    """The episodes with marked adverts, and a reviewer's picks from `picks.json` (spans by episode) if there is one."""
    truth = json.loads((folder / "truth.json").read_text())
    picks_file = folder / "picks.json"
    picks = json.loads(picks_file.read_text()) if picks_file.exists() else {}
    return [_read_words(folder / f"{name}.words.parquet", name, facts, picks) for name, facts in truth.items()]


def read_sample() -> Talked:
    """The sample episode, whose speakers are known; nobody marked its adverts."""
    truth = json.loads(SAMPLE.read_text())
    words = [(word, sentence["speaker"]) for sentence in truth["sentences"] for word in sentence["words"]]
    return Talked(
        name="sample",
        duration_s=truth["duration"],
        texts=[word["word"] for word, _ in words],
        starts=np.array([word["start"] for word, _ in words]),
        ends=np.array([word["end"] for word, _ in words]),
        speakers=[speaker for _, speaker in words],
    )


def make(episodes: Sequence[Talked]) -> list[Made]:
    """Find adverts and pick windows by the heuristic, each episode as the only one of its show."""
    with TemporaryDirectory(prefix="clipper-") as folder, dg.DagsterInstance.ephemeral() as instance:
        storage = DirectoryStorage(root=folder)
        return [_made(talked, storage, instance) for talked in episodes]


def _made(talked: Talked, storage: DirectoryStorage, instance: dg.DagsterInstance) -> Made:
    episode = partition_key(f"{talked.name}/talk.mp4")
    instance.add_dynamic_partitions("episodes", [episode])
    _store(talked, episode, storage)
    dg.materialize(
        [*INPUTS, *assets],
        selection=[AD_SPANS, HIGHLIGHT_WINDOWS],
        partition_key=episode,
        instance=instance,
        resources=build_resources(Settings(), storage),
        run_config={
            "ops": {HIGHLIGHT_WINDOWS: {"config": {"picker": "heuristic"}}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        },
    )
    spans = read_spans(stored_table(storage, AD_SPANS, AD_SPANS_TABLE, episode))
    windows = read_windows(stored_table(storage, HIGHLIGHT_WINDOWS, WINDOWS, episode))
    return Made(
        [(span.start, span.end) for span in spans],
        [Window(window.start, window.end, window.title) for window in windows],
    )


def _store(talked: Talked, episode: str, storage: DirectoryStorage) -> None:
    """Store what the two assets read: the source's row, the words with their sentences, and even loudness."""
    speakers = talked.speakers or [None] * len(talked.texts)
    said = zip(talked.texts, talked.starts, talked.ends, speakers, strict=True)
    words = fit([Word(text, start, end, 0, speaker=speaker) for text, start, end, speaker in said], talked.duration_s)
    table = words_table(episode, words, split_sentences(words, "en"), "en", {"language": "en"})
    facts: dict[str, Any] = {
        "episode": episode,
        "key": f"{talked.name}/talk.mp4",
        "duration_s": talked.duration_s,
        "loudness_key": f"{talked.name}/loudness.parquet",
    }
    source = RawVideo(**{**{column.name: _nothing(column.type) for column in SOURCE.columns}, **facts})
    ends = np.arange(STEP_S, talked.duration_s, STEP_S)
    track = LoudnessTrack(ends, np.full(ends.size, LUFS, np.float32))
    storage.put_bytes(facts["loudness_key"], track.to_bytes())
    for asset, name, rows in (
        (RAW_VIDEO, SOURCE.name, source.to_table()),
        (ALIGNED_TRANSCRIPT, WORDS.name, table),
    ):
        storage.put_bytes(table_key(asset, name, episode), parquet_bytes(rows.drop_columns(["episode"])))


def _nothing(kind: pa.DataType) -> Any:
    """A value of the type that says nothing."""
    values: dict[pa.DataType, Any] = {
        pa.string(): "", pa.float64(): 0.0, pa.bool_(): False, pa.int32(): 0, pa.int64(): 0
    }  # fmt: skip
    return values.get(kind, () if pa.types.is_list(kind) else None)


def _read_words(file: Path, name: str, facts: Mapping[str, Any], picks: Mapping[str, Sequence[Span]]) -> Talked:
    table = pq.read_table(file)
    return Talked(
        name=name,
        duration_s=facts["duration_s"],
        texts=[str(text) for text in table["text"].to_pylist()],
        starts=table["start"].to_numpy(),
        ends=table["end"].to_numpy(),
        adverts=[(start, end) for start, end in facts["ads_s"]],
        reviewed=[(start, end) for start, end in picks.get(name, ())],
    )
