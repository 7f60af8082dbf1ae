"""Limits the time of a step, so that a server that never answers does not occupy a GPU forever."""

import faulthandler
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import dagster as dg

from clipper_assets.runtime.asset_names import (
    AD_SPANS,
    ALIGNED_TRANSCRIPT,
    CAMERA_PATHS,
    CHAPTERS,
    CLIP_VARIANTS,
    HIGHLIGHT_WINDOWS,
    RAW_VIDEO,
    RENDERED_CLIPS,
    SCENES,
)
from clipper_assets.runtime.tenant import asset_name

GRACE_S = 60.0
"""The process is ended if native code has not returned to Python this long after the limit."""
STDERR = 2
"""File descriptor of the process's standard error, even if `sys.stderr` is redirected."""


class StepTimeoutError(Exception):
    """A step took longer than its time limit."""


@dataclass(frozen=True)
class Limit:
    """A time limit of `base_s` seconds plus `per_s` seconds for each second of the episode."""

    base_s: float
    per_s: float

    def seconds(self, duration_s: float) -> float:
        return self.base_s + self.per_s * duration_s


LIMITS = {
    RAW_VIDEO: Limit(base_s=900, per_s=1),
    ALIGNED_TRANSCRIPT: Limit(base_s=1800, per_s=10),
    AD_SPANS: Limit(base_s=1800, per_s=0.5),
    HIGHLIGHT_WINDOWS: Limit(base_s=1800, per_s=0.5),
    CHAPTERS: Limit(base_s=1800, per_s=0.1),
    SCENES: Limit(base_s=3600, per_s=1),
    CAMERA_PATHS: Limit(base_s=900, per_s=1),
    RENDERED_CLIPS: Limit(base_s=7200, per_s=1),
    CLIP_VARIANTS: Limit(base_s=7200, per_s=1),
}
"""Generous, because they are only meant to end steps that hang: two cores without a GPU take minutes, not hours, for a
short episode."""


@contextmanager
def time_limit(context: dg.AssetExecutionContext, duration_s: float, scale: float) -> Iterator[None]:
    """Interrupt the block when it takes longer than `scale` times the limit for an episode of `duration_s` seconds.

    The step is then retried once, and fails if that takes too long as well. Only the main thread can be interrupted,
    which is where runs execute their steps. If native code does not react, the process is ended, with the stacks of its
    threads in the log, and the run is retried as after any other crash of a run worker.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    step = asset_name(context.asset_key)
    limit_s = LIMITS[step].seconds(duration_s) * scale

    def expire(_signal: int, _frame: FrameType | None) -> None:
        raise StepTimeoutError(
            f"{step} took longer than its time limit of {limit_s:.0f} s for an episode of {duration_s:.0f} s; "
            "if the machine is slow, raise CLIPPER_TIME_LIMIT_SCALE"
        )

    previous_handler = signal.signal(signal.SIGALRM, expire)
    faulthandler.dump_traceback_later(limit_s + GRACE_S, exit=True, file=STDERR)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    except StepTimeoutError as timeout:
        context.log.error(str(timeout))
        raise dg.RetryRequested(max_retries=1) from timeout
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, previous_handler)
