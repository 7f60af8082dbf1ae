"""The progress of clips that render at the same time."""

from threading import Event, Lock

from clipper_assets.runtime.progress import Report


class CancelledError(Exception):
    """Raised in the other renderings when the run fails or is cancelled."""


class Shares:
    """Combines the progress of clips that render at the same time; after a cancel, the next report stops ffmpeg."""

    def __init__(self, clips: int, report: Report):
        self.cancelled = Event()
        self._done: dict[int, float] = {}
        self._clips, self._report, self._lock = clips, report, Lock()

    def of(self, index: int) -> Report:
        def report(share: float) -> None:
            if self.cancelled.is_set():
                raise CancelledError
            with self._lock:
                self._done[index] = share
                self._report(sum(self._done.values()) / self._clips)

        return report
