import subprocess
import sys


def test_allocated_memory_raises_the_peak() -> None:
    """Runs in a subprocess, because the peak is that of the whole process."""
    code = (
        "import numpy as np\n"
        "from clipper_assets.transcript.memory import PeakMemory\n"
        "with PeakMemory() as before: pass\n"
        "with PeakMemory() as after: taken = np.ones(600_000_000, np.uint8)\n"
        "print(before.facts()['host_mib'], after.facts()['host_mib'])\n"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    before, after = (int(mib) for mib in printed.split())
    assert 300 <= after - before <= 600
