"""Objects that S3 has archived are reported in one sentence by runs, the command line and the API."""

from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner
from dagster._core.storage.tags import MAX_RETRIES_TAG
from fastapi import FastAPI
from fastapi.testclient import TestClient

from clipper_assets import cli
from clipper_assets.api.problems import add_handlers
from clipper_assets.cli import process
from clipper_assets.episodes.probe_subprocess import check_in_subprocess
from clipper_assets.runs.in_process import failures
from clipper_assets.shows.show import Layout, load_show
from clipper_assets.storage.lake import table_key
from clipper_assets.storage.s3 import S3Storage
from clipper_assets_tests.conftest import clip_episode

pytestmark = pytest.mark.episodes

KEY = "show/cut.mp4"
SIDECARS = {"show/cut.srt": b"", "show/speakers.toml": b"", "show/show.toml": b'layout = "fit"\n'}


@pytest.fixture
def uploaded(s3_storage: S3Storage, cut: Path, short_windows: None) -> S3Storage:
    s3_storage.put_file(KEY, cut)
    for key, content in SIDECARS.items():
        s3_storage.put_bytes(key, content or b'SPEAKER_00 = "Anna"\n')
    s3_storage.put_file("show/cut.srt", cut.with_suffix(".srt"))
    return s3_storage


def archive(storage: S3Storage, key: str, storage_class: str = "GLACIER") -> str:
    """Archive an object, as a lifecycle rule does, and return the expected error message."""
    content = storage.read_bytes(key)
    storage.client.put_object(**storage.location(key), Body=content, StorageClass=storage_class)  # type: ignore[arg-type]
    return (
        f"{storage.uri(key)} is archived in S3 (storage class {storage_class}); restore it, wait until that is done, "
        "and start again"
    )


@pytest.mark.parametrize("key", [KEY, *SIDECARS])
def test_a_run_that_needs_an_archived_upload_or_sidecar_fails_with_one_sentence_and_without_retry(
    key: str, uploaded: S3Storage, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = archive(uploaded, key)
    _, result = clip_episode(uploaded, KEY, instance)
    assert failures(result) == [message]
    run = instance.get_run_by_id(result.run_id)
    assert run
    assert run.tags[MAX_RETRIES_TAG] == "0"


def test_an_archived_table_fails_the_step_that_reads_it(
    uploaded: S3Storage, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploaded.delete("show/show.toml")
    _, result = clip_episode(uploaded, KEY, instance)
    assert result.success
    message = archive(uploaded, table_key("raw_video", "source", KEY), "DEEP_ARCHIVE")
    uploaded.put_bytes("show/speakers.toml", b'SPEAKER_00 = "Bert"\n')
    _, result = clip_episode(uploaded, KEY, instance)
    assert failures(result) == [message]


@pytest.mark.parametrize("key", [KEY, "show/show.toml"])
def test_the_command_line_reports_an_archived_object(
    key: str, uploaded: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIPPER_STORAGE", f"s3://{uploaded.bucket}/team/podcasts")
    monkeypatch.setattr(process, "local_instance", dg.DagsterInstance.ephemeral)
    message = archive(uploaded, key)
    result = CliRunner().invoke(cli.main, ["process", KEY])
    assert result.exit_code == 1
    assert [line for line in result.output.splitlines() if "clipper:" in line] == [f"clipper: {message}"]
    assert "Traceback" not in result.output


def test_the_api_answers_409_for_an_archived_upload(uploaded: S3Storage) -> None:
    message = archive(uploaded, KEY)
    app = FastAPI()
    add_handlers(app)

    @app.get("/check")
    def check() -> None:
        check_in_subprocess(uploaded, KEY, 3.0)

    answer = TestClient(app).get("/check")
    assert (answer.status_code, answer.json()) == (409, {"detail": message})


def test_restored_objects_and_those_with_instant_retrieval_can_be_read(uploaded: S3Storage) -> None:
    archive(uploaded, KEY)
    uploaded.client.restore_object(**uploaded.location(KEY), RestoreRequest={"Days": 1})
    assert "X-Amz-Signature" in uploaded.media_source(KEY)
    archive(uploaded, "show/show.toml", "GLACIER_IR")
    assert load_show(uploaded, KEY).layout is Layout.fit
