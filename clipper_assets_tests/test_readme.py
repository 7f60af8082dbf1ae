"""The queries for analysts work on a real lake, and S3 accepts the bucket rules for operators."""

import json
import re
import shutil
from pathlib import Path

import boto3
import dagster as dg
import pandas as pd
import pytest
from moto import mock_aws

from clipper_assets.library.views import connected
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.conftest import clip_episode
from clipper_assets_tests.support.analysts import code

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.usefixtures("short_windows")
def test_the_queries_for_analysts_work_on_a_real_lake(
    cut: Path, tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = tmp_path / "data" / "show, part 1" / "cut.mp4"
    upload.parent.mkdir(parents=True)
    shutil.copy(cut, upload)
    shutil.copy(cut.with_suffix(".srt"), upload.with_suffix(".srt"))
    _, result = clip_episode(DirectoryStorage(root=str(tmp_path / "data")), "show, part 1/cut.mp4", instance)
    assert result.success
    monkeypatch.chdir(tmp_path)

    storage = DirectoryStorage(root=str(tmp_path / "data"))
    query = code("")[1]["words-per-minute"]["sql"]
    ((show, _, words_per_minute),) = connected(storage, tmp_path / "spill").execute(query).fetchall()
    (folder,) = re.findall(r'pandas\.read_parquet\("(.*?)"\)', (DOCS / "analysts.md").read_text())
    table = pd.read_parquet(folder)

    assert show == "show%2C part 1"
    assert 60 < words_per_minute < 400
    assert set(table["episode"]) == {"show%2C part 1/cut.mp4"}
    assert len(table) > 10


def test_s3_accepts_the_bucket_rules_of_the_deployment_page(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (DOCS / "deployment.md").read_text()
    rules = {
        name: json.loads(rule)
        for name, rule in re.findall(r"--(cors|lifecycle)-configuration '(.*?)'", page, re.DOTALL)
    }
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="podcasts")
        client.put_bucket_cors(Bucket="podcasts", CORSConfiguration=rules["cors"])
        client.put_bucket_lifecycle_configuration(Bucket="podcasts", LifecycleConfiguration=rules["lifecycle"])
        assert client.get_bucket_cors(Bucket="podcasts")["CORSRules"] == rules["cors"]["CORSRules"]
