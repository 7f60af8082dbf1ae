"""Supervises the code server that launches runs: checks that it answers, and restarts it if not.

Dagster's public interface neither says whether a code server answers nor restarts one.
"""

import logging
import time
from threading import Event, Lock, Thread

from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin
from dagster._core.remote_representation.code_location import GrpcServerCodeLocation

from clipper_assets.runtime.tenant import LOCATION
from clipper_assets.runtime.workspace import WorkspaceProcessContext

log = logging.getLogger(__name__)

PING_S = 3
"""Readiness checks count a code server as unreachable after this many seconds without an answer."""
HUNG_S = 10
"""A slow code server is replaced after this many seconds; a dead one refuses the connection at once."""
EVERY_S = 3.0
"""Seconds between two checks of the supervising thread."""
PAUSE_S, MOST_PAUSE_S = 2.0, 60.0
"""Seconds to wait after a failed start, doubled with each further failure up to the second value."""
PATIENCE_S = 10.0
"""Seconds that requests wait for a start that another request has begun."""


class CodeServer:
    """Keeps the code location of a workspace loaded: in a thread while entered by `with`, and before each mutation."""

    def __init__(self, workspace: WorkspaceProcessContext):
        self._workspace = workspace
        self._starting = Lock()
        self._failures, self._not_before = 0, 0.0
        self._stopped = Event()
        self._supervisor = Thread(target=self._supervise, name="code-server-supervisor", daemon=True)

    def __enter__(self) -> "CodeServer":
        self._supervisor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._supervisor.join()

    def refuse_if_unreachable(self, within_s: int = PING_S) -> None:
        """Raises RuntimeError if the code location is not loaded, or Dagster's error if its server does not answer."""
        location = self._location
        if location is None:
            raise RuntimeError(f"the code location {LOCATION} is not loaded")
        location.client.get_server_id(timeout=within_s)

    def restore(self) -> bool:
        """Restarts the code server, or reconnects to a remote one, unless it answers. Returns whether it is loaded."""
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
        log.warning("the code server does not answer; reloading it")
        if isinstance(origin, ManagedGrpcPythonEnvCodeLocationOrigin):
            self._workspace.reload_code_location(LOCATION)
        else:
            self._workspace.refresh_code_location(LOCATION)
        if old is not None:
            old.cleanup()
        if self._location is None:
            pause_s = min(PAUSE_S * 2**self._failures, MOST_PAUSE_S)
            self._failures, self._not_before = self._failures + 1, time.monotonic() + pause_s
            log.error("cannot load the code location %s; trying again in %g s", LOCATION, pause_s)
        else:
            self._failures = 0
            log.warning("the code server is reloaded")

    def _answers(self) -> bool:
        if self._location is None:
            return False
        try:
            self.refuse_if_unreachable(HUNG_S)
        except DagsterUserCodeUnreachableError as error:
            log.info("no answer from the code server: %s", error)
            return False
        return True

    @property
    def _location(self) -> GrpcServerCodeLocation | None:
        entry = self._workspace.get_current_workspace().code_location_entries.get(LOCATION)
        if entry is None:
            raise RuntimeError(f"the workspace file has no code location {LOCATION}")
        location = entry.code_location
        return location if isinstance(location, GrpcServerCodeLocation) else None

    def _supervise(self) -> None:
        while not self._stopped.wait(EVERY_S):
            try:
                self.restore()
            except Exception:
                log.exception("a check of the code server failed; the next one follows")
