"""The whole deployment on ECS, with its task definitions, roles, instance and launcher; each task is a process.

S3, IAM and STS are moto's, which refuses what a role's policy does not allow; PostgreSQL is a real one.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import dagster as dg
import pytest
import requests
from moto.core.authorization import enable_iam_authentication
from moto.iam.access_control import IAMRequestBase

from clipper_assets_tests.deploy.ecs import DEFINITIONS, ECS, ROLES, SERVICES, filled, settings
from clipper_assets_tests.deploy.ecs_roles import identities
from clipper_assets_tests.e2e.test_launcher import STEPS
from clipper_assets_tests.support.ecs_api import LoopbackEcs, Task, serving_ecs
from clipper_assets_tests.support.postgres import PASSWORD, USER, serving_postgres
from clipper_assets_tests.support.servers import CountingS3, Request, free_port, serving_s3, wait_for

pytestmark = pytest.mark.deploy

TOKEN = "token-of-the-tests"
MOST_OVERRIDE_CHARACTERS = 8192
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html"""
NOT_CALLED = {
    # Only where a run does not start, or does not end, in time.
    ("daemon", "ecs:StopTask"),
    ("daemon", "logs:GetLogEvents"),
    # Parts of RunTask, which has tags and hands over a role.
    ("daemon", "ecs:TagResource"),
    ("daemon", "iam:PassRole"),
    ("run", "ecs:TagResource"),
    ("run", "iam:PassRole"),
    # Only by collect_garbage.
    ("run", "s3:ListBucketMultipartUploads"),
    ("run", "s3:ListMultipartUploadParts"),
    ("run", "s3:AbortMultipartUpload"),
    # Only for the log of a backfill.
    ("daemon", "s3:PutObject"),
    # Only with webhooks, which report clips.
    ("code-location", "s3:GetObject"),
}


