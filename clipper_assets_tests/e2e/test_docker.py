"""Docker Compose on a real engine: an upload to S3 becomes clips in a separate container, which may be killed."""

import hashlib
import json
import re
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest
import requests

from clipper_assets_tests.support.docker_engine import PLANTED, Engine, build_images, serving_docker
from clipper_assets_tests.support.servers import PROJECT, CountingS3, serving_s3, wait_for

pytestmark = pytest.mark.docker

BUCKET, LOGS = "episodes", "logs"
PASSWORD, TOKEN, KEY = "planted-database-password", "planted-api-token", "planted-openai-key"
SECRETS = (PASSWORD, TOKEN, KEY)
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\r?\n[A-Za-z0-9+/=]{40}")
"""Matches a complete private key; libraries contain only the header words."""
OF_PACKAGES = re.compile(r"^(\./)?usr/(share|include|lib)/|/(site|dist)-packages/")
"""Paths of test keys in published packages (`future`, GnuTLS), which Trivy's allow rules skip, too."""
SERVICES = ("postgres", "code-location", "webserver", "daemon", "api")
STARTED = """query($key: String!) {
  runsOrError(filter: {tags: [{key: "dagster/partition", value: $key}]}) {
    ... on Runs { results { runId status parentRunId stepStats { stepKey status } tags { key value } } }
  }
}"""


@dataclass(frozen=True)
class Stack:
    """The running Compose deployment on a bucket."""

    engine: Engine
    s3: CountingS3
    env_file: Path

    def upload(self, cut: Path, name: str) -> None:
        for suffix in (".srt", ".mp4"):
            self.s3.client.upload_file(str(cut.with_suffix(suffix)), BUCKET, f"{name}/talk{suffix}")

    def runs(self, name: str) -> list[dict[str, Any]]:
        """Returns all runs of an episode, the oldest first."""
        body = {"query": STARTED, "variables": {"key": f"{name}/talk.mp4"}}
        answer = requests.post("http://127.0.0.1:3000/graphql", json=body, timeout=30).json()
        assert "errors" not in answer, answer
        return list(reversed(answer["data"]["runsOrError"]["results"]))

    def succeeded(self, name: str) -> bool | None:
        runs = self.runs(name)
        return (bool(runs) and runs[-1]["status"] == "SUCCESS") or None

    def rendering(self, name: str) -> dict[str, Any] | None:
        for run in self.runs(name)[:1]:
            if any(step["stepKey"] == "rendered_clips" and step["status"] for step in run["stepStats"]):
                return run
        return None

    def clips(self, name: str) -> dict[str, str]:
        """Returns the SHA-256 of each clip in the manifest; there must be no other clips."""
        manifest = json.loads(self.read(f"{name}/clips/manifest.json"))
        assert manifest["status"] == "done"
        listed = self.s3.client.list_objects_v2(Bucket=BUCKET, Prefix=f"{name}/clips/")["Contents"]
        videos = sorted(each["Key"] for each in listed if each["Key"].endswith(".mp4"))
        assert videos == sorted(clip["key"] for clip in manifest["clips"])
        return {Path(key).name: hashlib.sha256(self.read(key)).hexdigest() for key in videos}

    def read(self, key: str, bucket: str = BUCKET) -> bytes:
        return bytes(self.s3.client.get_object(Bucket=bucket, Key=key)["Body"].read())


def container_of(run: dict[str, Any]) -> str:
    return next(str(tag["value"]) for tag in run["tags"] if tag["key"] == "docker/container_id")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with serving_docker(tmp_path_factory.mktemp("docker")) as engine:
        build_images(engine)
        yield engine


