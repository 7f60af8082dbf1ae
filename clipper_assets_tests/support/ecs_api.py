"""The part of Amazon ECS's API that services and the run launcher use, on loopback; it runs tasks as processes.

Request bodies are validated against the API's published schema, which is part of botocore. A task gets only what its
definition says: environment, secrets, and the credentials of its role, which it requests as on ECS.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import botocore.session
from botocore.validate import ParamValidator
from werkzeug import Request, Response

from clipper_assets_tests.support.loopback import on_loopback
from clipper_assets_tests.support.servers import PROJECT, SCRIPTS

IMAGE_ROOT = "/opt/clipper"
"""The project's folder in its images."""
PREFIXES = {"AmazonEC2ContainerServiceV20141113": "ecs", "Logs_20140328": "logs"}
ARN = "arn:aws:ecs:us-east-1:123456789012"
CLUSTER = f"{ARN}:cluster/clipper"
LAST_LINES = 20

Body = dict[str, Any]


@dataclass
class Task:
    """A process that RunTask or a service started."""

    arn: str
    definition: Body
    overrides: Body
    process: "subprocess.Popen[bytes]"
    log: Path
    tags: Mapping[str, str]
    stopped: str | None = None

    @property
    def container(self) -> str:
        return str(self.definition["containerDefinitions"][0]["name"])

    def description(self) -> Body:
        code = self.process.poll()
        running = code is None
        return {
            "taskArn": self.arn,
            "clusterArn": CLUSTER,
            "taskDefinitionArn": self.definition["taskDefinitionArn"],
            "lastStatus": "RUNNING" if running else "STOPPED",
            "desiredStatus": "STOPPED" if self.stopped or not running else "RUNNING",
            "containers": [{"name": self.container, **({} if running else {"exitCode": code})}],
            **({} if running else {"stoppedReason": self.stopped or "Essential container in task exited"}),
        }

    def stop(self, reason: str) -> None:
        """Send SIGTERM, as ECS does when it stops a task, also when a spot instance is reclaimed."""
        self.stopped = reason
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)


