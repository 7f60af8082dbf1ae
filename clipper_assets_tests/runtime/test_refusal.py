"""Refusals on instances where Dagster retries runs whose steps failed, as on Kubernetes and ECS."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.tags import WILL_RETRY_TAG
from dagster._core.test_utils import instance_for_test

from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.conftest import clip_episode

RETRIES = {"run_retries": {"enabled": True, "max_retries": 3, "retry_on_asset_or_op_failure": True}}


def will_retry(instance: dg.DagsterInstance, run_id: str) -> str:
    run = instance.get_run_by_id(run_id)
    assert run
    return run.tags[WILL_RETRY_TAG]


def test_the_run_of_a_refused_upload_is_not_retried(storage: DirectoryStorage) -> None:
    storage.put_bytes("show/fake.mp4", b"this is no video" * 100)
    with instance_for_test(overrides=RETRIES) as instance:
        _, result = clip_episode(storage, "show/fake.mp4", instance)
        assert not result.success
        assert will_retry(instance, result.run_id) == "false"


def test_the_run_of_an_unexpected_failure_is_retried(
    storage: DirectoryStorage, cut: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> None:
        raise OSError("the network file system went away")

    storage.put_file("show/cut.mp4", cut)
    monkeypatch.setattr("clipper_assets.episodes.assets.probe_upload", unreadable)
    with instance_for_test(overrides=RETRIES) as instance:
        _, result = clip_episode(storage, "show/cut.mp4", instance)
        assert will_retry(instance, result.run_id) == "true"
