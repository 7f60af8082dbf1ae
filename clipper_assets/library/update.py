"""Brings the rows of episodes in the Delta tables up to date."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pyarrow as pa

from clipper_assets.library.delta import dataset
from clipper_assets.library.replace import remove_rows, replace_rows
from clipper_assets.library.rows import episode_rows
from clipper_assets.library.sources import read_sources, version_of
from clipper_assets.library.tables import EPISODES, SENTENCES, TABLES
from clipper_assets.storage.base import Storage

ROUNDS = 3
"""How often an episode is read because it changed meanwhile; after that, the next refresh brings it up to date."""
IN_ORDER = sorted(TABLES, key=lambda spec: (spec is EPISODES, spec is not SENTENCES))
"""The tables as they are written: `sentences`, which every episode with words has, first, so that a refresh finds what
a killed writer has begun without reading `words`; and `episodes`, which has the version, last."""


def update_episode(storage: Storage, episode: str) -> dict[str, int]:
    """Replace the rows of an episode (a partition key) in all tables; returns their number by table.

    Another writer of the same episode may have read it earlier and write later. That one then sees that the episode has
    changed, and writes again. Raises DamagedError if the episode cannot be read, and the errors of `replace_rows`.
    """
    for _ in range(ROUNDS):
        sources = read_sources(storage, episode)
        tables = episode_rows(sources)
        write([episode], [tables], storage)
        if version_of(storage, episode) == sources.version:
            break
    return {name: table.num_rows for name, table in tables.items()}


def write(episodes: Sequence[str], tables: Sequence[Mapping[str, pa.Table]], storage: Storage) -> None:
    """Replace the rows of episodes with `tables`, by name and for each of them; one commit for each table."""
    for spec in IN_ORDER:
        replace_rows(storage, spec, episodes, pa.concat_tables([each[spec.name] for each in tables]))


def remove(storage: Storage, episodes: Sequence[str]) -> None:
    """Remove the rows of episodes; those of `sentences` last, so that a removal that was interrupted is repeated."""
    for spec in reversed(IN_ORDER):
        remove_rows(storage, spec, episodes)


def counted(storage: Storage, episodes: Sequence[str]) -> dict[str, dict[str, int]]:
    """The number of rows that the tables have of each episode, by table."""
    import pyarrow.compute as pc

    found = {episode: dict.fromkeys((spec.name for spec in TABLES), 0) for episode in episodes}
    wanted = pa.array(episodes, pa.string())  # pyarrow cannot compare with a list that has no type, as an empty one
    for spec in TABLES:
        rows = dataset(storage, spec).to_table(columns=["episode"], filter=pc.field("episode").isin(wanted))
        for episode, number in Counter(rows["episode"].to_pylist()).items():
            found[str(episode)][spec.name] = number
    return found
