"""A file in the storage becomes clips automatically, with the real daemon, webserver and S3 API."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from clipper_assets_tests.conftest import SAMPLE
from clipper_assets_tests.e2e.conftest import Deploy
from clipper_assets_tests.support.servers import CountingS3, Deployment, wait_for

pytestmark = pytest.mark.e2e

SHORT = 'length = "15-23"\n'
"""A `show.toml` for short clips, because encoding them is what these tests spend most time on."""
RUNS = """{ runsOrError(filter: {pipelineName: "clip_episode"}) { ... on Runs {
  results { status jobName tags { key value } } } } }"""
CHECKS = """query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
  assetChecksOrError { ... on AssetChecks { checks { name executionForLatestMaterialization { status } } } } } } }"""


def finished_run(deployment: Deployment) -> dict[str, Any]:
    """Waits for the end of the only run of the job, beside those of schedules, and returns it."""

    def ended_run() -> dict[str, Any] | None:
        runs: list[dict[str, Any]] = deployment.graphql(RUNS)["runsOrError"]["results"]
        return next((run for run in runs if run["status"] in ("SUCCESS", "FAILURE", "CANCELED")), None)

    return wait_for("the end of the run", ended_run)


def check_states(deployment: Deployment, asset: str) -> dict[str, str]:
    node = deployment.graphql(CHECKS, key={"path": [asset]})["assetNodeOrError"]
    return {
        check["name"]: check["executionForLatestMaterialization"]["status"]
        for check in node["assetChecksOrError"]["checks"]
    }


def python_warnings(deployment: Deployment) -> list[str]:
    """Warnings in the log of the servers, except that Dagster advises `dg dev` instead of `dagster dev`."""
    lines = deployment.log.read_text().splitlines()
    return [line for line in lines if "Warning:" in line and "`dev_command` is superseded" not in line]


def test_a_file_copied_into_a_directory_becomes_clips(deploy: Deploy, tmp_path: Path) -> None:
    root = tmp_path / "storage"
    folder = root / "show"
    folder.mkdir(parents=True)
    deployment = deploy(str(root))
    (folder / "show.toml").write_text(SHORT)
    shutil.copy(SAMPLE / "episode.srt", folder / "pilot.srt")
    shutil.copy(SAMPLE / "episode.mp4", folder / "pilot.mp4")

    run = finished_run(deployment)

    assert run["status"] == "SUCCESS"
    assert run["jobName"] == "clip_episode"
    assert {"key": "dagster/partition", "value": "show/pilot.mp4"} in run["tags"]
    manifest = json.loads((folder / "clips" / "manifest.json").read_bytes())
    assert manifest["status"] == "done"
    assert len(manifest["clips"]) >= 2
    assert all((root / clip["key"]).is_file() for clip in manifest["clips"])
    assert check_states(deployment, "rendered_clips")["clips_are_published"] == "SUCCEEDED"
    assert {path.name for path in root.iterdir()} == {"show", "lake"}
    assert python_warnings(deployment) == []


def test_an_upload_to_s3_becomes_clips_and_rendering_reads_only_the_windows(deploy: Deploy, s3: CountingS3) -> None:
    client = s3.client
    client.create_bucket(Bucket="podcasts")
    deployment = deploy("s3://podcasts/team", **s3.environment)
    client.put_object(Bucket="podcasts", Key="team/test1/show.toml", Body=f"{SHORT}max_clips = 1\n".encode())
    client.upload_file(str(SAMPLE / "episode.srt"), "podcasts", "team/test1/sample.srt")
    client.upload_file(str(SAMPLE / "episode.mp4"), "podcasts", "team/test1/sample.mp4")

    assert finished_run(deployment)["status"] == "SUCCESS"
    body = client.get_object(Bucket="podcasts", Key="team/test1/clips/manifest.json")["Body"].read()
    clips = json.loads(body)["clips"]
    assert [clip["key"] for clip in clips] == [f"test1/clips/clip_{n}.mp4" for n in range(len(clips))]

    s3.requests.clear()
    output = deployment.clipper("process", "test1/sample.mp4", "--caption-style", "classic")
    assert (
        "unchanged, kept: raw_video, aligned_transcript, ad_spans, chapters, highlight_windows, scenes, camera_paths"
        in output
    )
    reads = s3.bytes_read("/podcasts/team/test1/sample.mp4")
    upload = (SAMPLE / "episode.mp4").read_bytes()
    index = upload.index(b"mdat")  # the sample has its index in front of the media
    windows = sum(clip["duration"] for clip in clips) / json.loads(body)["source"]["duration"] * len(upload)
    assert 0 < sum(reads) <= 1.5 * windows + index * len(clips), (len(reads), sum(reads), windows, index)