@dataclass
class LoopbackEcs:
    """The API's state.

    Attributes:
        network_environment: Variables for every task that replace what the network and the agent of ECS provide.
        secrets: Values by ARN.
        credentials: Returns the credentials of a role by its name.
        called: Access key and operation of every request.
        bodies: Operation and body of every request.
        rejected: Why requests were rejected.
    """

    folder: Path
    url: str
    network_environment: Mapping[str, str]
    secrets: Mapping[str, str]
    credentials: Callable[[str], Body]
    definitions: dict[str, Body] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    called: set[tuple[str, str]] = field(default_factory=set)
    bodies: list[tuple[str, Body]] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    _number: Iterator[int] = field(default_factory=count)

    def answer(self, request: Request) -> Response:
        if request.path.startswith("/credentials/"):
            return _json(self.credentials(request.path.removeprefix("/credentials/")))
        if request.path.startswith("/metadata/"):
            task = self.tasks[_arn(int(request.path.split("/")[2]))]
            return _json({"Name": task.container, "Cluster": CLUSTER, "TaskARN": task.arn})
        prefix, _, operation = request.headers["X-Amz-Target"].partition(".")
        service = PREFIXES[prefix]
        body = request.get_json(force=True)
        self.called.add((_access_key(request), f"{service}:{operation}"))
        self.bodies.append((operation, body))
        shape = botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape
        assert shape
        report = ParamValidator().validate(body, shape)
        if report.has_errors():
            self.rejected.append(f"{operation}: {report.generate_report()}")
            return _json({"__type": "ClientException", "message": report.generate_report()}, 400)
        return _json(getattr(self, f"_{operation}")(body))

    def _RegisterTaskDefinition(self, body: Body) -> Body:  # noqa: N802  # as AWS names it
        registered = {**body, "taskDefinitionArn": f"{ARN}:task-definition/{body['family']}:1", "revision": 1}
        self.definitions[body["family"]] = registered
        return {"taskDefinition": registered}

    def _DescribeTaskDefinition(self, body: Body) -> Body:  # noqa: N802
        return {"taskDefinition": self._definition(body["taskDefinition"])}

    def _CreateService(self, body: Body) -> Body:  # noqa: N802
        self._start(self._definition(body["taskDefinition"]), {}, {})
        return {"service": {"serviceName": body["serviceName"], "status": "ACTIVE"}}

    def _RunTask(self, body: Body) -> Body:  # noqa: N802
        (override,) = body["overrides"]["containerOverrides"]
        tags = {tag["key"]: tag["value"] for tag in body.get("tags", [])}
        return {"tasks": [self._start(self._definition(body["taskDefinition"]), override, tags).description()]}

    def _DescribeTasks(self, body: Body) -> Body:  # noqa: N802
        return {"tasks": [self.tasks[arn].description() for arn in body["tasks"] if arn in self.tasks]}

    def _StopTask(self, body: Body) -> Body:  # noqa: N802
        task = self.tasks[body["task"]]
        task.stop(body.get("reason", "Task stopped by user"))
        return {"task": task.description()}

    def _GetLogEvents(self, body: Body) -> Body:  # noqa: N802
        task = next(task for task in self.tasks.values() if body["logStreamName"].endswith(Path(task.arn).name))
        lines = task.log.read_text().splitlines()[-min(body["limit"], LAST_LINES) :]
        return {"events": [{"timestamp": int(time.time() * 1000), "message": line} for line in lines]}

    def _definition(self, name: str) -> Body:
        """The task definition with this family or ARN."""
        return next(
            definition
            for family, definition in self.definitions.items()
            if name in {family, definition["taskDefinitionArn"]}
        )

    def _start(self, definition: Body, override: Body, tags: Mapping[str, str]) -> Task:
        (container,) = definition["containerDefinitions"]
        number = next(self._number)
        log = self.folder / f"{definition['family']}-{number}.log"
        variables = [*container.get("environment", []), *override.get("environment", [])]
        environment = {
            "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "PYTHONPATH": str(PROJECT),
            "AWS_ENDPOINT_URL_ECS": self.url,
            "AWS_ENDPOINT_URL_LOGS": self.url,
            "ECS_CONTAINER_METADATA_URI_V4": f"{self.url}/metadata/{number}",
            **self.network_environment,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self.url}/credentials/{definition['taskRoleArn'].split('/')[-1]}",
            **{variable["name"]: variable["value"].replace(IMAGE_ROOT, str(PROJECT)) for variable in variables},
            **{secret["name"]: self.secrets[secret["valueFrom"]] for secret in container.get("secrets", [])},
        }
        command = [part.replace(IMAGE_ROOT, str(PROJECT)) for part in override.get("command") or container["command"]]
        with log.open("ab") as output:
            process = subprocess.Popen(
                [shutil.which(command[0], path=environment["PATH"]) or command[0], *command[1:]],
                env=environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        task = Task(_arn(number), definition, override, process, log, tags)
        self.tasks[task.arn] = task
        return task

    def kill_tasks(self) -> None:
        """Kill the tasks that still run."""
        for task in self.tasks.values():
            if task.process.poll() is None:
                os.killpg(task.process.pid, signal.SIGKILL)
            task.process.wait()


def _arn(number: int) -> str:
    return f"{ARN}:task/clipper/{number:032x}"


def _access_key(request: Request) -> str:
    return request.headers["Authorization"].split("Credential=")[1].split("/")[0]


def _json(body: Body, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/x-amz-json-1.1")


@contextmanager
def serving_ecs(
    folder: Path, network_environment: Mapping[str, str], secrets: Mapping[str, str], credentials: Callable[[str], Body]
) -> Iterator[LoopbackEcs]:
    """Serve the API until the end of the block, and kill all tasks then."""
    ecs = LoopbackEcs(folder, "", network_environment, secrets, credentials)
    with on_loopback(Request.application(ecs.answer)) as ecs.url:
        try:
            yield ecs
        finally:
            ecs.kill_tasks()
