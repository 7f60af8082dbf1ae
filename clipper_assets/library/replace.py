"""Replaces the rows of episodes in a Delta table of the library, in one commit, while others write as well."""

import logging
import random
import re
import time
from collections.abc import Callable, Collection
from typing import TypeVar

import pyarrow as pa

from clipper_assets.library.delta import opened, opened_or_created, writer_properties
from clipper_assets.storage.base import Storage
from clipper_assets.storage.tables import TableSpec

log = logging.getLogger(__name__)

ATTEMPTS = 12
LONGEST_WAIT_S = 3.0
Value = TypeVar("Value")
_QUOTE = "'"
_MISQUOTED = re.compile(r"[\\']'")


def replace_rows(storage: Storage, spec: TableSpec, episodes: Collection[str], rows: pa.Table) -> None:
    """Replace all rows of `episodes` with `rows`, which are of these episodes. Creates the table if it does not exist.

    Readers see the rows from before or `rows`, and nothing in between. Raises CommitFailedError of deltalake if other
    writers keep changing the same files, and DeltaError or OSError if the table cannot be written.
    """
    from deltalake import write_deltalake

    def commit() -> None:
        table = opened_or_created(storage, spec)
        columns = pa.schema(table.schema().to_arrow())  # type: ignore[arg-type]  # pyarrow takes any Arrow schema
        write_deltalake(
            table,
            _completed(rows, columns),
            mode="overwrite",
            predicate=_of(episodes),
            writer_properties=writer_properties(),
        )

    retried(commit)


def remove_rows(storage: Storage, spec: TableSpec, episodes: Collection[str]) -> None:
    """Remove all rows of `episodes`. Raises the errors of `replace_rows`."""

    def commit() -> None:
        if table := opened(storage, spec):
            table.delete(_of(episodes), writer_properties=writer_properties())

    retried(commit)


def retried(commit: Callable[[], Value]) -> Value:
    """Call `commit` again while another writer changed what it read, at most `ATTEMPTS` times.

    Commits that touch other files do not conflict; deltalake itself repeats those.
    """
    from deltalake.exceptions import CommitFailedError

    for attempt in range(1, ATTEMPTS):
        try:
            return commit()
        except CommitFailedError as error:
            reason = str(error).partition("\n")[0]
            log.info("The commit to the library is repeated, because another writer was faster: %s", reason)
            time.sleep(random.uniform(0, min(LONGEST_WAIT_S, 0.05 * 2**attempt)))  # noqa: S311  # not for security
    return commit()


def _of(episodes: Collection[str]) -> str:
    """The predicate of the rows of these episodes.

    deltalake 1.6 looks for conflicts with a predicate that it has written as SQL and read again, which does not quote
    `''` and `\\'`. A key with these is compared without its quotes: slower, because no file can be skipped, but right,
    because partition keys have no `"`.
    """
    plain = [episode for episode in episodes if not _MISQUOTED.search(episode)]
    predicates = [f"episode IN ({', '.join(map(_quoted, plain))})"] if plain else []
    for episode in set(episodes).difference(plain):
        unquoted = episode.replace(_QUOTE, '"')
        predicates.append(f"replace(episode, chr(39), '\"') = {_quoted(unquoted)}")
    return " OR ".join(predicates)


def _quoted(text: str) -> str:
    return _QUOTE + text.replace(_QUOTE, _QUOTE * 2) + _QUOTE


def _completed(rows: pa.Table, columns: pa.Schema) -> pa.Table:
    """`rows` with the columns of the stored table, which may come from a newer version of this package."""
    arrays = [
        rows[field.name] if field.name in rows.column_names else pa.nulls(rows.num_rows, field.type)
        for field in columns
    ]
    return pa.table(arrays, schema=columns)
