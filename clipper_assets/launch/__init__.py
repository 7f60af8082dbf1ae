"""Run launchers and executors: processes on one machine, Kubernetes pods or ECS tasks."""

from clipper_assets.launch.launcher import LocalGpuRunLauncher

__all__ = ["LocalGpuRunLauncher"]
