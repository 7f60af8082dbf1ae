"""Counts the GPUs that a simulated step holds."""

import os
from pathlib import Path

HELD = "gpus_held"
"""Metadata of a simulated step: how many lock files of GPUs its process had open."""


def gpus_held() -> int:
    locks = os.environ.get("CLIPPER_GPU_LOCKS")
    if locks is None:
        return 0
    opened = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return sum(file.parent == Path(locks) for file in opened)
