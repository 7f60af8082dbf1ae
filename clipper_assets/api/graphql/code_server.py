"""The code server that launches go through: whether it answers, and a new one where it does not."""

import logging
import time
from threading import Event, Lock, Thread

from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin
from dagster._core.remote_representation.code_location import GrpcServerCodeLocation
from dagster._core.workspace.context import WorkspaceProcessContext

from clipper_assets.api.graphql.operations import LOCATION

log = logging.getLogger(__name__)

PING_S = 3
"""A code server that has not said its name after so many seconds does not answer."""
HUNG_S = 10
"""One that is only slow is replaced after so many seconds; a dead one refuses the connection at once."""
EVERY_S = 3.0
"""The watch looks at it every so many seconds."""
PAUSE_S, MOST_PAUSE_S = 2.0, 60.0
"""After a failed load the next waits this long, doubled with each failure up to the second."""
PATIENCE_S = 10.0
"""Others wait so many seconds for a start that is under way."""


class CodeServer:
    """Looks after the code location of a workspace: from `with` on in a thread, and before each mutation."""

    def __init__(self, workspace: WorkspaceProcessContext):
        self._workspace = workspace
        self._starting = Lock()
        self._failures, self._not_before = 0, 0.0
        self._ended = Event()
        self._watch = Thread(target=self._look_after, name="code-server-watch", daemon=True)

    def __enter__(self) -> "CodeServer":
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watch.join()

    def refuse_if_unreachable(self, within_s: int = PING_S) -> None:
        """Raises RuntimeError, or Dagster's own error, where the code location is not loaded or does not answer."""
        location = self._location
        if location is None:
            raise RuntimeError(f"the code location {LOCATION} is not loaded")
        location.client.get_server_id(timeout=within_s)

    def restore(self) -> bool:
        """Starts the code server again, or loads a remote one again, if it does not answer. Whether it then does."""
        if self._answers():
            return True
        if not self._starting.acquire(timeout=PATIENCE_S):
            return False
        try:
            if self._answers():
                return True
            if time.monotonic() >= self._not_before:
                self._start()
            return self._location is not None
        finally:
            self._starting.release()

    def _start(self) -> None:
        old, origin = self._location, self._workspace.get_current_workspace().code_location_entries[LOCATION].origin
        log.warning("the code server does not answer; it is loaded again")
        if isinstance(origin, ManagedGrpcPythonEnvCodeLocationOrigin):
            self._workspace.reload_code_location(LOCATION)
        else:
            self._workspace.refresh_code_location(LOCATION)
        if old is not None:
            old.cleanup()
        if self._location is None:
            pause_s = min(PAUSE_S * 2**self._failures, MOST_PAUSE_S)
            self._failures, self._not_before = self._failures + 1, time.monotonic() + pause_s
            log.error("the code location %s cannot be loaded; the next try is in %g s", LOCATION, pause_s)
        else:
            self._failures = 0
            log.warning("the code server is loaded again")

    def _answers(self) -> bool:
        if self._location is None:
            return False
        try:
            self.refuse_if_unreachable(HUNG_S)
        except DagsterUserCodeUnreachableError as error:
            log.info("the code server: %s", error)
            return False
        return True

    @property
    def _location(self) -> GrpcServerCodeLocation | None:
        entry = self._workspace.get_current_workspace().code_location_entries.get(LOCATION)
        if entry is None:
            raise RuntimeError(f"the workspace file has no code location {LOCATION}")
        location = entry.code_location
        return location if isinstance(location, GrpcServerCodeLocation) else None

    def _look_after(self) -> None:
        while not self._ended.wait(EVERY_S):
            try:
                self.restore()
            except Exception:
                log.exception("the watch of the code server failed; it goes on")
