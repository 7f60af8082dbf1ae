"""Searches all episodes of a storage root with an index on this machine, which is kept up to date with the lake."""

import hashlib
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Lock

import tantivy

from clipper_assets.search.hits import Hit
from clipper_assets.search.index import BrokenIndexError, open_index
from clipper_assets.search.query import Filters, parse
from clipper_assets.search.ranking import Ranking
from clipper_assets.search.state import State, discard, read_state, state_stamp
from clipper_assets.search.synchronize import synchronize
from clipper_assets.storage.base import Storage

log = logging.getLogger(__name__)

MAX_HITS = 50
"""Most hits of one page."""
MAX_LANGUAGES = 8
"""Languages of a library whose rules a query is read by, the most frequent first."""


@dataclass(frozen=True)
class Found:
    """One page of hits, and the state of the index that they come from, None before there is one.

    `more` is True if there are further hits.
    """

    hits: Sequence[Hit]
    more: bool
    state: State | None


def index_folder(storage: Storage, search_dir: Path | None) -> Path:
    """The folder of the index of a storage root: in `search_dir`, or else in the cache (XDG Base Directory)."""
    cache = search_dir or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "clipper_assets" / "search"
    return cache / hashlib.sha256(storage.uri("lake").encode()).hexdigest()[:16]


class Library:
    """The index of a storage root in `folder`. Safe for use by several threads and processes."""

    def __init__(self, storage: Storage, folder: Path):
        self.storage, self.folder = storage, folder
        self._opening = Lock()
        self._opened: tuple[tuple[int, int], State, tantivy.Index] | None = None

    def synchronize(self) -> bool:
        """Bring the index up to date; builds it again if it is damaged. Returns False if another process does it.

        Raises the error of the storage, or OSError if the index cannot be written.
        """
        try:
            return synchronize(self.storage, self.folder)
        except BrokenIndexError as error:
            log.warning("the search index in %s is damaged and is built again: %s", self.folder, error)
            return synchronize(self.storage, self.folder, afresh=True)

    def search(self, text: str, filters: Filters, limit: int = 10, offset: int = 0) -> Found:
        """A page of hits, best first. Nothing is found before the first synchronization.

        Raises QueryError for a query without words or too long, and BrokenIndexError if the index is damaged; the next
        synchronization then builds it again.
        """
        query = parse(text, [])
        opened = self._open()
        if opened is None:
            return Found([], more=False, state=None)
        state, index = opened
        query = parse(text, state.languages[:MAX_LANGUAGES])
        try:
            hits = Ranking(index.searcher(), index.schema, query, filters).hits()
            page = list(islice(hits, offset, offset + limit + 1))
        except BrokenIndexError:
            discard(self.folder, state)
            raise
        return Found(page[:limit], more=len(page) > limit, state=state)

    def _open(self) -> tuple[State, tantivy.Index] | None:
        """The index in use, as it was when its state was last written; None if there is none yet."""
        with self._opening:
            stamp = state_stamp(self.folder)
            if self._opened is None or self._opened[0] != stamp:
                state = read_state(self.folder)
                if stamp is None or state is None:
                    return None
                try:
                    self._opened = (stamp, state, open_index(self.folder, state))
                except BrokenIndexError:
                    discard(self.folder, state)
                    raise
            return self._opened[1:]
