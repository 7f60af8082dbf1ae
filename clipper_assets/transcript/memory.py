"""Measures the peak memory of a block, on the host and on the GPU, and releases memory of the GPU."""

import resource
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event, Thread
from typing import Any

PROC_STATUS = Path("/proc/self/status")
SAMPLE_EVERY_S = 0.2
MIB = 1024 * 1024


class PeakMemory(AbstractContextManager["PeakMemory"]):
    """Context manager that measures the peak memory of its block.

    CTranslate2 and torch each manage their own GPU memory. So the driver is asked every `SAMPLE_EVERY_S` seconds for
    all memory in use, minus what was in use at the start.
    """

    host_mib: float
    gpu_mib: float | None = None

    def __enter__(self) -> "PeakMemory":
        self._ended = Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()
        self.host_mib = _host_peak_mib()

    def facts(self) -> dict[str, float]:
        """Peaks in MiB: of this process since its start, and of the GPU if there is one."""
        return {"host_mib": round(self.host_mib), **({} if self.gpu_mib is None else {"gpu_mib": round(self.gpu_mib)})}

    def _watch(self) -> None:
        import pynvml

        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError:  # no NVIDIA driver, so no GPU memory
            return
        try:
            gpus = [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]
            initial = _used_mib(pynvml, gpus)
            peak = initial
            while not self._ended.wait(SAMPLE_EVERY_S):
                peak = max(peak, _used_mib(pynvml, gpus))
            self.gpu_mib = peak - initial
        finally:
            pynvml.nvmlShutdown()


def _host_peak_mib() -> float:
    """Peak resident memory of this process.

    Reads the kernel's VmHWM if there is /proc, because getrusage on Linux includes the parent's memory at the fork.
    """
    if PROC_STATUS.exists():
        (line,) = (line for line in PROC_STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / MIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB  # macOS, in bytes


def _used_mib(nvml: Any, gpus: list[Any]) -> float:
    return sum(float(nvml.nvmlDeviceGetMemoryInfo(gpu).used) for gpu in gpus) / MIB
