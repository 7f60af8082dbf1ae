"""Which GPU a step uses. Runs share those of a machine by file locks, which the kernel releases when a process ends."""

import fcntl
import gc
import os
import re
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import wraps
from itertools import chain, takewhile
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import dagster as dg

from clipper_assets.runtime.spend import holding_gpu
from clipper_assets.setting_types import Device, comma_separated
from clipper_assets.settings import Settings

GPU_TAG = "clipper/gpu"
"""Tag of a run: the GPU that transcribed its episode, if the machine has one."""
VISIBLE = "CUDA_VISIBLE_DEVICES"
POLL_S = 1.0
_DEVICE = re.compile(r"[0-9]+|(GPU|MIG)-.+")
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Slot:
    """A share of a GPU. It is taken as long as any process has the file descriptor `lock` open."""

    gpu: str
    lock: int

    def release(self) -> None:
        os.close(self.lock)


@dataclass(frozen=True)
class Slots:
    """The slots of a machine: `share` on each of `gpus`, with one lock file per slot in `folder`."""

    folder: Path
    gpus: Sequence[str]
    share: int

    def take(self) -> Slot | None:
        """Takes a slot on the GPU with the fewest steps; returns None if all slots are taken."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._alone():
            free = {gpu: self._free(gpu) for gpu in self.gpus}
            gpu = max(self.gpus, key=lambda gpu: len(free[gpu]))  # the first of several
            taken = free[gpu].pop() if free[gpu] else None
            for lock in chain(*free.values()):
                os.close(lock)
        return None if taken is None else Slot(gpu, taken)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Waits until no other process looks for a slot, because it locks all free ones for a moment."""
        lock = self._open("taking")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _free(self, gpu: str) -> list[int]:
        """Locks the free slots of a GPU; returns their file descriptors."""
        free = []
        for number in range(self.share):
            lock = self._open(f"{gpu}.{number}")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
            else:
                free.append(lock)
        return free

    def _open(self, name: str) -> int:
        return os.open(self.folder / f"{name.replace('/', '_')}.lock", os.O_RDWR | os.O_CREAT, 0o600)

    def wait(self) -> Slot:
        """Takes a slot as soon as one is free, without a time limit: the pool lets a step start where one should be."""
        while (slot := self.take()) is None:
            time.sleep(POLL_S)
        return slot


def gpus_here(named: Sequence[str] | None) -> Sequence[str]:
    """Returns values for `CUDA_VISIBLE_DEVICES`: those named, those visible to this process, or all that NVML lists."""
    if named is not None:
        return named
    if (visible := os.environ.get(VISIBLE)) is not None:
        # CUDA sees no device from the first invalid one on; -1 and NoDevFiles are in use for none.
        return tuple(takewhile(_DEVICE.fullmatch, comma_separated(visible)))
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    try:
        return [
            str(pynvml.nvmlDeviceGetUUID(pynvml.nvmlDeviceGetHandleByIndex(index)))
            for index in range(pynvml.nvmlDeviceGetCount())
        ]
    finally:
        pynvml.nvmlShutdown()


def on_own_gpu(asset: Callable[P, R]) -> Callable[P, R]:
    """Decorate an asset function that computes on a GPU, so that no more steps than `CLIPPER_RUNS_PER_GPU` share one.

    Where runs share the GPUs of a machine (`CLIPPER_GPU_LOCKS`), the function starts when a slot is free, and CUDA sees
    only the GPU of that slot. CUDA reads the variable once in each process, so a process that has used a GPU waits for
    the same one when its step is retried. The time with the slot counts as time of a GPU; a slot is a share of one.
    Where nothing is shared (Kubernetes, ECS, `clipper process`), the whole step holds the GPU, if there is one.

    The function must take `context` first or by keyword.
    """

    @wraps(asset)
    def wrapper(*arguments: P.args, **named: P.kwargs) -> R:
        settings = Settings()
        slots = _slots(settings)
        if slots is None:
            with holding_gpu() if _computes_on_gpu(settings) else nullcontext():
                return asset(*arguments, **named)
        context: Any = named["context"] if "context" in named else arguments[0]
        slot = (_of_this_process or slots).wait()
        _keep(Slots(slots.folder, [slot.gpu], slots.share))
        try:
            _record(context, slot.gpu)
            with _visible(slot.gpu), holding_gpu(1 / slots.share):
                return asset(*arguments, **named)
        finally:
            try:
                free_gpu_memory()  # fails after some errors of CUDA
            finally:
                slot.release()

    return wrapper


def encoding_on_a_gpu(asset: Callable[P, R]) -> Callable[P, R]:
    """Decorate an asset function whose ffmpeg may encode on a GPU (NVENC), so that the clips are spread over the GPUs.

    It takes no slot: the encoder is a separate circuit, which transcriptions do not use. The function must take
    `context` first or by keyword.
    """

    @wraps(asset)
    def wrapper(*arguments: P.args, **named: P.kwargs) -> R:
        slots = _slots(Settings())
        if slots is None:
            return asset(*arguments, **named)
        context: Any = named["context"] if "context" in named else arguments[0]
        with _visible(slots.gpus[zlib.crc32(context.run.run_id.encode()) % len(slots.gpus)]):
            return asset(*arguments, **named)

    return wrapper


def free_gpu_memory() -> None:
    """Release GPU memory that torch caches but nothing uses."""
    gc.collect()
    if torch := sys.modules.get("torch"):
        torch.cuda.empty_cache()


_of_this_process: Slots | None = None
"""The slots of the GPU that CUDA has seen in this process."""


def _keep(slots: Slots) -> None:
    global _of_this_process  # noqa: PLW0603  # as CUDA itself keeps it
    _of_this_process = slots


def _slots(settings: Settings) -> Slots | None:
    """The slots that the runs of this machine share; None if this process shares no GPU with others."""
    gpus = gpus_here(settings.gpus) if settings.gpu_locks else []
    return Slots(settings.gpu_locks, gpus, settings.runs_per_gpu) if settings.gpu_locks and gpus else None


def _computes_on_gpu(settings: Settings) -> bool:
    return settings.device is not Device.cpu and bool(gpus_here(settings.gpus))


def _record(context: dg.AssetExecutionContext, gpu: str) -> None:
    context.log.info(f"uses GPU {gpu}")
    if context.instance.has_run(context.run.run_id):  # an asset that a test calls directly has no run
        context.instance.add_run_tags(context.run.run_id, {GPU_TAG: gpu})


@contextmanager
def _visible(gpu: str) -> Iterator[None]:
    """Makes CUDA in this process and in its children see only this GPU."""
    before = os.environ.get(VISIBLE)
    os.environ[VISIBLE] = gpu
    try:
        yield
    finally:
        if before is None:
            del os.environ[VISIBLE]
        else:
            os.environ[VISIBLE] = before
