"""The Kubernetes jobs that dagster-k8s creates for a run and its steps; `e2e/test_kubernetes.py` executes them."""

import importlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.reconstruct import ReconstructableJob, ReconstructableRepository
from dagster._core.execution.api import create_execution_plan
from dagster._core.execution.context_creation_job import (
    PlanOrchestrationContextManager,
    orchestration_context_event_generator,
)
from dagster._core.execution.plan.step import ExecutionStep
from dagster._core.executor.step_delegating import StepDelegatingExecutor, StepHandlerContext
from dagster._core.launcher.base import LaunchRunContext
from dagster._core.test_utils import create_run_for_test
from dagster._grpc.types import ExecuteStepArgs

from clipper_assets import definitions
from clipper_assets.launch.kubernetes import kubernetes_executor
from clipper_assets.settings import Settings
from clipper_assets_tests.support.kubernetes_api import Cluster, Pod, serving_kubernetes

DEPLOYMENT = Path(__file__).parents[2] / "deploy" / "k8s"
SETTINGS = yaml.safe_load((DEPLOYMENT / "settings.yaml").read_text())["data"]
LAUNCHER = yaml.safe_load((DEPLOYMENT / "dagster.yaml").read_text())["run_launcher"]
REQUESTS_OF_RUN = {"cpu": "250m", "memory": "512Mi", "ephemeral-storage": "256Mi"}
RUN = {"requests": REQUESTS_OF_RUN, "limits": {"memory": "1Gi", "ephemeral-storage": "12Gi"}}
STEP = {
    "requests": {"cpu": "2", "memory": "2Gi", "ephemeral-storage": "4Gi"},
    "limits": {"memory": "8Gi", "ephemeral-storage": "12Gi"},
}
GPU_STEP = {
    "requests": {"cpu": "3", "memory": "12Gi", "ephemeral-storage": "4Gi"},
    "limits": {"memory": "24Gi", "ephemeral-storage": "12Gi", "nvidia.com/gpu": "1"},
}
CPU_TAINT, GPU_TAINT = (
    {"key": key, "operator": "Exists", "effect": "NoSchedule"} for key in ("clipper/steps", "nvidia.com/gpu")
)
GPU_NODES = {"nodeSelector": {"clipper/steps": "gpu"}, "tolerations": [CPU_TAINT, GPU_TAINT]}
CPU_NODES = {"nodeSelector": {"clipper/steps": "cpu"}, "tolerations": [CPU_TAINT]}


