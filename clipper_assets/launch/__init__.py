"""Runs on one machine: each a process of its own, with a GPU of its own where there are any."""

from clipper_assets.launch.launcher import LocalGpuRunLauncher

__all__ = ["LocalGpuRunLauncher"]
