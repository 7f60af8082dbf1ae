"""The part of Kubernetes' API that dagster-k8s uses, on loopback; it stores jobs and runs their pods as processes.

A pod gets only the environment that its job defines: the image's variables, `env`, and the ConfigMaps and Secrets of
`envFrom`. It has its own scratch folder. Jobs that violate Kubernetes' published schema are rejected.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread, Timer
from typing import Any
from uuid import uuid4

import kubernetes_validate
import yaml
from werkzeug.exceptions import Conflict, HTTPException, NotFound, UnprocessableEntity
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from clipper_assets_tests.support.loopback import on_loopback

NAMESPACE = "clipper"
VERSION = "1.34"
JOBS, PODS = "/apis/batch/v1/namespaces/<namespace>/jobs", "/api/v1/namespaces/<namespace>/pods"
ROUTES = Map(
    [
        Rule(JOBS, methods=["POST"], endpoint="create_job"),
        Rule(JOBS, methods=["GET"], endpoint="list_jobs"),
        Rule(f"{JOBS}/<name>", methods=["DELETE"], endpoint="delete_job"),
        Rule(f"{JOBS}/<name>/status", methods=["GET"], endpoint="read_job"),
        Rule(PODS, methods=["GET"], endpoint="list_pods"),
        Rule(f"{PODS}/<name>", methods=["GET"], endpoint="read_pod"),
        Rule(f"{PODS}/<name>", methods=["DELETE"], endpoint="delete_pod"),
        Rule(f"{PODS}/<name>/log", methods=["GET"], endpoint="read_log"),
        Rule("/api/v1/namespaces/<namespace>/events", methods=["GET"], endpoint="list_events"),
    ]
)


@dataclass(frozen=True)
class Pod:
    """The only pod of a job: a process group with its output."""

    name: str
    job: dict[str, Any]
    process: "subprocess.Popen[bytes]"
    folder: Path
    uid: str = field(default_factory=lambda: str(uuid4()))
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat())

    @property
    def labels(self) -> dict[str, str]:
        labels: dict[str, str] = self.job["spec"]["template"]["metadata"]["labels"]
        return labels

    @property
    def spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = self.job["spec"]["template"]["spec"]
        return spec

    @property
    def scratch(self) -> Path:
        return self.folder / "tmp"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def kill(self) -> None:
        """Kill the process group, as when the pod's node is lost."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """Send SIGTERM to the first process, and kill the process group after the grace period."""
        self.process.terminate()
        grace = Timer(self.spec.get("terminationGracePeriodSeconds", 30), self.kill)
        grace.daemon = True
        grace.start()

    def clean_up_at_end(self) -> None:
        """Wait for the first process; then kill the other processes and delete the scratch folder."""
        self.process.wait()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def counts(self) -> dict[str, int]:
        """The number of `active`, `succeeded` or `failed` pods in the status of its job."""
        code = self.process.poll()
        return {"active": 1} if code is None else {"failed": 1} if code else {"succeeded": 1}

    def body(self) -> dict[str, Any]:
        code = self.process.poll()
        terminated = {"terminated": {"exitCode": code, "reason": "Error" if code else "Completed"}}
        phase = "Running" if code is None else "Failed" if code else "Succeeded"
        container = self.spec["containers"][0]
        status = {
            "name": container["name"],
            "image": container["image"],
            "imageID": container["image"],
            "restartCount": 0,
            "ready": code is None,
            "state": {"running": {}} if code is None else terminated,
        }
        labels = {**self.labels, "job-name": self.job["metadata"]["name"]}
        return {
            "metadata": {"name": self.name, "namespace": NAMESPACE, "uid": self.uid, "labels": labels},
            "spec": self.spec,
            "status": {"phase": phase, "containerStatuses": [status]},
        }