@contextmanager
def clip_episode() -> Iterator[ReconstructableJob]:
    """The job as the code location loads it with the settings of deploy/k8s."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        importlib.reload(definitions)
        repository = ReconstructableRepository.for_module(definitions.__name__, "defs")
        yield repository.get_reconstructable_job("clip_episode")
    importlib.reload(definitions)


@contextmanager
def instance_of(cluster: Cluster, folder: Path) -> Iterator[dg.DagsterInstance]:
    """The instance of deploy/k8s, except for the address of the Kubernetes API and the storage."""
    connection = {
        "load_incluster_config": False,
        "kubeconfig_file": str(cluster.kubeconfig),
        "job_image": "clipper:service",
    }
    launcher = {**LAUNCHER, "config": {**LAUNCHER["config"], **connection}}
    with dg.instance_for_test(temp_dir=str(folder), overrides={"run_launcher": launcher}) as instance:
        yield instance


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Pod]]:
    """The pod of a run and the pods that it launches for its steps. Their containers do nothing."""
    folder = tmp_path_factory.mktemp("kubernetes")
    with (
        serving_kubernetes(folder / "nodes", {}, entrypoint=["/bin/true"]) as cluster,
        instance_of(cluster, folder) as instance,
        clip_episode() as job,
        pytest.MonkeyPatch.context() as patch,
    ):
        cluster.config_maps = {"clipper-settings": SETTINGS}
        cluster.secrets = {"clipper-secrets": {}, "clipper-postgresql": {"postgresql-password": "unused"}}
        run = create_run_for_test(instance, "clip_episode", job_code_origin=job.get_python_origin())
        instance.run_launcher.launch_run(LaunchRunContext(run, None))
        patch.setenv("HOSTNAME", cluster.all_pods[0].name)
        plan = create_execution_plan(job)
        manager = PlanOrchestrationContextManager(orchestration_context_event_generator, job, plan, {}, run, instance)
        list(manager.prepare_context())
        context = manager.get_context()
        executor = context.executor
        assert isinstance(executor, StepDelegatingExecutor)
        for step in plan.get_all_steps_in_topo_order():
            assert isinstance(step, ExecutionStep)
            arguments = ExecuteStepArgs(job.get_python_origin(), run.run_id, [step.key], instance.get_ref())
            list(executor._step_handler.launch_step(StepHandlerContext(instance, context, [step], arguments, run)))
        assert cluster.rejected == []
        yield cluster.all_pods


def summary(body: dict[str, Any]) -> dict[str, Any]:
    spec = body["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    nodes = {key: spec[key] for key in ("nodeSelector", "tolerations") if key in spec}
    return {"image": container["image"], "resources": container["resources"], **nodes}


def test_only_the_transcript_requests_a_gpu_and_other_steps_are_on_other_nodes(launched: list[Pod]) -> None:
    assert {pod.labels.get("dagster/op", "the run"): summary(pod.job) for pod in launched} == {
        "the run": {"image": "clipper:service", "resources": RUN},
        "raw_video": {"image": "clipper:service", "resources": STEP, **CPU_NODES},
        "aligned_transcript": {"image": "clipper:gpu", "resources": GPU_STEP, **GPU_NODES},
        "ad_spans": {"image": "clipper:service", "resources": STEP, **CPU_NODES},
        "highlight_windows": {"image": "clipper:service", "resources": STEP, **CPU_NODES},
        "chapters": {"image": "clipper:service", "resources": STEP, **CPU_NODES},
        "scenes": {"image": "clipper:service", "resources": STEP, **CPU_NODES},
        "camera_paths": {"image": "clipper:service", "resources": STEP, **CPU_NODES},
        "rendered_clips": {"image": "clipper:service", "resources": STEP, **CPU_NODES},
        "episode_costs": {"image": "clipper:service", "resources": STEP, **CPU_NODES},
        "library": {"image": "clipper:service", "resources": STEP, **CPU_NODES},
    }


def test_the_job_of_a_step_is_owned_by_the_pod_of_its_run(launched: list[Pod]) -> None:
    run, *steps = launched
    assert {
        (owner["kind"], owner["name"], owner["uid"])
        for step in steps
        for owner in step.job["metadata"]["ownerReferences"]
    } == {("Pod", run.name, run.uid)}


def test_every_pod_is_unprivileged_with_a_read_only_root(launched: list[Pod]) -> None:
    for pod in launched:
        (container,) = pod.spec["containers"]
        assert pod.spec["securityContext"]["runAsNonRoot"] is True
        assert pod.spec["terminationGracePeriodSeconds"] == 110
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/tmp", "/models"}


def test_a_run_whose_tags_configure_its_pod_is_refused(tmp_path: Path) -> None:
    privileged = {"container_config": {"security_context": {"privileged": True}, "env": [{"name": "A", "value": "b"}]}}
    with (
        serving_kubernetes(tmp_path / "nodes", {}, entrypoint=["/bin/true"]) as cluster,
        instance_of(cluster, tmp_path) as instance,
        clip_episode() as job,
    ):
        origin, tags = job.get_python_origin(), {"dagster-k8s/config": json.dumps(privileged)}
        run = create_run_for_test(instance, "clip_episode", job_code_origin=origin, tags=tags)
        with pytest.raises(Exception, match=r"container_config\.security_context"):
            instance.run_launcher.launch_run(LaunchRunContext(run, None))
        assert cluster.all_pods == []


def test_a_missing_package_is_named_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dagster_k8s", None)
    with pytest.raises(ImportError, match=r"needs dagster-k8s: install clipper_assets\[k8s\]$"):
        kubernetes_executor(Settings(), [])
