"""Requests that S3 denies are reported in one sentence by runs, the command line and the API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from fastapi.testclient import TestClient
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from clipper_assets import cli, job
from clipper_assets.api.problems import add_handlers
from clipper_assets.cli import process
from clipper_assets.runs.in_process import failures
from clipper_assets.settings import Settings
from clipper_assets.storage.multipart import S3Multipart
from clipper_assets.storage.root import storage_at
from clipper_assets.storage.s3 import S3Storage
from clipper_assets_tests.conftest import clip_episode
from clipper_assets_tests.support.loopback import on_loopback

pytestmark = pytest.mark.episodes

KEY = "show/cut.mp4"
ACCESS_DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


def denial(operation: str, uri: str, code: str = "AccessDenied") -> str:
    """The expected message about a denied request."""
    permission = "s3:GetObject and s3:ListBucket" if operation == "HeadObject" else "it"
    return f"S3 denies {operation} of {uri} ({code}); allow {permission} to the credentials of this service"


class DenyingS3:
    """moto's S3 server, except that it denies requests with a method and part of a path in `denied`."""

    def __init__(self) -> None:
        self.denied: set[tuple[str, str]] = set()
        self._s3 = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if not any(environ["REQUEST_METHOD"] == method and key in environ["PATH_INFO"] for method, key in self.denied):
            return self._s3(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "application/xml")])
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else ACCESS_DENIED]


@pytest.fixture
def denying_s3(
    s3_storage: S3Storage, cut: Path, monkeypatch: pytest.MonkeyPatch, short_windows: None
) -> Iterator[DenyingS3]:
    """A proxy for the server of `s3_storage`, to which an upload is added."""
    s3_storage.put_file(KEY, cut)
    s3_storage.put_file("show/cut.srt", cut.with_suffix(".srt"))
    server = DenyingS3()
    with on_loopback(server) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        yield server


@pytest.fixture
def denying_storage(denying_s3: DenyingS3, s3_storage: S3Storage) -> S3Storage:
    """The same storage, accessed through `denying_s3`."""
    storage = storage_at(f"s3://{s3_storage.bucket}/team/podcasts", 3600)
    assert isinstance(storage, S3Storage)
    return storage


@pytest.mark.parametrize(
    ("method", "key", "operation", "code"),
    [
        ("HEAD", KEY, "HeadObject", "403"),
        ("PUT", "lake/speech/episode=show%2Fcut.mp4/speech.flac", "PutObject", "AccessDenied"),
        ("PUT", "lake/raw_video/episode=show%2Fcut.mp4/source.parquet", "PutObject", "AccessDenied"),
        ("GET", "show/cut.srt", "GetObject", "AccessDenied"),
        ("PUT", "show/clips/clip_0.mp4", "PutObject", "AccessDenied"),
        ("PUT", "show/clips/manifest.json", "PutObject", "AccessDenied"),
    ],
)
def test_a_run_reports_which_request_s3_denied(
    method: str,
    key: str,
    operation: str,
    code: str,
    denying_s3: DenyingS3,
    denying_storage: S3Storage,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    instance.add_dynamic_partitions("episodes", [KEY])
    denying_s3.denied.add((method, key))
    result = dg.materialize(
        job.assets,
        partition_key=KEY,
        instance=instance,
        resources=job.build_resources(Settings(), denying_storage),
        raise_on_error=False,
    )
    assert failure_messages(result) == [denial(operation, denying_storage.uri(key), code)]


def test_a_run_reports_that_s3_denied_a_signed_url(
    denying_s3: DenyingS3, denying_storage: S3Storage, instance: dg.DagsterInstance
) -> None:
    denying_s3.denied.add(("GET", KEY))
    _, result = clip_episode(denying_storage, KEY, instance)
    assert failure_messages(result) == [
        f"S3 denies reading {denying_storage.uri(KEY)} (403 Forbidden); "
        "allow s3:GetObject to the credentials of this service"
    ]


def test_the_command_line_reports_which_request_s3_denied(
    denying_s3: DenyingS3, denying_storage: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIPPER_STORAGE", f"s3://{denying_storage.bucket}/team/podcasts")
    monkeypatch.setattr(process, "local_instance", dg.DagsterInstance.ephemeral)
    denying_s3.denied.add(("HEAD", KEY))
    result = CliRunner().invoke(cli.main, ["process", KEY])
    assert result.exit_code == 1
    assert result.output == f"clipper: {denial('HeadObject', denying_storage.uri(KEY), '403')}\n"


def test_the_api_answers_503_and_reports_which_request_s3_denied(
    denying_s3: DenyingS3, denying_storage: S3Storage
) -> None:
    app = FastAPI()
    add_handlers(app)
    app.add_api_route("/object", lambda: denying_storage.read_bytes(KEY))
    app.add_api_route("/listing", lambda: list(denying_storage.list_objects("show")))
    app.add_api_route("/upload", lambda: S3Multipart(denying_storage).begin(KEY, "video/mp4"))
    denying_s3.denied |= {("GET", denying_storage.bucket), ("POST", KEY)}
    client = TestClient(app)
    messages = {
        "/object": denial("GetObject", denying_storage.uri(KEY)),
        "/listing": denial("ListObjectsV2", denying_storage.uri("show") + "/"),
        "/upload": denial("CreateMultipartUpload", denying_storage.uri(KEY)),
    }
    for path, message in messages.items():
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (503, {"detail": message})


def failure_messages(result: dg.ExecuteInProcessResult) -> list[str]:
    """The message of each failed step; asserts that Dagster shows only this message, without a chain of causes."""
    errors = [event.step_failure_data.error for event in result.filter_events(lambda event: event.is_step_failure)]
    messages = failures(result)
    for message, error in zip(messages, errors, strict=True):
        assert error
        assert error.message == f"dagster._core.definitions.events.Failure: {message}\n"
        assert (error.cause, error.context) == (None, None)
    return messages
