"""What S3 denies is told of in one sentence by runs, command line and API."""

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

KEY = "show/cut.mp4"
ACCESS_DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


def denied(operation: str, uri: str, code: str = "AccessDenied") -> str:
    permission = "s3:GetObject and s3:ListBucket" if operation == "HeadObject" else "it"
    return f"S3 denies {operation} of {uri} ({code}); allow {permission} to the credentials of this service"


class Guard:
    """An S3 that answers as the one behind it, but for the requests that are denied (`PUT`, `show/cut.mp4`)."""

    def __init__(self) -> None:
        self.denied: set[tuple[str, str]] = set()
        self._behind = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if not any(environ["REQUEST_METHOD"] == method and key in environ["PATH_INFO"] for method, key in self.denied):
            return self._behind(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "application/xml")])
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else ACCESS_DENIED]


@pytest.fixture
def guard(s3_storage: S3Storage, cut: Path, monkeypatch: pytest.MonkeyPatch, short_windows: None) -> Iterator[Guard]:
    """Before `s3_storage`, which has an upload."""
    s3_storage.put_file(KEY, cut)
    s3_storage.put_file("show/cut.srt", cut.with_suffix(".srt"))
    guard = Guard()
    with on_loopback(guard) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        yield guard


@pytest.fixture
def guarded(guard: Guard, s3_storage: S3Storage) -> S3Storage:
    """The same storage by way of the guard."""
    found = storage_at(f"s3://{s3_storage.bucket}/team/podcasts", 3600)
    assert isinstance(found, S3Storage)
    return found


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
def test_a_run_that_s3_denies_something(
    method: str,
    key: str,
    operation: str,
    code: str,
    guard: Guard,
    guarded: S3Storage,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    instance.add_dynamic_partitions("episodes", [KEY])
    guard.denied.add((method, key))
    result = dg.materialize(
        job.assets,
        partition_key=KEY,
        instance=instance,
        resources=job.build_resources(Settings(), guarded),
        raise_on_error=False,
    )
    assert told(result) == [denied(operation, guarded.uri(key), code)]


def test_a_run_whose_signed_urls_s3_denies(guard: Guard, guarded: S3Storage, instance: dg.DagsterInstance) -> None:
    guard.denied.add(("GET", KEY))
    _, result = clip_episode(guarded, KEY, instance)
    assert told(result) == [
        f"S3 denies reading {guarded.uri(KEY)} (403 Forbidden); allow s3:GetObject to the credentials of this service"
    ]


def test_the_command_line_that_s3_denies_something(
    guard: Guard, guarded: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIPPER_STORAGE", f"s3://{guarded.bucket}/team/podcasts")
    monkeypatch.setattr(process, "local_instance", dg.DagsterInstance.ephemeral)
    guard.denied.add(("HEAD", KEY))
    result = CliRunner().invoke(cli.main, ["process", KEY])
    assert result.exit_code == 1
    assert result.output == f"clipper: {denied('HeadObject', guarded.uri(KEY), '403')}\n"


def test_the_api_that_s3_denies_something(guard: Guard, guarded: S3Storage) -> None:
    app = FastAPI()
    add_handlers(app)
    app.add_api_route("/object", lambda: guarded.read_bytes(KEY))
    app.add_api_route("/listing", lambda: list(guarded.list_objects("show")))
    app.add_api_route("/upload", lambda: S3Multipart(guarded).begin(KEY, "video/mp4"))
    guard.denied |= {("GET", guarded.bucket), ("POST", KEY)}
    client = TestClient(app)
    sentences = {
        "/object": denied("GetObject", guarded.uri(KEY)),
        "/listing": denied("ListObjectsV2", guarded.uri("show") + "/"),
        "/upload": denied("CreateMultipartUpload", guarded.uri(KEY)),
    }
    for path, sentence in sentences.items():
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (503, {"detail": sentence})


def told(result: dg.ExecuteInProcessResult) -> list[str]:
    """What Dagster's page says of each step that failed: a sentence, and no other error that led to it."""
    errors = [event.step_failure_data.error for event in result.filter_events(lambda event: event.is_step_failure)]
    sentences = failures(result)
    for sentence, error in zip(sentences, errors, strict=True):
        assert error
        assert error.message == f"dagster._core.definitions.events.Failure: {sentence}\n"
        assert (error.cause, error.context) == (None, None)
    return sentences
