"""An episode with everything that the library reads of it, stored without running a step."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from clipper_assets.adverts.spans import AD_SPANS_TABLE, RULES, AdSpan, SpanKind, spans_table
from clipper_assets.clips.manifest import CLIPS, Captions, Clip, Manifest, Source, clips_table
from clipper_assets.edits.model import Edits
from clipper_assets.episodes.partitions import partition_key
from clipper_assets.episodes.source import SOURCE
from clipper_assets.highlights.window import WINDOWS
from clipper_assets.media.frame import Aspect
from clipper_assets.storage.base import Storage
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.lake import parquet_bytes, table_key
from clipper_assets.storage.tables import TableSpec
from clipper_assets.transcript.words import WORDS
from clipper_assets_tests.clips.gates.test_verdicts import GOOD
from clipper_assets_tests.search.talk import BEES, Said, words_of
from clipper_assets_tests.support.windows import window_of

KEY = "bees/talk 2026-11-03.mp4"
PLACEHOLDERS: Any = {pa.string(): "x", pa.bool_(): False, pa.float64(): 1.0, pa.int32(): 1, pa.int64(): 1}


def store_episode(storage: Storage, key: str = KEY, said: Sequence[Said] = BEES, **source: Any) -> str:
    """Store an episode with two clips in 9:16; `source` changes the facts about the upload. Returns its partition key.

    The sentence before the last is in an advert.
    """
    episode, lines = partition_key(key), len(said)
    storage.put_bytes(key, b"recording")
    row = {column.name: None if column.nullable else PLACEHOLDERS.get(column.type, []) for column in SOURCE.columns}
    facts = {**row, "episode": episode, "key": key, "duration_s": 100.0, "title": "On bees", **source}
    _store(storage, "raw_video", SOURCE, SOURCE.table([facts]))
    words = words_of(episode, said)
    _store(storage, "aligned_transcript", WORDS, words)
    starts = [words["start"][words["sentence"].to_pylist().index(number)].as_py() for number in range(lines)]
    advert = AdSpan(start=starts[-2], end=starts[-1], kind=SpanKind.advert, evidence=["promo_code"], confidence=1.0)
    _store(storage, "ad_spans", AD_SPANS_TABLE, spans_table(episode, [advert], RULES))
    windows = [
        window_of(
            episode=episode, clip=clip, start=20.0 * clip, end=20.0 * clip + 15, picker="openai:gpt-5",
            prompt="default", prompt_version="a1",
        )
        for clip in range(2)
    ]  # fmt: skip
    _store(storage, "highlight_windows", WINDOWS, WINDOWS.table([asdict(window) for window in windows]))
    store_clips(storage, key)
    return episode


def store_clips(storage: Storage, key: str, aspect: Aspect = Aspect.portrait, below: str = "", **changes: Any) -> None:
    """Store the manifest, the records and the table of two clips, in a folder `below` that of the episode's clips."""
    episode = partition_key(key)
    folder = f"{key.rpartition('/')[0]}/clips{below}"
    look = below.partition("looks/")[2] or None
    clips = [clip_of(number, folder, aspect=aspect, look=look, **changes) for number in range(2)]
    manifest = Manifest.model_validate(
        {"episode": episode, "status": "done", "source": Source(key=key, etag="e", duration=100.0), "created_at": 0}
        | {"degraded": [{"step": "raw_video", "reason": "the recording broke off"}]}
        | {"run_id": "r", "clips": clips, "look": look}
    )
    storage.put_bytes(f"{folder}/manifest.json", manifest.to_bytes())
    for clip in clips:
        record = f"lake/clip_records/{hive_folder(episode)}{below}/clip_{clip.clip_index}.json"
        storage.put_bytes(record, clip.model_dump_json().encode())
    _store(storage, "clip_variants" if "looks" in below else "rendered_clips", CLIPS, clips_table(episode, clips))


def store_edits(storage: Storage, episode: str, edits: Edits) -> None:
    key = f"lake/edits/{hive_folder(episode)}/{edits.version:06d}.json"
    storage.put_bytes(key, edits.model_dump_json().encode())


def clip_of(number: int, folder: str, **changes: Any) -> Clip:
    stem = f"{folder}/clip_{number}"
    fields: dict[str, Any] = {
        "clip_index": number, "start_time": 20.0 * number, "end_time": 20.0 * number + 15, "duration": 14.9,
        "hook": "h", "title": "t", "reason": "r", "hashtags": [], "virality_score": 5, "key": f"{stem}.mp4",
        "url": "file:///clip.mp4", "width": 1080, "height": 1920, "fps": 25, "bytes": 1000,
        "sha256": f"sha of {stem}", "loudness_lufs": -14, "true_peak_dbtp": -1.5,
        "captions": Captions(srt=f"{stem}.srt", vtt=f"{stem}.vtt"), "thumbnail": f"{stem}.jpg",
        "aspect": Aspect.portrait, "layout": "fit", "caption_style": "pop", "encoder": "libx264", "spec": "s",
        "figures": GOOD, "degraded": [{"step": "highlight_windows", "reason": "no model"}],
    }  # fmt: skip
    return Clip(**{**fields, **changes})


def _store(storage: Storage, asset: str, spec: TableSpec, table: pa.Table) -> None:
    episode = table["episode"][0].as_py()
    storage.put_bytes(table_key(asset, spec.name, episode), parquet_bytes(table.drop_columns(["episode"])))
