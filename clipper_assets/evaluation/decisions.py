"""What people decided about picked clips: one row per clip of every episode that somebody edited on the review page.

The rows are read from the versions of the edits. An episode is read again only when it has a newer version.
"""

import io
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from clipper_assets.edits.model import EDITOR, EditedClip, Edits
from clipper_assets.edits.store import edits_at
from clipper_assets.episodes.partitions import object_key
from clipper_assets.highlights.prompt import STANDARD
from clipper_assets.highlights.window import FEATURES
from clipper_assets.storage.base import Storage
from clipper_assets.storage.lake import LAKE, parquet_bytes
from clipper_assets.storage.tables import Column, TableSpec, provenance

TIME = pa.timestamp("us", tz="UTC")
DECISIONS = TableSpec(
    "decisions",
    [
        Column("episode", pa.string(), "partition key of the episode"),
        Column("show", pa.string(), "folder of the show; empty for the storage root"),
        Column("clip", pa.int32(), "clip, from 0; the picker's best first"),
        Column("picker", pa.string(), "`openai:<model>` or `heuristic`"),
        Column("prompt", pa.string(), "name of the prompt; null without a model", nullable=True),
        Column("prompt_version", pa.string(), "hash of the prompt; null without a model", nullable=True),
        Column("decision", pa.string(), "`approved` or `rejected`; null if nobody decided", nullable=True),
        Column("start_shift_s", pa.float64(), "how far people moved the start, in seconds; positive is later"),
        Column("end_shift_s", pa.float64(), "how far people moved the end, in seconds; positive is later"),
        Column("retitled", pa.bool_(), "whether people changed title or hook"),
        Column("hook", pa.string(), "the hook, as it is now"),
        Column("title", pa.string(), "the title, as it is now"),
        Column("reason", pa.string(), "the picker's reason"),
        Column("features", FEATURES, "the heuristic's features of the picked window; null if unknown", nullable=True),
        Column("first_edited_at", TIME, "when somebody first edited these clips"),
        Column("last_edited_at", TIME, "when somebody last edited these clips"),
    ],
)
KEY = f"{LAKE}/picker_evaluation/{DECISIONS.name}.parquet"
READER, VERSIONS = "reader", "versions"
"""Key-value metadata of the file: the version of this module, and the version of the edits of every episode (JSON)."""
READER_VERSION = "1"
LONGEST_S = 600.0
_EDITS_KEY = re.compile(rf"{LAKE}/edits/episode=(?P<episode>[^/]+)/(?P<version>[0-9]{{6}})\.json")


@dataclass(frozen=True)
class Decisions:
    """The rows of `DECISIONS`, the version of the edits that each episode was read at, and why episodes are left out.

    `unreadable` has one sentence for each episode whose edits cannot be read, and one for those that were left.
    """

    table: pa.Table
    versions: Mapping[str, int]
    unreadable: Sequence[str]

    def store(self, storage: Storage) -> None:
        noted = {**provenance(self.table), READER: READER_VERSION, VERSIONS: json.dumps(dict(self.versions))}
        storage.put_bytes(KEY, parquet_bytes(self.table.replace_schema_metadata(noted)))


def read_decisions(storage: Storage, longest_s: float = LONGEST_S) -> Decisions:
    """The decisions about all episodes; those whose edits did not change are taken from the stored table.

    Episodes that cannot be read within `longest_s` seconds are left for the next time.
    """
    import pyarrow.compute as pc

    began = time.monotonic()
    newest: dict[str, int] = {}
    for stored in storage.list_objects(f"{LAKE}/edits"):
        if match := _EDITS_KEY.fullmatch(stored.key):
            episode = unquote(match["episode"])
            newest[episode] = max(newest.get(episode, 0), int(match["version"]))
    known, table = _stored(storage)
    versions = {episode: version for episode, version in newest.items() if known.get(episode) == version}
    kept = table.filter(pc.is_in(table["episode"], pa.array(list(versions), pa.string())))
    rows: list[dict[str, Any]] = []
    unreadable: list[str] = []
    changed = sorted(newest.keys() - versions.keys())
    for place, episode in enumerate(changed):
        if time.monotonic() - began > longest_s:
            unreadable.append(f"{len(changed) - place} episodes are left for the next run, which continues there")
            break
        try:
            rows += episode_rows(episode, _history(storage, episode, newest[episode]))
        except ValueError as damaged:
            unreadable.append(str(damaged))
        else:
            versions[episode] = newest[episode]
    return Decisions(pa.concat_tables([kept, DECISIONS.table(rows)]), versions, unreadable)


