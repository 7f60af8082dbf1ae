"""How long the work of a step may take, so that a server that never answers does not keep a GPU for ever."""

import faulthandler
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import dagster as dg

from clipper_assets.runtime.asset_names import (
    ALIGNED_TRANSCRIPT,
    CAMERA_PATHS,
    HIGHLIGHT_WINDOWS,
    RAW_VIDEO,
    RENDERED_CLIPS,
    SCENES,
)
from clipper_assets.settings import Settings

GRACE_S = 60.0
"""Native code that does not return to Python for so long after its limit ends with its process."""
STDERR = 2
"""The process's own, wherever `sys.stderr` leads."""


class StepTimeoutError(Exception):
    """The work of a step took longer than it may."""


@dataclass(frozen=True)
class Limit:
    """`base_s` seconds, and `per_s` more for each second of the episode."""

    base_s: float
    per_s: float

    def seconds(self, duration_s: float) -> float:
        return (self.base_s + self.per_s * duration_s) * Settings().time_limit_scale


LIMITS = {
    RAW_VIDEO: Limit(base_s=900, per_s=1),
    ALIGNED_TRANSCRIPT: Limit(base_s=1800, per_s=10),
    HIGHLIGHT_WINDOWS: Limit(base_s=1800, per_s=0.5),
    SCENES: Limit(base_s=3600, per_s=1),
    CAMERA_PATHS: Limit(base_s=900, per_s=1),
    RENDERED_CLIPS: Limit(base_s=7200, per_s=1),
}
"""Meant for steps that hang, and so generous: hours, where two cores without a GPU take minutes for a short episode."""


@contextmanager
def time_limit(context: dg.AssetExecutionContext, duration_s: float) -> Iterator[None]:
    """Interrupts the work inside when it takes longer than `LIMITS` allow for an episode of `duration_s` seconds.

    The step is then tried once more, and fails when that takes as long. Only a main thread can be interrupted, which is
    where runs execute their steps. Work that cannot be interrupted loses its process, with the stacks of its threads
    in the log, and the run is retried as after any other death of a worker.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    step = context.asset_key.to_user_string()
    limit_s = LIMITS[step].seconds(duration_s)

    def expire(_signal: int, _frame: FrameType | None) -> None:
        raise StepTimeoutError(
            f"{step} took longer than the {limit_s:.0f} s that an episode of {duration_s:.0f} s is given; "
            "if the machine is slow, raise CLIPPER_TIME_LIMIT_SCALE"
        )

    before = signal.signal(signal.SIGALRM, expire)
    faulthandler.dump_traceback_later(limit_s + GRACE_S, exit=True, file=STDERR)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    except StepTimeoutError as late:
        context.log.error(str(late))
        raise dg.RetryRequested(max_retries=1) from late
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)
