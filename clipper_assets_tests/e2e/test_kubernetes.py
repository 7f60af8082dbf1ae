"""The real `K8sRunLauncher` and `k8s_job_executor` on a loopback API that executes the jobs."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from clipper_assets_tests.e2e.test_launcher import SLOW, STEPS, runs_of
from clipper_assets_tests.support.kubernetes_api import Cluster, Pod, serving_kubernetes
from clipper_assets_tests.support.servers import PROJECT, SCRIPTS, CountingS3, free_port, serving, serving_s3, wait_for

pytestmark = pytest.mark.deploy

DEPLOYMENT = PROJECT / "deploy" / "k8s"
GPU_STEPS = {"aligned_transcript"}
HOME = "/opt/dagster/dagster_home"
SECRETS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "a-key-that-nobody-may-see"}


@dataclass(frozen=True)
class Site:
    """A fake cluster, an S3 API, and the Dagster instance that `dagster dev` serves."""

    cluster: Cluster
    s3: CountingS3
    instance: dg.DagsterInstance

    def upload(self, cut: Path, name: str) -> None:
        for suffix in (".srt", ".mp4"):
            self.s3.client.upload_file(str(cut.with_suffix(suffix)), "podcasts", f"{name}/talk{suffix}")

    def manifest(self, name: str) -> dict[str, Any]:
        body = self.s3.client.get_object(Bucket="podcasts", Key=f"{name}/clips/manifest.json")["Body"]
        manifest: dict[str, Any] = json.load(body)
        return manifest

    def objects(self, bucket: str, prefix: str = "") -> list[str]:
        listed = self.s3.client.list_objects_v2(Bucket=bucket, Prefix=prefix)
        return [each["Key"] for each in listed.get("Contents", [])]

    def ended(self, name: str) -> bool | None:
        runs = runs_of(self.instance, name)
        return (bool(runs) and runs[-1].is_success) or None

    def pods_of(self, run: dg.DagsterRun) -> list[Pod]:
        return [pod for pod in self.cluster.all_pods if pod.labels["dagster/run-id"] == run.run_id]

    def pod_of(self, run: dg.DagsterRun) -> Pod:
        (worker,) = (pod for pod in self.pods_of(run) if "dagster/op" not in pod.labels)
        return worker

    def steps_of(self, run: dg.DagsterRun) -> dict[str, Pod]:
        return {pod.labels["dagster/op"]: pod for pod in self.pods_of(run) if "dagster/op" in pod.labels}

    def in_step(self, name: str, step: str, attempt: int = 1) -> dg.DagsterRun | None:
        """Returns a run of an episode once it has started the step."""
        for run in runs_of(self.instance, name)[attempt - 1 :]:
            begun = self.instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.STEP_START).records
            if any(record.event_log_entry.step_key == step for record in begun):
                return run
        return None

    def at_rest(self) -> bool | None:
        return all(pod.process.poll() is not None for pod in self.cluster.all_pods) or None


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """deploy/k8s with its dagster.yaml and settings, except for addresses and folders that a cluster provides."""
    folder = tmp_path_factory.mktemp("kubernetes")
    image = {"PATH": f"{SCRIPTS}:/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "HOME": str(folder / "nobody")}
    with serving_s3() as s3, serving_kubernetes(folder / "nodes", image) as cluster:
        for bucket in ("podcasts", "podcasts-logs"):
            s3.client.create_bucket(Bucket=bucket)
        settings = {
            **yaml.safe_load((DEPLOYMENT / "settings.yaml").read_text())["data"],
            "AWS_ENDPOINT_URL": s3.url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "CLIPPER_WINDOW_MIN_S": "3",
            "CLIPPER_WINDOW_MAX_S": "6",
            "CLIPPER_SENSOR_INTERVAL_S": "5",
        }
        cluster.config_maps = {"clipper-settings": settings}
        cluster.secrets = {"clipper-secrets": SECRETS, "clipper-postgresql": {"postgresql-password": "unused"}}
        home = folder / "home"
        home.mkdir()
        (home / "dagster.yaml").write_text(yaml.safe_dump(instance_beside(cluster, folder)))
        environment = {
            **os.environ,
            **image,
            **settings,
            **SECRETS,
            "DAGSTER_HOME": str(home),
            # As the chart does for the code location: what the pods of runs and steps are made of.
            "DAGSTER_CURRENT_IMAGE": "clipper:service",
        }
        port = free_port()
        command = [str(SCRIPTS / "dagster"), "dev", "-h", "127.0.0.1", "-p", str(port)]
        with (
            serving(command, environment, folder / "dagster.log", f"http://127.0.0.1:{port}/server_info"),
            dg.DagsterInstance.from_config(str(home)) as instance,
        ):
            yield Site(cluster, s3, instance)
        assert cluster.rejected == []
        # A read-only root file system is enough: no pod has made itself the folder that it has in DAGSTER_HOME.
        assert not Path(HOME).exists()


def instance_beside(cluster: Cluster, folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((DEPLOYMENT / "dagster.yaml").read_text())
    for storage in ("schedule_storage", "run_storage", "event_log_storage"):
        del config[storage]
    config["storage"] = {"sqlite": {"base_dir": str(folder / "database")}}
    config["compute_logs"]["config"]["local_dir"] = str(folder / "compute-logs")
    launcher = config["run_launcher"]["config"]
    assert launcher["dagster_home"] == HOME
    launcher.update(
        load_incluster_config=False,
        kubeconfig_file=str(cluster.kubeconfig),
        env_vars=[f"XDG_CACHE_HOME={folder / 'cache'}"],
    )
    return config


def asks_for_a_gpu(pod: Pod) -> bool:
    return "nvidia.com/gpu" in json.dumps(pod.spec["containers"])


def test_an_episode_survives_the_loss_of_the_pods_of_a_step_and_of_a_run(site: Site, cut: Path) -> None:
    site.upload(cut, "show")
    first = wait_for("the start of rendering", partial(site.in_step, "show", "rendered_clips"))
    site.steps_of(first)["rendered_clips"].kill()
    second = wait_for("the start of rendering in its retry", partial(site.in_step, "show", "rendered_clips", 2))
    site.cluster.lose_node_of(site.pod_of(second))
    wait_for("the end of the episode", partial(site.ended, "show"))

    *lost, third = runs_of(site.instance, "show")
    assert [(run.run_id, run.is_failure) for run in lost] == [(first.run_id, True), (second.run_id, True)]
    assert (second.parent_run_id, third.parent_run_id) == (first.run_id, second.run_id)
    last = STEPS[STEPS.index("rendered_clips") :]
    assert [list(site.steps_of(run)) for run in (first, second, third)] == [SLOW, last[:1], last]
    manifest = site.manifest("show")
    assert manifest["status"] == "done"
    clips = sorted(clip["key"] for clip in manifest["clips"])
    assert clips == [key for key in site.objects("podcasts", "show/clips/") if key.endswith(".mp4")]

    pods = site.cluster.all_pods
    assert {pod.labels.get("dagster/op") for pod in pods if asks_for_a_gpu(pod)} == GPU_STEPS
    assert SECRETS["AWS_SECRET_ACCESS_KEY"] not in json.dumps([pod.job for pod in pods])
    assert any(third.run_id in key for key in site.objects("podcasts-logs"))
    wait_for("the end of all pods", site.at_rest)


def test_a_cancelled_run_leaves_no_pods(site: Site, cut: Path) -> None:
    site.upload(cut, "cancelled")
    run = wait_for("the start of the run", partial(site.in_step, "cancelled", "raw_video"))
    assert site.instance.run_launcher.terminate(run.run_id)
    wait_for("the end of all pods", site.at_rest)
    wait_for("the end of the run", lambda: runs_of(site.instance, "cancelled")[0].is_finished or None)
    assert [each.status for each in runs_of(site.instance, "cancelled")] == [dg.DagsterRunStatus.CANCELED]
