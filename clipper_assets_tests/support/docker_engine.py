"""Starts a Docker engine for tests and builds the project's images from Debian packages, without a registry.

Needs root and the Debian packages docker.io, docker-compose and debootstrap; `make prove-docker` installs them.
"""

import os
import re
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import ParseResult, urlparse

import psutil

from clipper_assets_tests.support.servers import PROJECT, wait_for

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PLANTED = "planted-in-a-file-beside-the-compose-set"
SUITE, PACKAGES = "bookworm", "ca-certificates,python3,python3-venv"
BASE, POSTGRES = "debian-by-debootstrap:bookworm", "postgres:15"
POSTGRES_BUILD = f"""
FROM {BASE}
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends postgresql > /dev/null
RUN rm -rf /var/lib/postgresql/* && install -d -o postgres /var/lib/postgresql/data
USER postgres
ENV PATH=/usr/lib/postgresql/15/bin:/usr/bin:/bin PGDATA=/var/lib/postgresql/data
CMD ["sh", "-ec", "printenv POSTGRES_PASSWORD > /tmp/pw; test -e $PGDATA/PG_VERSION || initdb -U $POSTGRES_USER \
--auth=scram-sha-256 --pwfile=/tmp/pw; rm /tmp/pw; (until pg_isready -q -h 127.0.0.1; do sleep 0.2; done; \
PGPASSWORD=$POSTGRES_PASSWORD createdb -h 127.0.0.1 -U $POSTGRES_USER $POSTGRES_DB || true) & \
exec postgres -c listen_addresses=127.0.0.1"]
"""
"""Like the official image, it creates a database and its owner, which the environment names."""


@dataclass(frozen=True)
class Engine:
    """A running dockerd; `docker` and `compose` are its command line."""

    folder: Path

    @property
    def socket(self) -> Path:
        return self.folder / "docker.sock"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "DOCKER_HOST": f"unix://{self.socket}", "DOCKER_BUILDKIT": "0"}

    def docker(self, *arguments: str, text: str | None = None) -> str:
        """Run a `docker` command and return its output."""
        return self._call(["docker", *arguments], text)

    def compose(self, env_file: Path, *arguments: str) -> str:
        folder = PROJECT / "deploy" / "docker"
        files = [part for name in ("compose.yaml", "compose.host.yaml") for part in ("-f", str(folder / name))]
        return self._call(["docker-compose", "--env-file", str(env_file), "-p", "clipper", *files, *arguments], None)

    def _call(self, command: list[str], text: str | None) -> str:
        result = subprocess.run(
            command,
            env=self.environment,
            input=text,
            text=True,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}"
        return result.stdout


@contextmanager
def serving_docker(folder: Path) -> Iterator[Engine]:
    """Run dockerd without networks of its own; remove its containers and stop it at the end of the block."""
    engine = Engine(folder)
    paths = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
    command = [
        "dockerd",
        f"--host=unix://{engine.socket}",
        *(f"--{option}={folder / name}" for option, name in paths.items()),
    ]
    overlay = "\toverlay\n" in Path("/proc/filesystems").read_text()
    command += ["--iptables=false", "--ip6tables=false", "--bridge=none"]
    command += [f"--storage-driver={'overlay2' if overlay else 'vfs'}"]
    with (folder / "dockerd.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_for("the start of dockerd", lambda: _answers(engine))
        yield engine
    finally:
        for container in engine.docker("ps", "-aq").split():
            engine.docker("rm", "--force", "--volumes", container)
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        # dockerd leaves the network namespace of the host mounted.
        for partition in psutil.disk_partitions(all=True):
            if Path(partition.mountpoint).is_relative_to(folder):
                subprocess.run(["umount", partition.mountpoint], check=True)


def _answers(engine: Engine) -> bool | None:
    result = subprocess.run(["docker", "version"], env=engine.environment, capture_output=True, check=False)
    return result.returncode == 0 or None


def build_images(engine: Engine) -> None:
    """Build the base image, PostgreSQL, `clipper:service`, and `clipper:gpu` with torch for the CPU."""
    root = engine.folder / "rootfs"
    subprocess.run(["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(root)], check=True)
    # Builds may need the certificate authorities that this machine trusts.
    shutil.copy(CERTIFICATES, root / CERTIFICATES.removeprefix("/"))
    archive = engine.folder / "rootfs.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(root, arcname=".")
    engine.docker("import", "--change", f"ENV PIP_CERT={CERTIFICATES}", str(archive), BASE)
    archive.unlink()
    shutil.rmtree(root)
    engine.docker("build", "--network", "host", "--tag", POSTGRES, "-", text=POSTGRES_BUILD)
    with _pip_locations() as locations, _user_secrets():
        arguments = {"SERVICE_BASE": BASE, "GPU_BASE": BASE, "TORCH": "cpu", **locations}
        options = [part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")]
        for target in ("service", "gpu"):
            engine.docker(
                "build", "--network", "host", "--target", target, "--tag", f"clipper:{target}", *options, str(PROJECT)
            )


@contextmanager
def _user_secrets() -> Iterator[None]:
    """Put secret files, as users have them, into the folders that images are built from; delete them at the end."""
    files = [PROJECT / "deploy" / folder / name for folder, name in (("docker", ".env"), ("k8s", "secrets.env"))]
    planted = [file for file in files if not file.exists()]
    for file in planted:
        file.write_text(f"AUTH_TOKEN={PLANTED}\n")
    try:
        yield
    finally:
        for file in planted:
            file.unlink()


@contextmanager
def _pip_locations() -> Iterator[Mapping[str, str]]:
    """Yield build arguments with this machine's additional pip locations; folders are served over HTTP on loopback."""
    command = ["python3", "-m", "pip", "config", "list"]
    pip_config = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    settings_by_argument = {"PIP_FIND_LINKS": "find-links", "PIP_EXTRA_INDEX_URL": "extra-index-url"}
    locations = {
        argument: [urlparse(location) for location in value.split()]
        for argument, name in settings_by_argument.items()
        for value in re.findall(rf"\.{name}='(.*)'", pip_config)[:1]
    }
    folders = [location.path for urls in locations.values() for location in urls if location.scheme in {"", "file"}]
    if not folders:
        yield {name: " ".join(location.geturl() for location in urls) for name, urls in locations.items()}
        return
    root = os.path.commonpath(folders)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=root))
    thread = Thread(target=server.serve_forever)
    thread.start()

    def url(location: ParseResult) -> str:
        served_url = f"http://127.0.0.1:{server.server_port}/{os.path.relpath(location.path, root)}/"
        return served_url if location.path in folders else location.geturl()

    try:
        yield {name: " ".join(url(location) for location in urls) for name, urls in locations.items()}
    finally:
        server.shutdown()
        thread.join()
