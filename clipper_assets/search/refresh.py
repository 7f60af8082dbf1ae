"""Keeps the index of a server up to date in the background while people search."""

import logging
import time
from math import inf
from threading import Condition, Thread

from clipper_assets.runtime.errors import StorageError
from clipper_assets.runtime.faults import fault_of
from clipper_assets.search.library import Library
from clipper_assets.storage.unreachable import UNREACHABLE

log = logging.getLogger(__name__)

INTERVAL_S = 3.0
"""Time between two looks into the lake; one costs a listing of the words tables and of the edits."""
FRESH_S = 10.0
"""A search waits for a look into the lake if the last one is older than this."""
WAIT_S = 2.0
"""The longest that a search waits for it."""
AWAKE_S = 600.0
"""How long the lake is watched after the last search."""


class Refresher:
    """A thread that synchronizes a library, from the first search on and while searches follow."""

    def __init__(self, library: Library):
        self.library = library
        self.problem: str | None = None
        """Why the last look into the lake failed, in one sentence."""
        self._changed = Condition()
        self._thread: Thread | None = None
        self._wanted_at = self._done_at = -inf

    def refresh(self) -> None:
        """Have the index brought up to date; waits for that, but at most `WAIT_S`, if it is not fresh."""
        with self._changed:
            self._wanted_at = time.monotonic()
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="search index", daemon=True)
                self._thread.start()
            if self._wanted_at - self._done_at > FRESH_S:
                wanted_at = self._wanted_at
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
            with self._changed:
                self.problem = problem
                self._done_at = time.monotonic()
                self._changed.notify_all()
                is_awake = self._done_at - self._wanted_at < AWAKE_S
                self._changed.wait(INTERVAL_S if is_awake else None)
