"""Where runs are executed: processes of one machine with a GPU each where there are any, or pods."""

from clipper_assets.launch.launcher import LocalGpuRunLauncher

__all__ = ["LocalGpuRunLauncher"]
