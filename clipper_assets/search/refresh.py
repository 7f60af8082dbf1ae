"""Keeps the index of a server up to date in the background while people search."""

import logging
import time
from math import inf
from threading import Condition, Thread

from clipper_assets.runtime.errors import StorageError
from clipper_assets.runtime.faults import fault_of
from clipper_assets.search.index import BrokenIndexError
from clipper_assets.search.library import Found, Library
from clipper_assets.search.query import Filters
from clipper_assets.storage.unreachable import UNREACHABLE

log = logging.getLogger(__name__)

INTERVAL_S = 3.0
"""Time between two listings of the words tables and of the edits."""
FRESH_S = 10.0
"""A search waits for a new listing if the last one is older than this."""
WAIT_S = 2.0
"""The longest that a search waits for it."""
AWAKE_S = 60.0
"""How long the lake is watched after the last search."""


class Refresher:
    """Searches a library whose index a thread keeps up to date, while searches follow one another."""

    def __init__(self, library: Library):
        self.library = library
        self.problem: str | None = None
        """Why the index could not be brought up to date the last time, in one sentence."""
        self._changed = Condition()
        self._thread: Thread | None = None
        self._wanted_at = self._done_at = -inf

    def search(self, text: str, filters: Filters, limit: int, offset: int) -> Found:
        """Like `Library.search`, on an index that is at most `FRESH_S` old if bringing it up to date takes less than
        `WAIT_S`.
        """
        self._refresh()
        try:
            return self.library.search(text, filters, limit, offset)
        except BrokenIndexError:
            with self._changed:
                self._done_at = -inf
            self._refresh()
            return self.library.search(text, filters, limit, offset)

    def start(self) -> None:
        """Begin to bring the index up to date, so that the first search finds it."""
        with self._changed:
            self._watch()

    def _watch(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = Thread(target=self._run, name="search index", daemon=True)
            self._thread.start()

    def _refresh(self) -> None:
        with self._changed:
            wanted_at = self._wanted_at = time.monotonic()
            self._watch()
            if wanted_at - self._done_at > FRESH_S:
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._done_at >= wanted_at, WAIT_S)

    def _run(self) -> None:
        while True:
            try:
                self.library.synchronize()
                problem = None
            except (*UNREACHABLE, StorageError) as error:
                fault = fault_of(error)
                problem = f"the search index is not up to date: {fault.sentence if fault else error}"
                log.warning(problem)
            except Exception:
                # The thread goes on, and people read why they find nothing new.
                log.exception("the search index cannot be brought up to date")
                problem = "the search index cannot be brought up to date; tell the operator, whose log says why"
            with self._changed:
                self.problem = problem
                self._done_at = time.monotonic()
                self._changed.notify_all()
                if self._done_at - self._wanted_at > AWAKE_S:
                    self._thread = None
                    return
                self._changed.wait(INTERVAL_S)