@pytest.fixture(scope="module")
def stack(engine: Engine) -> Iterator[Stack]:
    env_file = engine.folder / "env"
    with serving_s3() as s3:
        for bucket in (BUCKET, LOGS):
            s3.client.create_bucket(Bucket=bucket)
        settings = {
            "CLIPPER_STORAGE": f"s3://{BUCKET}",
            "CLIPPER_LOGS_BUCKET": LOGS,
            **s3.environment,
            "AUTH_TOKEN": TOKEN,
            "OPENAI_API_KEY": KEY,
            "HF_TOKEN": "",
            "CLIPPER_DB_PASSWORD": PASSWORD,
            "CLIPPER_RUN_IMAGE": "clipper:gpu",
            "CLIPPER_INSTANCE": "./dagster-cpu.yaml",
            "CLIPPER_NETWORK": "host",
            "CLIPPER_WHISPER_MODEL": "small",
            "CLIPPER_WINDOW_MIN_S": "3",
            "CLIPPER_WINDOW_MAX_S": "6",
            "CLIPPER_TIME_LIMIT_SCALE": "1",
            "CLIPPER_SENSOR_INTERVAL_S": "5",
            "CLIPPER_LOG_FORMAT": "json",
            "CLIPPER_DOCKER_SOCKET": str(engine.socket),
            "DOCKER_GID": str(engine.socket.stat().st_gid),
        }
        env_file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        engine.compose(env_file, "up", "--detach")
        stack = Stack(engine, s3, env_file)
        wait_for("the health of all services", lambda: _all_healthy(stack))
        yield stack


def _all_healthy(stack: Stack) -> bool | None:
    states = [
        stack.engine.docker("inspect", "--format", "{{.State.Health.Status}}", f"clipper_{name}_1").strip()
        for name in SERVICES
    ]
    return set(states) == {"healthy"} or None


def test_an_upload_becomes_clips_in_a_separate_container(stack: Stack, cut: Path) -> None:
    stack.upload(cut, "whole")
    run = wait_for("the start of rendering", lambda: stack.rendering("whole"))
    settings = json.loads(stack.engine.docker("inspect", container_of(run)))[0]
    assert settings["Config"]["Image"] == "clipper:gpu"
    assert settings["Config"]["User"] == "1000:1000"
    assert settings["HostConfig"]["ReadonlyRootfs"]
    wait_for("the end of the run", lambda: stack.succeeded("whole"))
    assert len(stack.clips("whole")) == 2


def test_a_run_whose_container_is_killed_is_retried_with_the_same_result(stack: Stack, cut: Path) -> None:
    stack.upload(cut, "killed")
    run = wait_for("the start of rendering", lambda: stack.rendering("killed"))
    stack.engine.docker("kill", container_of(run))
    killed_at = time.monotonic()
    wait_for("the end of the retry", lambda: stack.succeeded("killed"))
    first, second = stack.runs("killed")
    assert (first["status"], second["parentRunId"]) == ("FAILURE", first["runId"])
    assert {step["stepKey"] for step in second["stepStats"]} == {"rendered_clips", "episode_costs", "library"}
    assert stack.clips("killed") == stack.clips("whole")
    assert time.monotonic() - killed_at < 120


def test_a_run_whose_container_is_stopped_continues_in_another(stack: Stack, cut: Path) -> None:
    stack.upload(cut, "stopped")
    run = wait_for("the start of rendering", lambda: stack.rendering("stopped"))
    stack.engine.docker("stop", container_of(run))
    wait_for("the end of the retry", lambda: stack.succeeded("stopped"))
    assert stack.clips("stopped") == stack.clips("whole")


def test_the_api_shows_the_episode(stack: Stack) -> None:
    url = "http://127.0.0.1:8000/episodes/whole/talk.mp4"
    assert requests.get(url, timeout=30).status_code == 401
    assert requests.get(url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30).json()["clips"] == 2


