"""Starts a PostgreSQL server for a test on loopback, from Debian's package."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clipper_assets_tests.support.servers import free_port

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
USER, PASSWORD = "dagster", "password-of-the-tests"
OWNER = "postgres" if os.geteuid() == 0 else None
"""PostgreSQL refuses to be run by root."""


@dataclass(frozen=True)
class Postgres:
    """A running server with one database, `postgres`."""

    folder: Path
    port: int

    def control(self, *arguments: str) -> None:
        """Run a `pg_ctl` command and wait until it is done."""
        log = self.folder / "server.log"
        command = [str(BINARIES[-1] / "pg_ctl"), "-D", str(self.folder / "data"), "-w", "-l", str(log), *arguments]
        with (self.folder / "pg_ctl.log").open("ab") as output:
            subprocess.run(command, user=OWNER, cwd=self.folder, stdout=output, stderr=output, check=True)

    def restart(self, mode: str) -> None:
        """Restart the server; `fast` closes connections properly, `immediate` drops them as a crash does."""
        self.control("restart", "-m", mode)


@contextmanager
def serving_postgres() -> Iterator[Postgres]:
    """Run a server with a new, empty cluster (takes about two seconds); delete its folder at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        folder = Path(name)
        if OWNER:
            subprocess.run(["chown", OWNER, name], check=True)
        secret = folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        postgres = Postgres(folder, free_port())
        postgres.control("initdb", "-o", f"--username={USER} --auth=scram-sha-256 --pwfile={secret} --no-sync")
        options = f"-p {postgres.port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=400 -c fsync=off"
        postgres.control("start", "-o", options)
        try:
            yield postgres
        finally:
            postgres.control("stop", "-m", "immediate")
