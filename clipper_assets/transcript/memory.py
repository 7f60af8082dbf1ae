"""The most memory that a stretch of work took, on the host and on the GPU."""

import resource
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event, Thread
from typing import Any

PROC_STATUS = Path("/proc/self/status")
SAMPLE_EVERY_S = 0.2
MIB = 1024 * 1024


class PeakMemory(AbstractContextManager["PeakMemory"]):
    """Watches memory while it is entered.

    CTranslate2 and torch each keep their own memory on a GPU, so the GPU itself is asked, `SAMPLE_EVERY_S` apart, for
    all that is in use beyond what was when the watch began.
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
        """Peaks in MiB: of this process since it began, and of the GPU where there is one."""
        return {"host_mib": round(self.host_mib), **({} if self.gpu_mib is None else {"gpu_mib": round(self.gpu_mib)})}

    def _watch(self) -> None:
        import pynvml

        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError:  # no NVIDIA driver: nothing to watch
            return
        try:
            gpus = [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]
            before = _used_mib(pynvml, gpus)
            peak = before
            while not self._ended.wait(SAMPLE_EVERY_S):
                peak = max(peak, _used_mib(pynvml, gpus))
            self.gpu_mib = peak - before
        finally:
            pynvml.nvmlShutdown()


def _host_peak_mib() -> float:
    """The most resident memory that this process had.

    From the kernel's VmHWM where there is /proc: getrusage on Linux begins with what the parent had at the fork.
    """
    if PROC_STATUS.exists():
        (line,) = (line for line in PROC_STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / MIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB  # macOS, in bytes


def _used_mib(nvml: Any, gpus: list[Any]) -> float:
    return sum(float(nvml.nvmlDeviceGetMemoryInfo(gpu).used) for gpu in gpus) / MIB
