"""A highlight window, and the table of an episode's windows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from clipper_assets.runtime.degraded import DEGRADED
from clipper_assets.storage.tables import Column, TableSpec

Features = Sequence[Mapping[str, str | float]]
"""The heuristic's features of a window, each with its `name` and `value`."""
FEATURES = pa.list_(pa.struct([pa.field("name", pa.string()), pa.field("value", pa.float32())]))
WINDOWS = TableSpec(
    "windows",
    [
        Column("episode", pa.string(), "partition key of the episode"),
        Column("clip", pa.int32(), "clip, from 0; best score first"),
        Column("start", pa.float64(), "seconds from the start of the episode; sentence boundary, widened into silence"),
        Column("end", pa.float64(), "seconds from the start of the episode; sentence boundary, widened into silence"),
        Column("first_sentence", pa.int32(), "first sentence of the window"),
        Column("last_sentence", pa.int32(), "last sentence of the window, included"),
        Column("virality_score", pa.float32(), "1..10"),
        Column("hook", pa.string(), "the line that makes a viewer stay"),
        Column("title", pa.string(), "title of the clip"),
        Column("reason", pa.string(), "why this stretch was picked"),
        Column("hashtags", pa.list_(pa.string()), "hashtags, with their #"),
        Column("picker", pa.string(), "`openai:<model>`, `heuristic` or `editor`"),
        Column("prompt_version", pa.string(), "hash of the prompts; null without a model", nullable=True),
        Column("prompt", pa.string(), "name of the prompt; null without a model", nullable=True),
        Column("features", FEATURES, "the heuristic's features of the window; null if unknown", nullable=True),
        Column("degraded", DEGRADED, "fallbacks that touched this window"),
    ],
)


@dataclass(frozen=True, kw_only=True)
class Window:
    """A row of the windows table; `WINDOWS` describes its columns.

    What has a default may be missing in a table that an earlier version wrote.
    """

    episode: str
    clip: int
    start: float
    end: float
    first_sentence: int
    last_sentence: int
    virality_score: float
    hook: str
    title: str
    reason: str
    hashtags: Sequence[str] = ()
    picker: str
    prompt_version: str | None = None
    prompt: str | None = None
    features: Features | None = None
    degraded: Sequence[Mapping[str, str]] = ()


def read_windows(table: pa.Table) -> list[Window]:
    """The windows of a windows table, in its order."""
    columns = [column.name for column in WINDOWS.columns if column.name in table.column_names]
    return [Window(**row) for row in table.select(columns).to_pylist()]
