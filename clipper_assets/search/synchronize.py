"""Brings the index of this machine up to date with the lake, episode by episode.

The lake decides what can be found: the index has nothing that cannot be read from there again.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from urllib.parse import unquote

from clipper_assets.edits.store import latest_edits
from clipper_assets.edits.words import apply_word_edits
from clipper_assets.episodes.partitions import object_key
from clipper_assets.runtime.asset_names import ALIGNED_TRANSCRIPT
from clipper_assets.runtime.errors import StorageError
from clipper_assets.search.index import EpisodeText, Writer, new_index, only_writer, usable_state
from clipper_assets.search.state import IndexedEpisode, SkippedEpisode, State, write_state
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.lake import LAKE, stored_table, table_key
from clipper_assets.transcript.words import WORDS, sentences

log = logging.getLogger(__name__)

BATCH = 20
"""Episodes that become visible together: a commit costs about 0.05 s, and now and then a merge of segments."""
MAX_TABLE_BYTES = 100_000_000
"""Largest words table that is read; ten hours of speech take about 1 MB."""
_FOLDER = "episode="


def synchronize(storage: Storage, folder: Path, *, afresh: bool = False) -> bool:
    """Index what is new or changed in the lake and remove what is gone; returns False if another process does so.

    Episodes whose tables cannot be read are skipped and named in the state. `afresh` builds a new index. Raises the
    error of the storage if the lake cannot be read, OSError if the index cannot be written, and BrokenIndexError if it
    is damaged.
    """
    with only_writer(folder) as alone:
        if not alone:
            return False
        state = new_index(folder) if afresh else usable_state(folder)
        versions = _versions(storage)
        known: dict[str, IndexedEpisode | SkippedEpisode] = {**state.episodes, **state.skipped}
        gone = [partition for partition in known if partition not in versions]
        changed = [name for name, version in versions.items() if name not in known or known[name].version != version]
        if not gone and not changed:
            return True
        with Writer(folder, state) as writer:
            _publish(writer, folder, state := _without(writer, state, gone, waiting=len(changed)))
            rest = iter(changed)
            while batch := list(islice(rest, BATCH)):
                for partition in batch:
                    state = _with(storage, writer, state, partition, versions[partition])
                _publish(writer, folder, state)
    return True


def _publish(writer: Writer, folder: Path, state: State) -> None:
    writer.commit()
    write_state(folder, state)


def _versions(storage: Storage) -> dict[str, str]:
    """The version of each episode's transcript: that of its words table, and of the newest edits, which correct it."""
    edits: dict[str, str] = {}
    for stored in storage.list_objects(f"{LAKE}/edits"):
        partition, name = _split(stored.key)
        edits[partition] = max(edits.get(partition, ""), name)
    tables = [(*_split(stored.key), stored) for stored in storage.list_objects(f"{LAKE}/{ALIGNED_TRANSCRIPT}")]
    return {
        partition: f"{stored.version} {edits.get(partition, '')}".rstrip()
        for partition, name, stored in tables
        if stored.key == table_key(ALIGNED_TRANSCRIPT, WORDS.name, partition)
    }


def _split(key: str) -> tuple[str, str]:
    """The partition and the file name of `lake/<asset>/episode=<partition>/<name>`."""
    folder, _, name = key.rpartition("/")
    return unquote(folder.rpartition("/")[2].removeprefix(_FOLDER)), name


def _without(writer: Writer, state: State, gone: Sequence[str], waiting: int) -> State:
    for partition in gone:
        writer.remove(partition)
    return state.model_copy(
        update={
            "episodes": _dropped(state.episodes, gone),
            "skipped": _dropped(state.skipped, gone),
            "waiting": waiting,
        }
    )


def _with(storage: Storage, writer: Writer, state: State, partition: str, version: str) -> State:
    episodes, skipped = _dropped(state.episodes, [partition]), _dropped(state.skipped, [partition])
    try:
        text = _read(storage, partition)
    except (DamagedError, StorageError, UnicodeDecodeError) as error:
        log.warning("%s is left out of the search: %s", partition, error)
        writer.remove(partition)
        skipped[partition] = SkippedEpisode(version=version, reason=str(error))
    else:
        writer.add(text)
        episodes[partition] = IndexedEpisode(version=version, language=text.language)
    return state.model_copy(update={"episodes": episodes, "skipped": skipped, "waiting": state.waiting - 1})


def _read(storage: Storage, partition: str) -> EpisodeText:
    """Raises DamagedError if the words table or the edits cannot be read."""
    key = table_key(ALIGNED_TRANSCRIPT, WORDS.name, partition)
    stored = storage.stat(key)
    if stored is not None and stored.size_bytes > MAX_TABLE_BYTES:
        raise DamagedError(f"the table {key} has {stored.size_bytes / 1e6:.0f} MB, which is too large for a transcript")
    table = stored_table(storage, ALIGNED_TRANSCRIPT, WORDS, partition)
    words = apply_word_edits(table, latest_edits(storage, partition).words)
    upload = storage.stat(object_key(partition)) or stored
    return EpisodeText(
        partition=partition,
        uploaded_at=upload.changed_at if upload else datetime.now(UTC),
        language=words["language"][0].as_py() if words.num_rows else "",
        sentences=sentences(words.select(["sentence", "word", "text", "start", "end", "speaker", "doubt"])),
    )


def _dropped(entries: Mapping[str, object], names: Sequence[str]) -> dict[str, object]:
    return {name: entry for name, entry in entries.items() if name not in names}
