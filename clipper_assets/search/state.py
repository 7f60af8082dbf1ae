"""What a search index on this machine holds: one file that names the index in use and its episodes."""

import os
import tempfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

FORMAT = 2
"""Increase it when the schema of the index, the terms or the passages change; indexes of another format are rebuilt."""
_FILE = "state.json"


class IndexedEpisode(BaseModel):
    """An episode in the index: the version of its transcript and edits, and its language (ISO 639-1)."""

    model_config = ConfigDict(frozen=True)

    version: str
    language: str


class SkippedEpisode(BaseModel):
    """An episode that cannot be read: the version that was tried, and why in one sentence."""

    model_config = ConfigDict(frozen=True)

    version: str
    reason: str


class State(BaseModel):
    """Names the index's folder and its episodes by partition. The index is written before the state that names it."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    generation: str
    episodes: dict[str, IndexedEpisode] = {}
    skipped: dict[str, SkippedEpisode] = {}
    waiting: int = 0
    """Episodes that were found in the lake and are not indexed yet."""

    @property
    def languages(self) -> list[str]:
        """The languages of the episodes, the most frequent first."""
        counts: dict[str, int] = {}
        for episode in self.episodes.values():
            counts[episode.language] = counts.get(episode.language, 0) + 1
        return sorted(counts, key=lambda language: (-counts[language], language))


def read_state(folder: Path) -> State | None:
    """The state in the folder of an index; None if there is none that this version can use.

    Why a folder cannot be read is said by the writer, which needs it too.
    """
    try:
        state = State.model_validate_json((folder / _FILE).read_bytes())
    except (OSError, ValidationError):
        return None
    return state if state.format == FORMAT and state.generation.isalnum() else None


def state_stamp(folder: Path) -> tuple[int, int] | None:
    """What changes when the state is replaced: time in nanoseconds and inode of its file; None if there is none."""
    try:
        status = (folder / _FILE).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino


def write_state(folder: Path, state: State) -> None:
    """Replace the state in one step."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)
    with os.fdopen(handle, "w") as file:
        file.write(state.model_dump_json())
    Path(name).replace(folder / _FILE)


def discard(folder: Path, state: State) -> None:
    """Give up an index whose files are damaged, unless another one has taken its place; the next writer builds one."""
    current = read_state(folder)
    if current is not None and current.generation == state.generation:
        (folder / _FILE).unlink(missing_ok=True)
