"""Measures what a step uses, and puts it with its price into the metadata of the result.

What is used is counted for the whole process, as the kernel counts CPU time: the steps of a run execute one after the
other in a process, so a step has used what was counted between its start and its end. Waiting for a pool or for a GPU
is before that, or uses nothing.
"""

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from functools import wraps
from threading import Lock
from typing import Any, ParamSpec

import dagster as dg
import psutil

from clipper_assets.runtime.prices import usd_of
from clipper_assets.settings import Settings

USD = "usd"
FAILED = "failed"
"""Metadata of the observation that a step reports instead of a materialization when it fails."""
P = ParamSpec("P")
Step = Callable[P, dg.MaterializeResult[Any]]


@dataclass(frozen=True)
class Used:
    """CPU seconds, seconds of GPUs, and tokens of the language model; the fields are named as in the metadata."""

    cpu_seconds: float = 0.0
    gpu_seconds: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0

    def since(self, before: "Used") -> "Used":
        """What was used after `before`; times to the millisecond, never below 0."""
        changes = {each.name: getattr(self, each.name) - getattr(before, each.name) for each in fields(self)}
        return Used(**{name: max(round(change, 3), 0) for name, change in changes.items()})

    def metadata(self, settings: Settings) -> dict[str, float | int]:
        """Flat numbers, which Dagster's UI plots: the fields, and `usd` by the prices in the settings."""
        return {**asdict(self), USD: round(usd_of(settings, **asdict(self)), 8)}


class _Counters:
    """What this process has used so far, except for CPU time, which the kernel counts."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.gpu_seconds, self.input_tokens, self.output_tokens = 0.0, 0, 0


_counters = _Counters()


def count_tokens(input_tokens: int, output_tokens: int) -> None:
    """Count the tokens of one response of a language model."""
    with _counters.lock:
        _counters.input_tokens += input_tokens
        _counters.output_tokens += output_tokens


@contextmanager
def holding_gpu(share: float = 1.0) -> Iterator[None]:
    """Count the time of the block as time of a GPU; `share` is the share of the GPU that it holds."""
    began = time.monotonic()
    try:
        yield
    finally:
        with _counters.lock:
            _counters.gpu_seconds += share * (time.monotonic() - began)


def used() -> Used:
    """What this process and all processes below it have used so far."""
    cpu_seconds = _cpu_seconds()
    with _counters.lock:
        return Used(cpu_seconds, _counters.gpu_seconds, _counters.input_tokens, _counters.output_tokens)


def _cpu_seconds() -> float:
    """CPU seconds of this process, of processes below it that ended, and of those that are alive or not waited for.

    The kernel adds the time of a process to that of its parent when the parent waits for it, so no second is lost or
    counted twice. Its resolution for living processes is 10 ms.
    """
    total = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    for process in psutil.Process().children(recursive=True):
        try:
            total += sum(process.cpu_times()[:4])  # user and system, its own and those of its children that ended
        except psutil.NoSuchProcess:  # it ended meanwhile, and is counted with its parent the next time
            continue
    return total


def metered(step: Step[P]) -> Step[P]:
    """Decorate an asset function so that its result has what it used in the metadata, and what that costs.

    A step that fails, is refused or is cancelled reports the same in an observation of its asset, with `failed`.
    Outermost of the decorators, so that it also counts what they do. The function must take `context` first or by
    keyword.
    """

    @wraps(step)
    def wrapper(*arguments: P.args, **named: P.kwargs) -> dg.MaterializeResult[Any]:
        context: Any = named["context"] if "context" in named else arguments[0]
        before = used()
        try:
            result = step(*arguments, **named)
        except BaseException:  # a cancellation, too
            spent = used().since(before).metadata(Settings())
            metadata = {**spent, FAILED: True}
            context.log_event(
                dg.AssetObservation(context.asset_key, partition=context.partition_key, metadata=metadata)
            )
            raise
        return dg.MaterializeResult(
            asset_key=result.asset_key,
            metadata={**(result.metadata or {}), **used().since(before).metadata(Settings())},
            check_results=result.check_results,
            data_version=result.data_version,
            tags=result.tags,
            value=result.value,
        )

    return wrapper
