"""The files of `deploy/ecs` are valid for AWS, and only transcripts request a GPU."""

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import botocore.session
import pytest
import yaml
from botocore.validate import ParamValidator

from clipper_assets.runtime.pools import ECS_TASK, GPU_STEP
from clipper_assets.settings import Settings
from clipper_assets_tests.deploy.ecs import DEFINITIONS, ECS, ROLES, SERVICES, filled, settings

CAPACITY = ("services", "cpu", "cpu-spot", "gpu", "gpu-spot")
BODIES = [
    *((f"task-definitions/{name}.json", "RegisterTaskDefinition") for name in DEFINITIONS),
    *((f"services/{name}.json", "CreateService") for name in SERVICES),
    *((f"capacity/{name}.json", "CreateCapacityProvider") for name in CAPACITY),
]
QUEUE = [
    ("queue/dead-letters.json", "sqs", "CreateQueue"),
    ("queue/uploads.json", "sqs", "CreateQueue"),
    ("queue/rule.json", "events", "PutRule"),
    ("queue/target.json", "events", "PutTargets"),
]
POLICIES = (*ROLES, "execution", "trust", "upload-queue")


def definition(name: str) -> Any:
    return filled(f"task-definitions/{name}.json", settings())


@pytest.mark.parametrize(("file", "service", "operation"), [*((file, "ecs", name) for file, name in BODIES), *QUEUE])
def test_request_bodies_match_the_published_schema(file: str, service: str, operation: str) -> None:
    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape
    assert shape
    report = ParamValidator().validate(filled(file, settings()), shape)
    assert not report.has_errors(), report.generate_report()


def test_every_file_is_tested_and_every_setting_is_used() -> None:
    files = {str(path.relative_to(ECS)) for path in ECS.rglob("*.json")}
    policies = {f"policies/{name}.json" for name in POLICIES}
    assert files == {file for file, *_ in (*BODIES, *QUEUE)} | policies
    used = {name for file in files for name in re.findall(r"\$\{(\w+)\}", (ECS / file).read_text())}
    assert used == set(settings())


@pytest.mark.parametrize("name", DEFINITIONS)
def test_only_transcripts_request_a_gpu(name: str) -> None:
    (container,) = definition(name)["containerDefinitions"]
    requirements = container.get("resourceRequirements", [])
    assert requirements == ([{"type": "GPU", "value": "1"}] if name == "transcript" else [])


@pytest.mark.parametrize("name", DEFINITIONS)
def test_containers_are_unprivileged(name: str) -> None:
    (container,) = definition(name)["containerDefinitions"]
    assert container["user"] == "1000:1000"
    assert container["readonlyRootFilesystem"] is True
    assert container["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
    assert container["linuxParameters"]["initProcessEnabled"] is True
    assert "privileged" not in container
    assert definition(name)["taskRoleArn"].endswith(f":role/clipper-{'run' if name == 'transcript' else name}")


@pytest.mark.parametrize("name", DEFINITIONS)
def test_secrets_come_only_from_secrets_manager(name: str) -> None:
    (container,) = definition(name)["containerDefinitions"]
    plain = {each["name"] for each in container["environment"]}
    secret = {each["name"] for each in container["secrets"]}
    assert all(each["valueFrom"].startswith("arn:aws:secretsmanager:") for each in container["secrets"])
    assert not plain & secret
    assert not [name for name in plain if re.search("PASSWORD|TOKEN|SECRET|KEY", name)]


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_environment_variable_is_read_by_something(name: str) -> None:
    read = {
        f"CLIPPER_{field.upper()}" if not info.validation_alias else str(info.validation_alias)
        for field, info in Settings.model_fields.items()
    }
    files = "".join((ECS / file).read_text() for file in ("dagster.yaml", "workspace.yaml"))
    read |= set(re.findall(r"env: (\w+)", files)) | {"DAGSTER_HOME", "HF_HOME"}
    (container,) = definition(name)["containerDefinitions"]
    assert {each["name"] for each in (*container["environment"], *container["secrets"])} <= read


@pytest.mark.parametrize("name", ["run", "transcript"])
def test_the_code_location_has_the_settings_of_runs(name: str) -> None:
    """It observes what they read; what it does not know would make their results stale."""
    read, here = (
        {each["name"]: each.get("value", each.get("valueFrom")) for each in (*of["environment"], *of["secrets"])}
        for of in (definition(file)["containerDefinitions"][0] for file in (name, "code-location"))
    )
    assert {setting for setting, value in read.items() if here.get(setting) != value} == {
        "CLIPPER_LOG_FORMAT",
        "HF_HOME",
    }


def test_the_queue_gets_only_notifications_of_uploads() -> None:
    values = settings(PREFIX="podcasts/")
    queue, arn = filled("queue/uploads.json", values)["Attributes"], f"arn:aws:sqs:{values['REGION']}"
    redrive = json.loads(queue["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"].startswith(arn)
    assert redrive["deadLetterTargetArn"].endswith(filled("queue/dead-letters.json", values)["QueueName"])
    (sender,) = json.loads(queue["Policy"])["Statement"]
    assert sender["Condition"]["ArnEquals"]["aws:SourceArn"].endswith(f"/{filled('queue/rule.json', values)['Name']}")
    (reader,) = filled("policies/upload-queue.json", values)["Statement"]
    (target,) = filled("queue/target.json", values)["Targets"]
    assert sender["Resource"] == reader["Resource"] == target["Arn"]
    (key,) = json.loads(filled("queue/rule.json", values)["EventPattern"])["detail"]["object"]["key"]
    left_out = key["anything-but"]["wildcard"]
    for made in ("podcasts/lake/words/a.parquet", "podcasts/clips/clip_0.mp4", "podcasts/show/clips/1x1/clip_0.mp4"):
        assert any(fnmatchcase(made, pattern) for pattern in left_out)
    for kept in ("podcasts/show/a.mp4", "podcasts/show/show.toml", "podcasts/show/clips.mp4"):
        assert not any(fnmatchcase(kept, pattern) for pattern in left_out)


def test_runs_are_monitored_and_retried() -> None:
    here = yaml.safe_load((ECS / "dagster.yaml").read_text())
    assert here["run_monitoring"]["enabled"]
    assert here["run_retries"]["enabled"]
    assert here["run_retries"]["retry_on_asset_or_op_failure"]


def test_runs_and_transcripts_find_their_definitions_and_capacity() -> None:
    launcher = yaml.safe_load((ECS / "dagster.yaml").read_text())["run_launcher"]["config"]
    transcript = json.loads(GPU_STEP[ECS_TASK])
    for name, kwargs in (("run", launcher["run_task_kwargs"]), ("transcript", transcript)):
        providers = {each["capacityProvider"] for each in kwargs["capacityProviderStrategy"]}
        assert providers <= {filled(f"capacity/{each}.json", settings())["name"] for each in CAPACITY}
        assert all(("gpu" in provider) == (name == "transcript") for provider in providers)
        (container,) = definition(name)["containerDefinitions"]
        assert container["name"] == launcher["container_name"]
    assert launcher["task_definition"] == definition("run")["family"]
    assert transcript["taskDefinition"] == definition("transcript")["family"]


def test_the_daemon_sets_the_pools_and_runs_use_the_executor_of_ecs() -> None:
    (daemon,) = definition("daemon")["containerDefinitions"]
    assert "clipper pools && exec dagster-daemon run" in daemon["command"][-1]
    for name in ("code-location", "run", "transcript"):
        (container,) = definition(name)["containerDefinitions"]
        assert {"name": "CLIPPER_EXECUTOR", "value": "ecs"} in container["environment"]
