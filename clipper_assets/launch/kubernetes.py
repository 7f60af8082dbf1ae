"""Runs on Kubernetes: each step is a pod, and only those tagged `GPU_STEP` ask for a GPU."""

from collections.abc import Sequence

import dagster as dg

from clipper_assets.runtime.gpu import CONFIG
from clipper_assets.settings import Settings


def kubernetes_executor(settings: Settings, assets: Sequence[dg.AssetsDefinition]) -> dg.ExecutorDefinition:
    """A pod per step. Its address of the API and the rest of the pod are those of the instance's `K8sRunLauncher`.

    A step's job belongs to the pod of its run and is deleted with it: a run that is gone leaves no step behind.
    Raises ImportError where dagster-k8s is not installed.
    """
    try:
        from dagster_k8s import k8s_job_executor
    except ImportError as error:
        raise ImportError(
            "CLIPPER_EXECUTOR is kubernetes, which needs dagster-k8s: install clipper_assets[k8s]"
        ) from error
    gpu_steps = [asset.op.name for asset in assets if CONFIG in asset.op.tags]
    return k8s_job_executor.configured(
        {
            "enable_owner_references": True,
            "step_k8s_config": settings.k8s_steps,
            "per_step_k8s_config": dict.fromkeys(gpu_steps, settings.k8s_gpu_steps),
        }
    )