@pytest.mark.parametrize("target", ["service", "gpu"])
def test_no_image_contains_a_secret_or_runs_as_root(engine: Engine, target: str, tmp_path: Path) -> None:
    image = f"clipper:{target}"
    archive = tmp_path / "image.tar"
    engine.docker("save", "--output", str(archive), image)
    names, wrong = [], []
    for name, content in _files(archive.open("rb")):
        names.append(name)
        wrong += [(name, secret) for secret in (*SECRETS, PLANTED) if secret.encode() in content]
        if PRIVATE_KEY.search(content) and not OF_PACKAGES.search(name):
            wrong.append((name, "private key"))
    assert wrong == []
    assert any(name.endswith("clipper_assets/settings.py") for name in names)
    history = engine.docker("history", "--no-trunc", image)
    assert not [secret for secret in (*SECRETS, PLANTED) if secret in history]
    assert _inside(engine, image, "id", "-u") == "1000"


def test_no_log_contains_a_secret(stack: Stack) -> None:
    logs = [stack.engine.docker("logs", f"clipper_{name}_1").encode() for name in SERVICES]
    listed = stack.s3.client.list_objects_v2(Bucket=LOGS)["Contents"]
    logs += [stack.read(each["Key"], LOGS) for each in listed]
    assert len(logs) > len(SERVICES)
    for secret in SECRETS:
        assert not any(secret.encode() in log for log in logs), secret


def test_logs_are_json(stack: Stack) -> None:
    listed = stack.s3.client.list_objects_v2(Bucket=LOGS)["Contents"]
    texts = {name: stack.engine.docker("logs", f"clipper_{name}_1") for name in ("daemon", "api")}
    texts["runs"] = "".join(stack.read(each["Key"], LOGS).decode() for each in listed if each["Key"].endswith(".err"))
    lines = {
        name: [json.loads(line) for line in text.splitlines() if line.startswith("{")] for name, text in texts.items()
    }
    assert "dagster.daemon.SensorDaemon" in {line["logger"] for line in lines["daemon"]}
    assert ("/ready", 200) in {(line.get("path"), line.get("status")) for line in lines["api"]}
    assert ("rendered_clips", "killed/talk.mp4") in {(line.get("step"), line.get("episode")) for line in lines["runs"]}


@pytest.mark.parametrize("target", ["service", "gpu"])
def test_the_root_file_system_can_be_read_only(engine: Engine, target: str) -> None:
    output = _inside(engine, f"clipper:{target}", "clipper", "process", "--help")
    assert "Usage: clipper process" in output
    findings = _inside(
        engine, f"clipper:{target}", "env", "-u", "DAGSTER_HOME", "CLIPPER_STORAGE=/tmp", "clipper", "doctor"
    )
    assert "the main job can run" in findings


def test_the_service_image_has_no_torch_and_consistent_packages(engine: Engine) -> None:
    assert _inside(engine, "clipper:service", "pip", "check") == "No broken requirements found."
    assert "torch" not in _inside(engine, "clipper:service", "pip", "list", "--format", "freeze")
    assert "whisperx==" in _inside(engine, "clipper:gpu", "pip", "list", "--format", "freeze")


@pytest.mark.parametrize("target", ["service", "gpu"])
def test_the_deployment_page_quotes_the_size_of_each_image(engine: Engine, target: str) -> None:
    quoted = re.search(
        rf"docker build --target {target} .* (\d\.\d) GB", (PROJECT / "docs" / "deployment.md").read_text()
    )
    assert quoted
    size_bytes = int(engine.docker("inspect", "--format", "{{.Size}}", f"clipper:{target}"))
    assert float(quoted[1]) == pytest.approx(size_bytes / 1e9, abs=0.2)


def _files(archive: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yields the name and content of each file in all layers of an image. Closes the archive."""
    with archive, tarfile.open(fileobj=archive) as tar:
        for member in filter(tarfile.TarInfo.isfile, tar):
            file = tar.extractfile(member)
            assert file, member
            is_layer = tarfile.is_tarfile(file)
            file.seek(0)
            if is_layer:
                yield from _files(file)
            else:
                yield member.name, file.read()


def _inside(engine: Engine, image: str, *command: str) -> str:
    hardened = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
    return engine.docker("run", "--rm", "--network", "host", *hardened, image, *command).strip()
