"""The files of deploy/k8s are consistent, and valid for Kubernetes, Dagster and its chart."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from dagster._config import process_config
from dagster._core.instance.config import dagster_instance_config
from dagster_aws.s3 import S3ComputeLogManager
from dagster_k8s import K8sRunLauncher
from dagster_postgres.run_storage import PostgresRunStorage

from clipper_assets.setting_types import ExecutorName
from clipper_assets.settings import Settings
from clipper_assets_tests.test_settings import variable
from clipper_assets_tests.transcript.conftest import MODELS
from clipper_assets_tests.transcript.hub import serve

FOLDER = Path(__file__).parents[2] / "deploy" / "k8s"
DAGSTERS_OWN = {"DAGSTER_WEBSERVER_LOG_FORMAT", "DAGSTER_CLI_API_GRPC_LOG_FORMAT"}
"""Prefixes of variables from which Dagster's commands take options."""
VERSIONS = ("1.30", kubernetes_validate.latest_version())


def load(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text())


VALUES, INSTANCE = load("values.yaml"), load("dagster.yaml")
MANIFESTS = [
    pytest.param(manifest, id=f"{manifest['kind']}-{manifest['metadata']['name']}")
    for name in [*load("kustomization.yaml")["resources"], "karpenter/pull-image.yaml"]
    for manifest in yaml.safe_load_all((FOLDER / name).read_text())
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", MANIFESTS)
def test_manifests_are_valid_for_kubernetes(manifest: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(manifest, version, strict=True)


def test_every_manifest_is_applied() -> None:
    others = {"values.yaml", "dagster.yaml", "kustomization.yaml"}
    assert {path.name for path in FOLDER.glob("*.yaml")} - others == set(load("kustomization.yaml")["resources"])
    nodes = {path.name for path in (FOLDER / "karpenter").iterdir()} - others
    assert nodes == set(load("karpenter/kustomization.yaml")["resources"])


def test_the_pools_are_set_before_the_daemon_starts() -> None:
    (container,) = VALUES["dagsterDaemon"]["extraPrependedInitContainers"]
    volumes = [*VALUES["dagsterDaemon"]["volumes"], {"name": "dagster-instance", "configMap": {"name": "x"}}]
    pod = {"initContainers": [container], "containers": [container], "volumes": volumes}
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "daemon"}, "spec": pod}
    kubernetes_validate.validate(manifest, VERSIONS[0], strict=True)
    assert container["command"] == ["clipper", "pools"]
    assert {mount["name"] for mount in container["volumeMounts"]} <= {volume["name"] for volume in volumes}
    assert container["securityContext"] == VALUES["dagsterDaemon"]["securityContext"]


def test_steps_find_nodes_that_karpenter_starts_as_many_as_the_pools_let_run() -> None:
    data, launched = load("settings.yaml")["data"], {}
    for manifest in yaml.safe_load_all((FOLDER / "karpenter" / "nodes.yaml").read_text()):
        launched[manifest["kind"], manifest["metadata"]["name"]] = manifest["spec"]
    pools = {name: spec for (kind, name), spec in launched.items() if kind == "NodePool"}
    for setting, name in (("CLIPPER_K8S_STEPS", "clipper-cpu"), ("CLIPPER_K8S_GPU_STEPS", "clipper-gpu")):
        pod, template = json.loads(data[setting])["pod_spec_config"], pools[name]["template"]
        assert pod["node_selector"] == template["metadata"]["labels"]
        tolerated = {(each["key"], each["effect"]) for each in pod["tolerations"]}
        assert tolerated == {(taint["key"], taint["effect"]) for taint in template["spec"]["taints"]}
        assert ("EC2NodeClass", template["spec"]["nodeClassRef"]["name"]) in launched
    assert int(data["CLIPPER_POOL_GPU"]) == pools["clipper-gpu"]["limits"]["nvidia.com/gpu"] + 1
    runs = VALUES["concurrency"]["runs"]["maxConcurrentRuns"]
    assert int(data["CLIPPER_POOL_ENCODE"]) == runs == VALUES["concurrency"]["pools"]["opGranularityRunBuffer"]


