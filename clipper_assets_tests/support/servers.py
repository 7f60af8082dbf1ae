"""Real servers: `dagster dev` with its daemon and webserver, `clipper-api`, and an S3 API that counts what is read."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
SIGNER = re.compile(r"Credential=([^/]+)/")
FULL, READ = "full-token-of-the-tests", "read-token-of-the-tests"
OPERATOR = "operator-token-of-the-tests"

Found = TypeVar("Found")


def until(what: str, look: Callable[[], Found | None]) -> Found:
    """What `look` finds, as soon as it finds something; fails after `DEADLINE_S`."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(POLL_S)
    raise AssertionError(f"{what} did not happen within {DEADLINE_S:g} s")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    command: Sequence[str], environment: Mapping[str, str], log: Path, health: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """A server with all its children, from when it answers at `health` on."""
    with log.open("ab") as stream:
        process = subprocess.Popen(
            command, env=environment, cwd=PROJECT, stdout=stream, stderr=stream, start_new_session=True
        )

    def answers() -> bool | None:
        assert process.poll() is None, log.read_text()
        try:
            return requests.get(health, timeout=5).ok or None
        except requests.ConnectionError:
            return None

    try:
        until(f"the start of {command[0]}", answers)
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
    """A running `dagster dev`, and the environment that it has."""

    url: str
    environment: dict[str, str]
    log: Path
    process: "subprocess.Popen[bytes]"

    def kill(self) -> None:
        """All of its servers at once, as when the machine's power fails; its runs are not among them."""
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
        """Run the command line beside it, on the same storage and instance."""
        command = [str(SCRIPTS / "clipper"), *arguments]
        done = subprocess.run(command, env=self.environment, cwd=PROJECT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def deployed(folder: Path, storage: str, **environment: str) -> Iterator[Deployment]:
    """`dagster dev` on a storage, with the instance in `folder`: by its `home/dagster.yaml`, or the project's own."""
    home, port, log = folder / "home", free_port(), folder / "dagster.log"
    home.mkdir(exist_ok=True)
    if not (home / "dagster.yaml").exists():
        shutil.copy(PROJECT / "dagster.yaml", home)
    wanted = {
        **os.environ,
        **environment,
        "DAGSTER_HOME": str(home),
        "CLIPPER_STORAGE": storage,
        "CLIPPER_SENSOR_INTERVAL_S": "5",
        "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
    }
    url = f"http://127.0.0.1:{port}"
    command = [str(SCRIPTS / "dagster"), "dev", "-h", "127.0.0.1", "-p", str(port)]
    with serving(command, wanted, log, f"{url}/server_info") as process:
        yield Deployment(url, wanted, log, process)


@dataclass(frozen=True)
class Api:
    """A running `clipper-api`."""

    url: str
    log: Path
    process: "subprocess.Popen[bytes]"

    def asked(self, method: str, path: str, token: str = FULL, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=DEADLINE_S, **more)

    def episode(self, key: str) -> dict[str, Any]:
        answer = self.asked("GET", f"/episodes/{key}")
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def api_beside(
    deployment: Deployment, port: int | None = None, under: Sequence[str] = (), **environment: str
) -> Iterator[Api]:
    """`clipper-api` on the storage and the instance of a deployment, run by the command `under`."""
    port = port or free_port()
    wanted = {**deployment.environment, "AUTH_TOKEN": f"{FULL},read:{READ},operator:{OPERATOR}", **environment}
    url, log = f"http://127.0.0.1:{port}", deployment.log.with_name("api.log")
    command = [*under, str(SCRIPTS / "clipper-api"), "--port", str(port)]
    with serving(command, wanted, log, f"{url}/health") as process:
        yield Api(url, log, process)


@dataclass(frozen=True)
class Request:
    """One request that the S3 API answered; `bytes_sent` is the length of its answer, `signer` an access key."""

    method: str
    path: str
    bytes_sent: int
    query: str
    signer: str | None


@dataclass
class CountingS3:
    """moto's S3 API on loopback, with each request on record."""

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
        return [seen.bytes_sent for seen in self.requests if (seen.method, seen.path) == ("GET", path)]


def _say_who_signed(environ: dict[str, Any]) -> None:
    """moto's IAM looks for the signer of a request in its headers alone; a presigned URL has it in its query."""
    query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    if "X-Amz-Credential" in query:
        environ["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 Credential={query['X-Amz-Credential']}, Signature=none, "
    if "X-Amz-Security-Token" in query:
        environ["HTTP_X_AMZ_SECURITY_TOKEN"] = query["X-Amz-Security-Token"]


@contextmanager
def serving_s3() -> Iterator[CountingS3]:
    application = DomainDispatcherApplication(create_backend_app)
    counting = CountingS3("")

    def counted(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def record(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            length = int({name.lower(): value for name, value in headers}.get("content-length", 0))
            method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
            signed = SIGNER.search(environ.get("HTTP_AUTHORIZATION", ""))
            signer = signed[1] if signed else None
            counting.requests.append(Request(method, path, length, environ["QUERY_STRING"], signer))
            return start_response(status, headers, *rest)

        _say_who_signed(environ)
        answer: Iterable[bytes] = application(environ, record)
        return answer

    with on_loopback(counted) as counting.url:
        yield counting