@dataclass(frozen=True)
class Cluster:
    """The running deployment. `roles` are role names by access key."""

    values: dict[str, str]
    ecs: LoopbackEcs
    s3: CountingS3
    roles: dict[str, str]
    instance: dg.DagsterInstance
    operator: dict[str, Any]

    def upload(self, cut: Path, name: str) -> None:
        client = boto3.client("s3", endpoint_url=self.s3.url, **self.operator)
        for suffix in (".srt", ".mp4"):
            key = f"{self.values['PREFIX']}{name}/talk{suffix}"
            client.upload_file(str(cut.with_suffix(suffix)), self.values["BUCKET"], key)

    def manifest(self, name: str) -> Any:
        client = boto3.client("s3", endpoint_url=self.s3.url, **self.operator)
        folder = f"{self.values['PREFIX']}{name}/clips"
        manifest = json.load(client.get_object(Bucket=self.values["BUCKET"], Key=f"{folder}/manifest.json")["Body"])
        listed = client.list_objects_v2(Bucket=self.values["BUCKET"], Prefix=folder)["Contents"]
        videos = sorted(each["Key"] for each in listed if each["Key"].endswith(".mp4"))
        assert videos == sorted(f"{self.values['PREFIX']}{clip['key']}" for clip in manifest["clips"])
        return manifest

    def runs(self, name: str) -> list[dg.DagsterRun]:
        """Returns all runs of an episode, the oldest first."""
        return list(reversed(self.instance.get_runs(dg.RunsFilter(tags={"dagster/partition": f"{name}/talk.mp4"}))))

    def succeeded(self, name: str) -> bool | None:
        runs = self.runs(name)
        return (bool(runs) and runs[-1].is_success) or None

    def begun(self, name: str, step: str) -> dg.DagsterRun | None:
        for run in self.runs(name)[-1:]:
            begun = self.instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.STEP_START).records
            if any(record.event_log_entry.step_key == step for record in begun):
                return self.instance.get_run_by_id(run.run_id)
        return None

    def task(self, run: dg.DagsterRun) -> Task:
        return self.ecs.tasks[run.tags["ecs/task_arn"]]

    def step_task(self, run: dg.DagsterRun, step: str) -> Task:
        (task,) = (
            task
            for task in self.ecs.tasks.values()
            if (task.tags.get("dagster/run-id"), task.tags.get("dagster/step-key")) == (run.run_id, step)
        )
        return task

    def graphql(self, query: str, **variables: Any) -> Any:
        url = f"http://127.0.0.1:{self.values['WEBSERVER_PORT']}/graphql"
        answer = requests.post(url, json={"query": query, "variables": variables}, timeout=60).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def api(self, method: str, path: str, body: object = None) -> Any:
        url = f"http://127.0.0.1:{self.values['API_PORT']}{path}"
        answer = requests.request(method, url, json=body, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def used(self) -> set[tuple[str, str]]:
        """Returns the actions that each role has called."""
        seen = {(request.signer, action(request, self.values)) for request in self.s3.requests if request.signer}
        return {(self.roles[key], call) for key, call in (*seen, *self.ecs.called) if key in self.roles}


def action(request: Request, values: dict[str, str]) -> str:
    """Returns the IAM action of a request to S3: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html"""
    of_bucket = request.path.strip("/") in {values["BUCKET"], values["LOGS_BUCKET"]}
    aborts, parts = request.method == "DELETE" and "uploadId" in request.query, "uploadId" in request.query
    match request.method:
        case "DELETE":
            return "s3:AbortMultipartUpload" if aborts else "s3:DeleteObject"
        case "PUT" | "POST":
            return "s3:PutObject"
        case _ if of_bucket:
            return "s3:ListBucket"
        case _:
            return "s3:ListMultipartUploadParts" if parts else "s3:GetObject"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("ecs")
    ports = {name: str(free_port()) for name in ("CODE_LOCATION_PORT", "WEBSERVER_PORT", "API_PORT")}
    with serving_postgres() as postgres, serving_s3() as s3, pytest.MonkeyPatch.context() as patch:
        database = {"DB_HOST": "127.0.0.1", "DB_PORT": str(postgres.port), "DB_NAME": "postgres", "DB_USER": USER}
        here = {"ACCOUNT": "123456789012", "REGION": "us-east-1", "CODE_LOCATION_HOST": "127.0.0.1"}
        values = settings(**ports, **database, **here)
        secrets = {values["SECRET_DB_PASSWORD"]: PASSWORD, values["SECRET_AUTH_TOKEN"]: TOKEN}
        secrets |= dict.fromkeys((values["SECRET_OPENAI_API_KEY"], values["SECRET_HF_TOKEN"]), "")
        short = {"CLIPPER_WINDOW_MIN_S": "3", "CLIPPER_WINDOW_MAX_S": "6", "CLIPPER_SENSOR_INTERVAL_S": "5"}
        network_environment = {"AWS_ENDPOINT_URL": s3.url, "AWS_DEFAULT_REGION": "us-east-1", **short}
        operator, credentials = identities(s3, values)
        for name, value in _environment(values).items():
            patch.setenv(name, value)
        # moto cannot check the signature of a presigned URL; what a role may do it checks all the same.
        patch.setattr(IAMRequestBase, "check_signature", lambda _: None)
        with (
            enable_iam_authentication(),
            serving_ecs(folder, network_environment, secrets, credentials.__getitem__) as ecs,
            dg.DagsterInstance.from_config(str(ECS)) as instance,
        ):
            keys = {
                credential["AccessKeyId"]: role.removeprefix("clipper-") for role, credential in credentials.items()
            }
            cluster = Cluster(values, ecs, s3, keys, instance, operator)
            _install(cluster)
            yield cluster


def _environment(values: dict[str, str]) -> dict[str, str]:
    """The environment of the instance, so that the test can open it."""
    (container,) = filled("task-definitions/daemon.json", values)["containerDefinitions"]
    variables = {item["name"]: item["value"] for item in container["environment"] if item["name"] != "DAGSTER_HOME"}
    return {**variables, "CLIPPER_DB_PASSWORD": PASSWORD, "AWS_DEFAULT_REGION": "us-east-1"}


def _install(cluster: Cluster) -> None:
    """Does what the commands in `deploy/ecs/README.md` do."""
    client = boto3.client("ecs", endpoint_url=cluster.ecs.url, **cluster.operator)
    for name in DEFINITIONS:
        client.register_task_definition(**filled(f"task-definitions/{name}.json", cluster.values))
    for name in SERVICES:
        client.create_service(**filled(f"services/{name}.json", cluster.values))
    wait_for("the API", lambda: _answers(f"http://127.0.0.1:{cluster.values['API_PORT']}/health"))
    wait_for("the webserver", lambda: _answers(f"http://127.0.0.1:{cluster.values['WEBSERVER_PORT']}/server_info"))


def _answers(url: str) -> bool | None:
    try:
        return requests.get(url, timeout=5).ok or None
    except requests.ConnectionError:
        return None


def test_an_episode_becomes_clips(cluster: Cluster, cut: Path) -> None:
    cluster.upload(cut, "show")
    wait_for("the end of a run", lambda: cluster.succeeded("show"))
    (run,) = cluster.runs("show")
    assert len(cluster.manifest("show")["clips"]) == 2
    bodies = [body for operation, body in cluster.ecs.bodies if operation == "RunTask"]
    assert len(bodies) == 1 + len(STEPS)
    assert all(len(json.dumps(body["overrides"])) <= MOST_OVERRIDE_CHARACTERS for body in bodies)
    assert cluster.task(run).definition["family"] == "clipper-run"
    assert _asks_for_gpus(cluster) == {"clipper-transcript"}
    families = {step: cluster.step_task(run, step).definition["family"] for step in STEPS}
    assert families == dict.fromkeys(STEPS, "clipper-run") | {"aligned_transcript": "clipper-transcript"}
    log = cluster.graphql(
        "query($key: [String!]!) { capturedLogs(logKey: $key) { stderr } }",
        key=[run.run_id, "compute_logs", _log_file(cluster, run)],
    )
    assert "rendering" in log["capturedLogs"]["stderr"]


def test_a_lost_task_costs_one_run_and_no_clip(cluster: Cluster, cut: Path) -> None:
    """A reclaimed spot instance with the task of a step, and such a task that dies without a warning."""
    losses: dict[str, Callable[[Task], None]] = {
        "spot": lambda task: task.stop("Host EC2 (instance i-0123456789abcdef0) terminated."),
        "dead": lambda task: task.process.kill(),
    }
    for name in losses:
        cluster.upload(cut, name)
    waiting = dict(losses)

    def lost() -> bool | None:
        for name, lose in list(waiting.items()):
            if run := cluster.begun(name, "rendered_clips"):
                lose(cluster.step_task(run, "rendered_clips"))
                del waiting[name]
        return not waiting or None

    wait_for("the loss of both", lost)
    for name in losses:
        wait_for(f"the end of the retry of {name}", partial(cluster.succeeded, name))
        first, second = cluster.runs(name)
        assert first.is_failure
        assert second.tags["ecs/task_arn"] != first.tags["ecs/task_arn"]
        assert len(cluster.manifest(name)["clips"]) == len(cluster.manifest("show")["clips"])


def test_a_run_is_cancelled_from_the_ui(cluster: Cluster, cut: Path) -> None:
    cluster.upload(cut, "cancelled")
    run = wait_for("the start of rendering", lambda: cluster.begun("cancelled", "rendered_clips"))
    stopped = cluster.graphql("mutation($id: String!) { terminateRun(runId: $id) { __typename } }", id=run.run_id)
    assert stopped["terminateRun"]["__typename"] == "TerminateRunSuccess"
    wait_for("the end of the run", lambda: cluster.runs("cancelled")[0].is_finished or None)
    assert cluster.runs("cancelled")[0].status is dg.DagsterRunStatus.CANCELED
    assert cluster.step_task(run, "rendered_clips").stopped == "Task stopped by user"


def test_the_api_takes_uploads_and_shows_episodes(cluster: Cluster, cut: Path) -> None:
    data = cut.read_bytes()
    for key, end in (("aborted/talk.mp4", "abort"), ("api/talk.mp4", "complete")):
        begun = cluster.api("POST", "/uploads", {"key": key, "size_bytes": len(data)})
        (part,) = begun["parts"]
        assert requests.put(part["url"], data=data, timeout=60).ok
        cluster.api("POST", f"/uploads/{end}", {"key": key, "upload_id": begun["upload_id"]})
    shown = cluster.api("GET", "/episodes/show/talk.mp4")
    assert shown["clips"] == 2
    undone = cluster.api("DELETE", "/episodes/show/talk.mp4/edits", {"base_version": 0})
    assert undone["version"] == 1


def test_every_request_body_matched_the_published_schema(cluster: Cluster) -> None:
    assert {operation for operation, _ in cluster.ecs.bodies} >= {"RunTask", "DescribeTasks", "StopTask"}
    assert cluster.ecs.rejected == []


def test_each_role_is_permitted_exactly_its_actions(cluster: Cluster) -> None:
    allowed = {
        (role, each)
        for role in ROLES
        for statement in filled(f"policies/{role}.json", cluster.values)["Statement"]
        for each in statement["Action"]
    }
    assert cluster.used() == allowed - NOT_CALLED
    assert allowed > NOT_CALLED


def _asks_for_gpus(cluster: Cluster) -> set[str]:
    return {
        task.definition["family"]
        for task in cluster.ecs.tasks.values()
        if "resourceRequirements" in task.definition["containerDefinitions"][0]
        or "resourceRequirements" in task.overrides
    }


def _log_file(cluster: Cluster, run: dg.DagsterRun) -> str:
    captured = cluster.instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.LOGS_CAPTURED).records
    events = [record.event_log_entry.dagster_event for record in captured]
    (key,) = (
        event.logs_captured_data.file_key
        for event in events
        if event and event.logs_captured_data.step_keys == ["rendered_clips"]
    )
    return str(key)