def test_the_image_of_the_transcripts_is_pulled_where_they_run() -> None:
    pod = load("karpenter/pull-image.yaml")["spec"]["template"]["spec"]
    steps = json.loads(load("settings.yaml")["data"]["CLIPPER_K8S_GPU_STEPS"])
    assert pod["nodeSelector"] == steps["pod_spec_config"]["node_selector"]
    assert pod["tolerations"] == steps["pod_spec_config"]["tolerations"]
    assert pod["containers"][0]["image"] == steps["container_config"]["image"]


def snake(names: Mapping[str, Any]) -> dict[str, Any]:
    """Converts the names of the chart's settings to those of dagster.yaml."""
    return {re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name): value for name, value in names.items()}


def rendered(values: Mapping[str, Any], release: str, namespace: str) -> dict[str, Any]:
    """Returns what the chart's template `configmap-instance.yaml` generates from the values."""
    database, daemon = values["postgresql"], values["dagsterDaemon"]
    postgres = {
        "postgres_db": {
            "username": database["postgresqlUsername"],
            "password": {"env": "DAGSTER_PG_PASSWORD"},
            "hostname": f"{release}-postgresql" if database["enabled"] else database["postgresqlHost"],
            "db_name": database["postgresqlDatabase"],
            "port": database["service"]["port"],
            "params": database["postgresqlParams"],
        }
    }
    concurrency = values["concurrency"]
    assert (values["runLauncher"]["type"], concurrency["enabled"]) == ("CustomRunLauncher", True)
    assert daemon["runCoordinator"]["type"] == "CustomRunCoordinator"
    return {
        "scheduler": {"module": "dagster.core.scheduler", "class": "DagsterDaemonScheduler"},
        **{
            storage: {"module": f"dagster_postgres.{module}", "class": name, "config": postgres}
            for storage, module, name in (
                ("schedule_storage", "schedule_storage", "PostgresScheduleStorage"),
                ("run_storage", "run_storage", "PostgresRunStorage"),
                ("event_log_storage", "event_log", "PostgresEventLogStorage"),
            )
        },
        "run_launcher": values["runLauncher"]["config"]["customRunLauncher"],
        "run_coordinator": daemon["runCoordinator"]["config"]["customRunCoordinator"],
        "compute_logs": {
            "module": "dagster_aws.s3.compute_log_manager",
            "class": values["computeLogManager"]["type"],
            "config": {"verify": True, **snake(values["computeLogManager"]["config"]["s3ComputeLogManager"])},
        },
        "run_monitoring": snake(daemon["runMonitoring"]),
        "run_retries": snake(daemon["runRetries"]),
        "sensors": snake(daemon["sensors"]),
        "schedules": snake(daemon["schedules"]),
        "telemetry": values["telemetry"],
        "concurrency": {"pools": snake(concurrency["pools"]), "runs": snake(concurrency["runs"])},
        **values["additionalInstanceConfig"],
    }


def test_dagster_yaml_is_what_the_chart_generates_from_the_values() -> None:
    assert rendered(VALUES, "dagster", load("kustomization.yaml")["namespace"]) == INSTANCE


