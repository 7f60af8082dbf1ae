"""Real servers: `dagster dev` with its daemon and webserver, `clipper-api`, and an S3 API that records its requests."""

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs

import boto3
import psutil
import requests
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from clipper_assets.launch.workers import RUN_ID
from clipper_assets_tests.support.loopback import on_loopback

PROJECT = Path(__file__).parents[2]
SCRIPTS = Path(sys.executable).parent
DEADLINE_S = 480.0
POLL_S = 0.5
UNASSIGNED_PORTS = (20_000, 32_000)
"""Below the ephemeral ports of Linux, which begin at 32768."""
SIGNER = re.compile(r"Credential=([^/]+)/")
FULL, READ = "full-token-of-the-tests", "read-token-of-the-tests"
OPERATOR = "operator-token-of-the-tests"

Value = TypeVar("Value")


def wait_for(
    event: str,
    check: Callable[[], Value | None],
    unless: Callable[[], str | None] = lambda: None,
    state: Callable[[], str] = lambda: "",
) -> Value:
    """Call `check` until it returns something other than None, and return that.

    Fails after `DEADLINE_S`, with the `state` at that time, or as soon as `unless` returns the reason why the event
    cannot happen any more.
    """
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        reason = unless()  # before the check, because what ends the wait may happen between the two
        if (value := check()) is not None:
            return value
        assert reason is None, f"{event} cannot happen any more: {reason}"
        time.sleep(POLL_S)
    raise AssertionError(f"{event} did not happen within {DEADLINE_S:g} s; {state()}")


def free_port() -> int:
    """A port that is free until the server is up: the system gives none of these to outgoing connections."""
    while True:
        port = random.randrange(*UNASSIGNED_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def serving(
    command: Sequence[str], environment: Mapping[str, str], log: Path, health: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a server, wait until it answers at the URL `health`, and terminate it with its children at the end."""
    with log.open("ab") as stream:
        process = subprocess.Popen(
            command, env=environment, cwd=PROJECT, stdout=stream, stderr=stream, start_new_session=True
        )

    def answers() -> bool | None:
        assert process.poll() is None, log.read_text()
        try:
            return requests.get(health, timeout=5).ok or None
        except (requests.ConnectionError, requests.Timeout):
            return None

    try:
        wait_for(f"the start of {command[0]}", answers)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@dataclass(frozen=True)
class Deployment:
    """A running `dagster dev` with its environment."""

    url: str
    environment: dict[str, str]
    log: Path
    process: "subprocess.Popen[bytes]"

    def kill(self) -> None:
        """Kill all its servers at once, as a power failure does, but not the processes of its runs."""
        servers = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        for process in servers:
            if process.status() != psutil.STATUS_ZOMBIE and RUN_ID not in process.environ():
                process.kill()
        self.process.wait()

    def graphql(self, query: str, **variables: Any) -> Any:
        answer = requests.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=30).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def clipper(self, *arguments: str) -> str:
        """Run `clipper` on the same storage and instance, and return its standard output."""
        command = [str(SCRIPTS / "clipper"), *arguments]
        done = subprocess.run(command, env=self.environment, cwd=PROJECT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def deployed(folder: Path, storage: str, workspace: Path | None = None, /, **environment: str) -> Iterator[Deployment]:
    """Start `dagster dev` with the instance `folder/home`, with its own `dagster.yaml` or else the project's.

    So is `workspace` the project's by default.
    """
    home, port, log = folder / "home", free_port(), folder / "dagster.log"
    home.mkdir(exist_ok=True)
    if not (home / "dagster.yaml").exists():
        shutil.copy(PROJECT / "dagster.yaml", home)
    variables = {
        **os.environ,
        **environment,
        "DAGSTER_HOME": str(home),
        "CLIPPER_STORAGE": storage,
        "CLIPPER_SENSOR_INTERVAL_S": "5",
        "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
    }
    url = f"http://127.0.0.1:{port}"
    command = [str(SCRIPTS / "dagster"), "dev", "-h", "127.0.0.1", "-p", str(port)]
    command += ["-w", str(workspace)] if workspace else []
    with serving(command, variables, log, f"{url}/server_info") as process:
        yield Deployment(url, variables, log, process)


@dataclass(frozen=True)
class Api:
    """A running `clipper-api`."""

    url: str
    log: Path
    process: "subprocess.Popen[bytes]"

    def request(self, method: str, path: str, token: str = FULL, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=DEADLINE_S, **more)

    def episode(self, key: str) -> dict[str, Any]:
        answer = self.request("GET", f"/episodes/{key}")
        assert answer.ok, answer.text
        episode: dict[str, Any] = answer.json()
        return episode


@contextmanager
def api_beside(
    deployment: Deployment, port: int | None = None, under: Sequence[str] = (), **environment: str
) -> Iterator[Api]:
    """Start `clipper-api` on the storage and instance of a deployment; the words of `under` precede its command."""
    port = port or free_port()
    variables = {**deployment.environment, "AUTH_TOKEN": f"{FULL},read:{READ},operator:{OPERATOR}", **environment}
    url, log = f"http://127.0.0.1:{port}", deployment.log.with_name("api.log")
    command = [*under, str(SCRIPTS / "clipper-api"), "--port", str(port)]
    with serving(command, variables, log, f"{url}/health") as process:
        yield Api(url, log, process)


@dataclass(frozen=True)
class Request:
    """A request to the S3 API; `bytes_sent` is the length of the response, `signer` the access key that signed it."""

    method: str
    path: str
    bytes_sent: int
    query: str
    signer: str | None


@dataclass
class CountingS3:
    """moto's S3 API on loopback, which records every request."""

    url: str
    requests: list[Request] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    @property
    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            region_name="us-east-1",
        )

    def bytes_read(self, path: str) -> list[int]:
        """The number of bytes that each GET request for `path` read."""
        return [request.bytes_sent for request in self.requests if (request.method, request.path) == ("GET", path)]


def _copy_signer_into_headers(environ: dict[str, Any]) -> None:
    """Copy the signer of a presigned URL from its query into the headers, the only place in which moto's IAM looks."""
    query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    if "X-Amz-Credential" in query:
        environ["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 Credential={query['X-Amz-Credential']}, Signature=none, "
    if "X-Amz-Security-Token" in query:
        environ["HTTP_X_AMZ_SECURITY_TOKEN"] = query["X-Amz-Security-Token"]


@contextmanager
def serving_s3() -> Iterator[CountingS3]:
    application = DomainDispatcherApplication(create_backend_app)
    counting = CountingS3("")

    def recorded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def record(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            length = int({name.lower(): value for name, value in headers}.get("content-length", 0))
            method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
            signature = SIGNER.search(environ.get("HTTP_AUTHORIZATION", ""))
            signer = signature[1] if signature else None
            counting.requests.append(Request(method, path, length, environ["QUERY_STRING"], signer))
            return start_response(status, headers, *rest)

        _copy_signer_into_headers(environ)
        answer: Iterable[bytes] = application(environ, record)
        return answer

    with on_loopback(recorded) as counting.url:
        yield counting
