"""Brings the whole library up to date: episodes that changed without a run of it, and those that are gone."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import pyarrow as pa

from clipper_assets.library.delta import dataset
from clipper_assets.library.rows import episode_rows
from clipper_assets.library.sources import Sources, read_sources, version_of, versions
from clipper_assets.library.tables import EPISODES, TABLES, WORDS
from clipper_assets.library.update import remove, update_episode, write
from clipper_assets.storage.base import Storage

BATCH = 20
"""Episodes that are written in one commit for each table; the rows of 20 hours take about 100 MB of memory."""
LONGEST_S = 900.0
"""After this time a refresh leaves the rest to the next one; 2,000 episodes that are all new take about as long."""
Rows = Mapping[str, int]
"""The number of rows of an episode, by table."""


@dataclass
class Refreshed:
    """What a refresh did.

    Attributes:
        updated: The rows of each episode that was brought up to date.
        removed: The episodes whose rows were removed, because they have no clips any more.
        unreadable: Why episodes are left as they are, in one sentence each.
        left: How many episodes are left to the next refresh.
    """

    updated: dict[str, Rows] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    left: int = 0


def refresh(
    storage: Storage,
    busy: Collection[str],
    collect: Callable[[str], None],
    done: Callable[[Mapping[str, Rows]], None],
    failed: Callable[[str, Exception], str],
    longest_s: float = LONGEST_S,
) -> Refreshed:
    """Update the rows of all episodes whose version differs, and remove those of episodes that are gone.

    Episodes in `busy` are left to their run. `collect` stores the costs of an episode before it is read; `done` gets
    the episodes of each batch. An error of one episode does not hold up the others: `failed` records it and returns it
    as a sentence. Raises the errors of `replace_rows`, and those of the storage if it cannot be listed.
    """
    began = time.monotonic()
    current, known = versions(storage), _known(storage)
    refreshed = Refreshed(removed=sorted(known.keys() - current.keys() - set(busy)))
    if refreshed.removed:
        remove(storage, refreshed.removed)
    changed = [name for name, version in current.items() if known.get(name) != version and name not in busy]
    rest, left = iter(changed), len(changed)
    while (batch := list(islice(rest, BATCH))) and time.monotonic() - began < longest_s:
        updated, errors = _update(storage, batch, collect)
        refreshed.unreadable |= {episode: failed(episode, error) for episode, error in errors.items()}
        refreshed.updated |= updated
        done(updated)
        left -= len(batch)
    refreshed.left = left
    return refreshed


def _known(storage: Storage) -> dict[str, str]:
    """The versions of the episodes that the library has; empty for one of which a killed writer left only a part.

    `words` is the largest table, and has no episode that `sentences`, which is written first, does not have.
    """
    known: dict[str, str] = {}
    for spec in TABLES:
        if spec is not WORDS:
            for batch in dataset(storage, spec).to_batches(columns=["episode"]):
                known |= dict.fromkeys(map(str, batch["episode"].unique().to_pylist()), "")
    rows = dataset(storage, EPISODES).to_table(columns=["episode", "version"]).to_pylist()
    return known | {row["episode"]: row["version"] for row in rows}


def _update(
    storage: Storage, batch: Sequence[str], collect: Callable[[str], None]
) -> tuple[dict[str, Rows], dict[str, Exception]]:
    """Update a batch of episodes, and those that changed meanwhile once more; returns their rows, and the errors."""
    read: dict[str, tuple[Sources, Mapping[str, pa.Table]]] = {}
    errors: dict[str, Exception] = {}
    for episode in batch:
        try:
            collect(episode)
            sources = read_sources(storage, episode)
            read[episode] = sources, episode_rows(sources)
        except Exception as error:  # noqa: BLE001  # it is returned
            errors[episode] = error
    if read:
        write(list(read), [tables for _, tables in read.values()], storage)
    updated = {episode: _counts(tables) for episode, (_, tables) in read.items()}
    for episode, (sources, _) in read.items():
        try:
            if version_of(storage, episode) != sources.version:
                updated[episode] = update_episode(storage, episode)
        except Exception as error:  # noqa: BLE001  # it is returned
            errors[episode] = error
            del updated[episode]
    return updated, errors


def _counts(tables: Mapping[str, pa.Table]) -> Rows:
    return {name: table.num_rows for name, table in tables.items()}