def test_dagster_loads_the_instance(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text((FOLDER / "dagster.yaml").read_text())
    dagster_instance_config(str(tmp_path))
    for part, schema in (
        ("run_launcher", K8sRunLauncher.config_type()),  # type: ignore[no-untyped-call]  # Dagster's has no types
        ("compute_logs", S3ComputeLogManager.config_type()),  # type: ignore[no-untyped-call]  # nor this
        ("run_storage", PostgresRunStorage.config_type()),
    ):
        config = INSTANCE[part]["config"]
        if part == "run_storage":
            config = {"postgres_db": {**config["postgres_db"], "password": "from-the-secret"}}
        result = process_config(schema, config)
        assert result.success, result.errors


def test_the_config_map_contains_valid_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    data = load("settings.yaml")["data"]
    assert set(data) <= {variable(name) for name in Settings.model_fields} | {"AWS_DEFAULT_REGION", *DAGSTERS_OWN}
    for name, value in data.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.executor is ExecutorName.kubernetes
    assert settings.k8s_gpu_steps["container_config"]["image"] == "clipper:gpu"


def test_models_are_fetched_into_the_volume_that_the_image_reads() -> None:
    dockerfile = (FOLDER.parents[1] / "Dockerfile").read_text()
    looked_in = set(re.findall(r"\b(?:HF_HOME|CLIPPER_MODELS_DIR)=(\S+)", dockerfile))
    launcher, job = INSTANCE["run_launcher"]["config"], load("warm-models.yaml")["spec"]["template"]["spec"]
    (container,) = job["containers"]
    for mounts in (launcher["volume_mounts"], container["volumeMounts"]):
        (models,) = {mount["mountPath"] for mount in mounts if mount["name"] == "model-cache"}
        assert looked_in == {models}
    assert launcher["env_vars"] == [f"{each['name']}={each['value']}" for each in container["env"]]
    assert all(entry.split("=")[1].startswith(f"{models}/") for entry in launcher["env_vars"])


def in_pod(path: str, mounts: list[dict[str, Any]], folder: Path) -> str:
    """Maps a path in the image to `folder`; paths outside the pod's mounts are not writable."""
    mounted = any(path == mount["mountPath"] or path.startswith(f"{mount['mountPath']}/") for mount in mounts)
    return f"{folder}{path}" if mounted else f"/proc/read-only{path}"


def test_the_warming_job_fetches_with_the_environment_of_the_image(tmp_path: Path) -> None:
    service = (FOLDER.parents[1] / "Dockerfile").read_text().split("AS service")[1].split("\nFROM ")[0]
    image = dict(re.findall(r"\b(HOME|HF_HOME|CLIPPER_MODELS_DIR)=(\S+)", service))
    (container,) = load("warm-models.yaml")["spec"]["template"]["spec"]["containers"]
    job_variables = {each["name"]: each["value"] for each in container["env"]}
    paths = {name: in_pod(path, container["volumeMounts"], tmp_path) for name, path in (image | job_variables).items()}
    with serve({"nobody/tiny": MODELS / "whisper_tiny_sample"}) as hub:
        away = {"HF_ENDPOINT": hub, "CLIPPER_WHISPER_MODEL": "nobody/tiny", "HTTPS_PROXY": "http://127.0.0.1:9"}
        done = subprocess.run(
            container["args"],
            env={
                "PATH": str(Path(sys.executable).parent),
                "PYTHONPATH": str(FOLDER.parents[1]),
                "NO_PROXY": "127.0.0.1",
                **paths,
                **away,
            },
            cwd=FOLDER.parents[1],
            capture_output=True,
            text=True,
            check=False,
        )
    # The camera's models are elsewhere, where no test goes.
    assert f"Whisper nobody/tiny (named by CLIPPER_WHISPER_MODEL): {tmp_path}/models/" in done.stdout, (
        done.stdout + done.stderr
    )


def pod_specs() -> dict[str, dict[str, Any]]:
    """Returns the `podSecurityContext` and the container's `securityContext` of each kind of pod."""
    launcher = INSTANCE["run_launcher"]["config"]
    (code,) = VALUES["dagster-user-deployments"]["deployments"]
    deployment, _ = yaml.safe_load_all((FOLDER / "clipper-api.yaml").read_text())
    api = deployment["spec"]["template"]["spec"]
    return {
        "webserver": VALUES["dagsterWebserver"],
        "daemon": VALUES["dagsterDaemon"],
        "code": code,
        "runs": {
            "podSecurityContext": launcher["run_k8s_config"]["pod_spec_config"]["securityContext"],
            "securityContext": launcher["security_context"],
        },
        "api": {"podSecurityContext": api["securityContext"], **api["containers"][0]},
    }


@pytest.mark.parametrize("kind", pod_specs())
def test_every_pod_is_unprivileged(kind: str) -> None:
    spec = pod_specs()[kind]
    pod, container = spec["podSecurityContext"], spec["securityContext"]
    assert (pod["runAsNonRoot"], pod["runAsUser"], pod["seccompProfile"]) == (True, 1000, {"type": "RuntimeDefault"})
    assert container == {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


def test_liveness_probes_restart_only_dead_pods() -> None:
    deployment, _ = yaml.safe_load_all((FOLDER / "clipper-api.yaml").read_text())
    (api,) = deployment["spec"]["template"]["spec"]["containers"]
    paths = {probe: api[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths == {"startupProbe": "/health", "livenessProbe": "/health", "readinessProbe": "/ready"}
