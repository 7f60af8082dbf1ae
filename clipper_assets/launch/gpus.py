"""Assigns GPUs to runs by file locks, which the kernel releases when the last process that holds them ends."""

import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clipper_assets.settings import comma_separated


@dataclass(frozen=True)
class Slot:
    """A share of a GPU. It is taken as long as any process has the file descriptor `lock` open."""

    gpu: str
    lock: int

    def release(self) -> None:
        """Closes the descriptor of this process; a child process that inherited it keeps the share."""
        os.close(self.lock)


@dataclass(frozen=True)
class Slots:
    """The slots of a machine: `share` on each of `gpus`, with one lock file per slot in `folder`."""

    folder: Path
    gpus: Sequence[str]
    share: int

    def take(self) -> Slot | None:
        """Takes a slot on the GPU with the fewest runs; returns None if all slots are taken."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for number in range(self.share):
            for gpu in self.gpus:
                lock = os.open(self.folder / f"{gpu.replace('/', '_')}.{number}.lock", os.O_RDWR | os.O_CREAT, 0o600)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(lock)
                    continue
                return Slot(gpu, lock)
        return None


def gpus_here(named: Sequence[str] | None) -> Sequence[str]:
    """Returns values for `CUDA_VISIBLE_DEVICES`: those named, those visible to this process, or all that NVML lists."""
    if named is not None:
        return named
    if (visible := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return comma_separated(visible)
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
