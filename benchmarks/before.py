"""Our pipeline as it was at commit a2d2b61, run with the code of that commit in the present environment."""

import io
import json
import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path

from pyarrow import parquet

from benchmarks.cost import Cost, watched
from benchmarks.server import RangeServer
from benchmarks.source import Episode
from clipper_assets.clips.rendering.encoders import Encoder

COMMIT = "a2d2b616e5705a7b673c8c85c1b9faf83d699083"
X264 = Encoder(
    "libx264",
    (("preset", "veryfast"), ("crf", "20"), ("maxrate", "12M"), ("bufsize", "24M"), ("threads", "4")),
)
"""The encoder's settings at that commit."""
WORKER = Path(__file__).parent / "before_worker.py"


class MissingCommitError(Exception):
    """The repository is a shallow clone without that commit."""


@dataclass(frozen=True)
class Before:
    """The code of that commit in a folder."""

    code: Path

    def look(self, server: RangeServer, episode: Episode, models_dir: Path | None, folder: Path) -> Cost:
        """Measures the analysis of the episode's window, and leaves the camera path in `folder`, which is new."""
        folder.mkdir()
        parquet.write_table(episode.words, folder / "words.parquet")
        request = {
            "file": str(episode.file),
            "url": server.url(episode.file),
            "speech": str(episode.speech),
            "start_s": episode.window.start_s,
            "end_s": episode.window.end_s,
            "models_dir": models_dir and str(models_dir),
        }
        (folder / "request.json").write_text(json.dumps(request))
        return self._measured(server, "look", folder)

    def make(self, server: RangeServer, folder: Path) -> tuple[Cost, Path]:
        """Measures the rendering of the clip after `look` in the same folder, and returns its cost and its file."""
        cost = self._measured(server, "make", folder)
        return cost, folder / "clip" / "clip.mp4"

    def _measured(self, server: RangeServer, step: str, folder: Path) -> Cost:
        ours, theirs = Pipe()
        with theirs:
            command = [sys.executable, "-P", str(WORKER), str(theirs.fileno()), step, str(folder)]
            process = subprocess.Popen(command, env=environment(self.code), pass_fds=[theirs.fileno()])
        try:
            return watched(server, process.pid, ours).cost
        except EOFError:
            raise RuntimeError(f"{COMMIT[:7]} failed to {step}; see the traceback above") from None
        finally:
            ours.close()
            process.wait()


def checked_out(scratch: Path) -> Before:
    """Returns the code of that commit, in a folder of `scratch`. Raises MissingCommitError."""
    code = scratch / COMMIT[:7]
    if not code.exists():
        repository = Path(__file__).parent.parent
        command = ["git", "archive", COMMIT, "benchmarks", "clipper_assets"]
        archive = subprocess.run(command, capture_output=True, check=False, cwd=repository)
        if archive.returncode:
            raise MissingCommitError(
                f"Commit {COMMIT[:7]}, which the benchmark compares with, is not in this clone. "
                f"Fetch it with `git fetch --depth=1 origin {COMMIT}`."
            )
        part = scratch / f"part_{COMMIT[:7]}"
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(part, filter="data")
        part.replace(code)
    return Before(code)


def environment(code: Path) -> dict[str, str]:
    """Returns the environment in which Python imports that code."""
    return {**os.environ, "PYTHONPATH": str(code)}
