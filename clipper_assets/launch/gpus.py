"""Which GPU a run gets: locks that the kernel lets go of with the last process that holds them, whatever killed it."""

import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clipper_assets.settings import comma_separated


@dataclass(frozen=True)
class Slot:
    """A share of a GPU, as long as the lock's file descriptor `lock` is open anywhere."""

    gpu: str
    lock: int

    def release(self) -> None:
        """Close this process's descriptor; a child that inherited it keeps the share."""
        os.close(self.lock)


@dataclass(frozen=True)
class Slots:
    """`share` places on each of `gpus`, one lock file each in `folder`."""

    folder: Path
    gpus: Sequence[str]
    share: int

    def take(self) -> Slot | None:
        """A place on the GPU with the fewest runs; None where all are taken."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for place in range(self.share):
            for gpu in self.gpus:
                lock = os.open(self.folder / f"{gpu.replace('/', '_')}.{place}.lock", os.O_RDWR | os.O_CREAT, 0o600)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(lock)
                    continue
                return Slot(gpu, lock)
        return None


def gpus_here(named: Sequence[str] | None) -> Sequence[str]:
    """Names for `CUDA_VISIBLE_DEVICES`: those named, or that this process may see, else all that NVML finds."""
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
