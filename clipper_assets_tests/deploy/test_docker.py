"""The files of `deploy/docker` are consistent; `e2e/test_docker.py` runs them."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.instance.config import get_default_tick_retention_settings, get_tick_retention_settings
from dagster._core.scheduler.instigation import TickStatus

from clipper_assets.launch.coordinator import TENANT_TAGS, FairRunCoordinator

PROJECT = Path(__file__).parents[2]
DOCKER = PROJECT / "deploy" / "docker"


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def named() -> set[str]:
    """The names and values in `.env.example`."""
    lines = (DOCKER / ".env.example").read_text().splitlines()
    return {line.partition("=")[0] for line in lines if line and not line.startswith("#")}


def test_the_instance_without_a_gpu_differs_in_nothing_else() -> None:
    gpu, cpu = load(DOCKER / "dagster.yaml"), load(DOCKER / "dagster-cpu.yaml")
    (device_request,) = gpu["run_launcher"]["config"]["container_kwargs"].pop("device_requests")
    assert device_request["capabilities"] == [["gpu"]]
    assert gpu == cpu


def test_runs_are_queued_as_in_the_local_instance() -> None:
    here, root = load(DOCKER / "dagster.yaml"), load(PROJECT / "dagster.yaml")
    assert here["concurrency"] == root["concurrency"]
    assert here["run_monitoring"]["enabled"]


INSTANCES = [PROJECT / "dagster.yaml", *sorted((PROJECT / "deploy").glob("*/dagster*.yaml"))]


@pytest.mark.parametrize("file", INSTANCES)
def test_shows_take_turns_and_none_may_take_all_places(file: Path) -> None:
    instance = load(file)
    coordinator, runs = instance["run_coordinator"], instance["concurrency"]["runs"]
    assert (coordinator["module"], coordinator["class"]) == (FairRunCoordinator.__module__, FairRunCoordinator.__name__)
    limits = {limit["key"]: limit["limit"] for limit in runs["tag_concurrency_limits"]}
    partition_tag, show_tag = TENANT_TAGS.values() if file.parent.name == "tenants" else TENANT_TAGS
    assert limits[partition_tag] == 1
    assert limits[show_tag] < runs["max_concurrent_runs"]


@pytest.mark.parametrize("file", INSTANCES)
def test_ticks_that_found_nothing_are_purged_after_a_day(file: Path) -> None:
    retention = load(file)["retention"]["sensor"]
    settings = get_tick_retention_settings(retention, get_default_tick_retention_settings(InstigatorType.SENSOR))
    assert settings[TickStatus.SKIPPED] == 1


def test_every_setting_is_in_env_example_and_used() -> None:
    compose = load(DOCKER / "compose.yaml")
    text = (DOCKER / "compose.yaml").read_text()
    passed_on = {
        name
        for service in compose["services"].values()
        for name, value in service["environment"].items()
        if value is None
    }
    used = passed_on | set(re.findall(r"\$\{(\w+)\}", text)) | {"CLIPPER_INSTANCE", "DOCKER_GID"}
    assert used == named()


def test_runs_get_the_environment_of_the_daemon() -> None:
    daemon = load(DOCKER / "compose.yaml")["services"]["daemon"]["environment"]
    variables = load(DOCKER / "dagster.yaml")["run_launcher"]["config"]["env_vars"]
    assert set(variables) <= set(daemon)
    assert not any("=" in name for name in variables)


def test_the_code_location_has_the_settings_of_runs() -> None:
    """It observes what they read; what it does not know would make their results stale."""
    code_location = load(DOCKER / "compose.yaml")["services"]["code-location"]["environment"]
    for name in ("dagster.yaml", "dagster-cpu.yaml"):
        assert set(load(DOCKER / name)["run_launcher"]["config"]["env_vars"]) <= set(code_location)


def test_services_are_unprivileged() -> None:
    services = load(DOCKER / "compose.yaml")["services"]
    for name, service in services.items():
        if name != "postgres":
            assert service["read_only"], name
            assert service["user"] == "1000:1000", name
            assert service["cap_drop"] == ["ALL"], name
    sockets = {name for name, service in services.items() if "docker.sock" in str(service.get("volumes"))}
    assert sockets == {"daemon", "webserver"}


def test_the_lock_for_cuda_matches_the_constraints() -> None:
    light, cuda = (
        dict(line.split("==") for line in (PROJECT / file).read_text().splitlines() if "==" in line)
        for file in ("constraints.txt", "requirements/whisperx-cuda.txt")
    )
    assert {name: version for name, version in cuda.items() if light.get(name, version) != version} == {}
    assert {"torch", "torchaudio", "whisperx", "pyannote-audio", "nvidia-cudnn-cu12"} <= set(cuda)
    assert "+cpu" not in cuda["torch"]
    assert "--constraint requirements/whisperx-cuda.txt" in (DOCKER / "whisperx.sh").read_text()


def test_both_targets_of_the_dockerfile_run_as_a_user() -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text()
    assert re.findall(r"^FROM .* AS (\w+)$", dockerfile, re.MULTILINE) == ["service", "gpu"]
    assert dockerfile.count("\nUSER 1000:1000\n") == 2
    assert dockerfile.count('\nENTRYPOINT ["tini", "--"]\n') == 2


def test_transcripts_of_all_containers_lock_gpus_in_a_volume_that_runs_share() -> None:
    locks = Path(load(DOCKER / "compose.yaml")["services"]["daemon"]["environment"]["CLIPPER_GPU_LOCKS"])
    config = load(DOCKER / "dagster.yaml")["run_launcher"]["config"]
    assert "CLIPPER_GPU_LOCKS" in config["env_vars"]
    (volume,) = config["container_kwargs"]["volumes"]
    assert volume.split(":")[1] == str(locks.parent)
    (device_request,) = config["container_kwargs"]["device_requests"]
    assert device_request["count"] == -1


def test_the_daemon_sets_the_pools_before_it_starts() -> None:
    *shell, script, log_format = load(DOCKER / "compose.yaml")["services"]["daemon"]["command"]
    assert shell == ["sh", "-c"]
    assert script.startswith("clipper pools && exec dagster-daemon run ")
    assert script.endswith('"$$0"')
    assert log_format.startswith("--log-format=")