@dataclass
class Cluster:
    """A cluster without nodes.

    Attributes:
        image: Environment variables of every image.
        entrypoint: First words of the command of every image.
        all_pods: Every pod that was ever started.
        rejected: Why requests were rejected.
    """

    url: str
    folder: Path
    image: Mapping[str, str]
    entrypoint: Sequence[str] = ()
    config_maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    all_pods: list[Pod] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    jobs: dict[str, Pod] = field(default_factory=dict)
    pods: dict[str, Pod] = field(default_factory=dict)

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    def write_kubeconfig(self) -> None:
        context = {"cluster": "loopback", "user": "dagster", "namespace": NAMESPACE}
        config = {
            "clusters": [{"name": "loopback", "cluster": {"server": self.url}}],
            "users": [{"name": "dagster", "user": {"token": "of-the-service-account"}}],
            "contexts": [{"name": "loopback", "context": context}],
            "current-context": "loopback",
        }
        self.kubeconfig.write_text(yaml.safe_dump(config))

    def create_job(self, request: Request) -> dict[str, Any]:
        job: dict[str, Any] = request.get_json()
        name = job["metadata"]["name"]
        try:
            kubernetes_validate.validate(job, VERSION, strict=True)
        except kubernetes_validate.ValidationError as error:
            self.rejected.append(f"{name}: {error.message}")
            raise UnprocessableEntity(error.message) from error
        if name in self.jobs:
            raise Conflict(f"job {name} already exists")
        self.jobs[name] = pod = self._run(name, job)
        self.pods[pod.name] = pod
        self.all_pods.append(pod)
        Thread(target=pod.clean_up_at_end, daemon=True).start()
        return self._job(pod)

    def _run(self, name: str, job: dict[str, Any]) -> Pod:
        pod_name = f"{name}-{uuid4().hex[:5]}"
        folder = self.folder / pod_name
        (folder / "tmp").mkdir(parents=True)
        (container,) = job["spec"]["template"]["spec"]["containers"]
        pod_environment = {"HOSTNAME": pod_name, "TMPDIR": str(folder / "tmp")}
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*self.entrypoint, *container["args"]],
                env={**self.image, **pod_environment, **self._environment(container)},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return Pod(pod_name, job, process, folder)

    def _environment(self, container: Mapping[str, Any]) -> dict[str, str]:
        environment: dict[str, str] = {}
        for source in container["envFrom"]:
            if "configMapRef" in source:
                environment.update(self.config_maps[source["configMapRef"]["name"]])
            else:
                environment.update(self.secrets[source["secretRef"]["name"]])
        for variable in container["env"]:
            if "valueFrom" in variable:
                key = variable["valueFrom"]["secretKeyRef"]
                environment[variable["name"]] = self.secrets[key["name"]][key["key"]]
            else:
                environment[variable["name"]] = variable["value"]
        return environment

    def _job(self, pod: Pod) -> dict[str, Any]:
        return {**pod.job, "status": {"startTime": pod.started, **pod.counts()}}

    def read_job(self, request: Request, name: str) -> dict[str, Any]:
        return self._job(_pod_or_404(self.jobs, name))

    def list_jobs(self, request: Request) -> dict[str, Any]:
        name = request.args["fieldSelector"].removeprefix("metadata.name=")
        return {"items": [self._job(self.jobs[name])] if name in self.jobs else []}

    def delete_job(self, request: Request, name: str) -> dict[str, Any]:
        _pod_or_404(self.jobs, name)
        del self.jobs[name]
        return {"status": "Success"}

    def list_pods(self, request: Request) -> dict[str, Any]:
        job = request.args.get("labelSelector", "").removeprefix("job-name=")
        name = request.args.get("fieldSelector", "").removeprefix("metadata.name=")
        pods = list(self.pods.values())
        return {"items": [pod.body() for pod in pods if name == pod.name or job == pod.job["metadata"]["name"]]}

    def read_pod(self, request: Request, name: str) -> dict[str, Any]:
        return _pod_or_404(self.pods, name).body()

    def delete_pod(self, request: Request, name: str) -> dict[str, Any]:
        """Delete a pod with the jobs that it owns and their pods."""
        pod = _pod_or_404(self.pods, name)
        self.remove(pod)
        return pod.body()

    def lose_node_of(self, pod: Pod) -> None:
        """Kill and delete a pod, as Kubernetes does once it notices that the pod's node is lost."""
        pod.kill()
        self.remove(pod)

    def remove(self, pod: Pod) -> None:
        self.pods.pop(pod.name, None)
        pod.stop()
        for job, owned in list(self.jobs.items()):
            if any(owner["uid"] == pod.uid for owner in owned.job["metadata"].get("ownerReferences", ())):
                del self.jobs[job]
                self.remove(owned)

    def read_log(self, request: Request, name: str) -> Response:
        return Response(_pod_or_404(self.pods, name).log.read_bytes(), content_type="text/plain")

    def list_events(self, request: Request) -> dict[str, Any]:
        return {"items": []}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        try:
            endpoint, arguments = ROUTES.bind_to_environ(environ).match()
        except HTTPException:
            self.rejected.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} is not supported")
            raise
        namespace, *name = arguments.values()
        assert namespace == NAMESPACE
        try:
            answer = getattr(self, endpoint)(Request(environ), *name)
        except HTTPException as error:
            failure = {"kind": "Status", "status": "Failure", "code": error.code, "message": error.description}
            answer = Response(json.dumps(failure), error.code, content_type="application/json")
        if isinstance(answer, dict):
            answer = Response(json.dumps(answer), content_type="application/json")
        return answer(environ, start_response)


def _pod_or_404(pods: Mapping[str, Pod], name: str) -> Pod:
    if name not in pods:
        raise NotFound(f"there is no {name}")
    return pods[name]


@contextmanager
def serving_kubernetes(folder: Path, image: Mapping[str, str], entrypoint: Sequence[str] = ()) -> Iterator[Cluster]:
    """Serve a cluster without ConfigMaps and Secrets until the end of the block, and kill its processes then."""
    folder.mkdir()
    cluster = Cluster("", folder, image, entrypoint)
    with on_loopback(cluster) as cluster.url:
        cluster.write_kubeconfig()
        try:
            yield cluster
        finally:
            for pod in cluster.all_pods:
                pod.kill()
                pod.process.wait()