def stored_decisions(storage: Storage) -> pa.Table:
    """The table that `picker_evaluation` stored last; without rows if there is none that can be read."""
    return _stored(storage)[1]


def episode_rows(episode: str, history: Sequence[Edits]) -> Iterator[dict[str, Any]]:
    """The rows of one episode; `history` has the versions of its edits that were not undone, oldest first.

    Discarding all edits ends a round, and the clips that were picked afterwards are another one. Of clips that were
    picked again unchanged, the latest round counts. A clip whose picker is not known, because a person made it or an
    earlier version of this software changed it, has no row.
    """
    latest: dict[tuple[Any, ...], dict[str, Any]] = {}
    for versions in _rounds(history):
        for clip in versions[-1].clips:
            picked = _picked(clip, versions)
            if picked is None:
                continue
            row = _row(episode, clip, picked, versions)
            latest[(row["picker"], row["prompt_version"], picked["start"], picked["end"])] = row
    yield from latest.values()


def _stored(storage: Storage) -> tuple[dict[str, int], pa.Table]:
    """What an earlier materialization stored; nothing if another version of this module did, or if it is damaged."""
    nothing = DECISIONS.table([])
    if not storage.exists(KEY):
        return {}, nothing
    try:
        table = pq.read_table(io.BytesIO(storage.read_bytes(KEY)))
        noted = provenance(table)
        if noted.get(READER) != READER_VERSION:
            return {}, nothing
        return json.loads(noted[VERSIONS]), DECISIONS.checked(table).replace_schema_metadata(nothing.schema.metadata)
    except (pa.ArrowException, OSError, KeyError, ValueError):
        return {}, nothing


def _history(storage: Storage, episode: str, version: int) -> list[Edits]:
    """The versions that led to this one, without those that were undone; oldest first. Raises DamagedError."""
    history = [edits_at(storage, episode, version)]
    while 0 < history[-1].base < history[-1].version:
        history.append(edits_at(storage, episode, history[-1].base))
    return history[::-1]


def _rounds(history: Sequence[Edits]) -> Iterator[list[Edits]]:
    """Versions with clips that follow each other without one that has none between them."""
    versions: list[Edits] = []
    for edits in history:
        if edits.clips:
            versions.append(edits)
        elif versions:
            yield versions
            versions = []
    if versions:
        yield versions


def _picked(clip: EditedClip, versions: Sequence[Edits]) -> Mapping[str, Any] | None:
    """The clip's window as the picker had it; None if it is not known."""
    earlier = [each.clip(clip.number) for each in versions]
    windows = [clip.picked, *(each.window for each in earlier if each), clip.window]
    return next((window for window in windows if window and window.get("picker") not in (None, EDITOR)), None)


def _row(episode: str, clip: EditedClip, picked: Mapping[str, Any], versions: Sequence[Edits]) -> dict[str, Any]:
    window, version = clip.window, picked.get("prompt_version")
    # Windows of earlier versions do not name their prompt; there was only one.
    prompt = picked.get("prompt") or (STANDARD if version else None)
    return {
        "episode": episode,
        "show": object_key(episode).rpartition("/")[0],
        "clip": clip.number,
        "picker": picked["picker"],
        "prompt": prompt,
        "prompt_version": version,
        "decision": clip.judged.decision.value if clip.judged else None,
        "start_shift_s": float(window["start"] - picked["start"]),
        "end_shift_s": float(window["end"] - picked["end"]),
        "retitled": any(window.get(name) != picked.get(name) for name in ("hook", "title")),
        **{name: str(window.get(name) or "") for name in ("hook", "title", "reason")},
        "features": picked.get("features"),
        "first_edited_at": versions[0].created_at,
        "last_edited_at": versions[-1].created_at,
    }
