"""The executor on Kubernetes: each step runs in a pod, and only steps tagged for a GPU request one."""

from collections.abc import Sequence

import dagster as dg

from clipper_assets.runtime.pools import KUBERNETES
from clipper_assets.settings import Settings


def kubernetes_executor(settings: Settings, assets: Sequence[dg.AssetsDefinition]) -> dg.ExecutorDefinition:
    """Returns an executor that runs each step in a pod, configured like the pods of the instance's `K8sRunLauncher`.

    The job of a step is owned by the pod of its run, so that Kubernetes deletes it with the run.
    Raises ImportError if dagster-k8s is not installed.
    """
    try:
        from dagster_k8s import k8s_job_executor
    except ImportError as error:
        raise ImportError(
            "CLIPPER_EXECUTOR is kubernetes, which needs dagster-k8s: install clipper_assets[k8s]"
        ) from error
    gpu_steps = [asset.op.name for asset in assets if KUBERNETES in asset.op.tags]
    return k8s_job_executor.configured(
        {
            "enable_owner_references": True,
            "step_k8s_config": settings.k8s_steps,
            "per_step_k8s_config": dict.fromkeys(gpu_steps, settings.k8s_gpu_steps),
        }
    )
