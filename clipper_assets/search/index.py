"""The search index of one machine: a tantivy index in a cache folder, read by all processes and written by one.

tantivy was chosen by measurement (docs/search.md): a common word in 100,000 passages takes it 0.5 ms, SQLite's FTS5
234 ms; bm25s would be rebuilt for each new episode.
"""

import fcntl
import json
import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import tantivy

from clipper_assets.episodes.partitions import object_key
from clipper_assets.search.passages import Passage, passages
from clipper_assets.search.state import State, read_state, write_state
from clipper_assets.search.terms import terms
from clipper_assets.transcript.words import Sentence

log = logging.getLogger(__name__)

WRITER_BYTES = 30_000_000
"""Memory of the writer; tantivy needs at least 15 MB."""
LOWEST_FREE_BYTES = 100_000_000
"""An index does not grow while less than this is free on its disk."""


class BrokenIndexError(Exception):
    """The files of the index are damaged; it is rebuilt from the lake."""


@dataclass(frozen=True)
class EpisodeText:
    """What is indexed of an episode: its partition key, the day of its upload, and its sentences in `language`."""

    partition: str
    uploaded_at: datetime
    language: str
    sentences: Sequence[Sentence]


def schema() -> tantivy.Schema:
    """One document per passage. Texts are split here, not by tantivy, so that queries and marks use the same words."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("stems", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("speakers", tokenizer_name="whitespace", index_option="basic")
    builder.add_text_field("episode", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("shows", tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("uploaded_at", stored=True, indexed=True, fast=True)
    builder.add_integer_field("number", fast=True)
    builder.add_integer_field("first", fast=True)
    builder.add_integer_field("last", fast=True)
    builder.add_bytes_field("sentences", stored=True)
    return builder.build()


@contextmanager
def faults_of_tantivy() -> Iterator[None]:
    """Raise BrokenIndexError for what tantivy raises on damaged files: ValueError, or a panic of its Rust code.

    pyo3's PanicException derives from BaseException and cannot be imported.
    """
    try:
        yield
    except ValueError as error:
        raise BrokenIndexError(str(error)) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise BrokenIndexError(str(error)) from error


def open_index(folder: Path, state: State) -> tantivy.Index:
    """The index that `state` names. Raises BrokenIndexError if it cannot be opened."""
    with faults_of_tantivy():
        index = tantivy.Index.open(str(folder / state.generation))
        index.searcher()
        return index


@contextmanager
def only_writer(folder: Path) -> Iterator[bool]:
    """Hold the folder's lock; gives False, without waiting, if another process or thread holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def usable_state(folder: Path) -> State:
    """The state of a usable index, a new empty one if there is none. Call it as the only writer."""
    state = read_state(folder)
    if state is not None:
        try:
            open_index(folder, state)
        except BrokenIndexError as error:
            log.warning("the search index in %s is damaged and is built again: %s", folder, error)
        else:
            return state
    return new_index(folder)


def new_index(folder: Path) -> State:
    """Replace the index by an empty one; processes that read the old one keep its files open."""
    state = State(generation=uuid4().hex)
    place = folder / state.generation
    place.mkdir()
    tantivy.Index(schema(), path=str(place))
    write_state(folder, state)
    for other in folder.iterdir():
        if other.is_dir() and other != place:
            shutil.rmtree(other, ignore_errors=True)
    return state


class Writer:
    """Adds episodes to the index and removes them; nothing is visible before `commit`. One at a time."""

    def __init__(self, folder: Path, state: State):
        self.folder = folder
        with faults_of_tantivy():
            self._writer = open_index(folder, state).writer(WRITER_BYTES, 1)

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for merges of segments, and release tantivy's lock."""
        with faults_of_tantivy():
            self._writer.wait_merging_threads()

    def remove(self, partition: str) -> None:
        self._writer.delete_documents_by_term("episode", partition)

    def add(self, episode: EpisodeText) -> None:
        """Add an episode; replaces what the index has of it."""
        self.remove(episode.partition)
        for passage in passages(episode.sentences, episode.language):
            self._writer.add_document(tantivy.Document(**_fields(episode, passage)))

    def commit(self) -> None:
        """Make the changes visible. Raises OSError if the disk is almost full."""
        if shutil.disk_usage(self.folder).free < LOWEST_FREE_BYTES:
            raise OSError(
                f"less than {LOWEST_FREE_BYTES / 1e6:.0f} MB are free in {self.folder}; free some, or set "
                "CLIPPER_SEARCH_DIR to a folder on another disk"
            )
        with faults_of_tantivy():
            self._writer.commit()


def episode_number(partition: str) -> int:
    """A number for an episode that fits a column of tantivy; two episodes have the same one with odds of 1 in 2^60."""
    return int.from_bytes(sha256(partition.encode()).digest()[:8], "big") >> 2


def shows_of(partition: str) -> list[str]:
    """The folder of the upload and the folders around it: `a/b` and `a` for `a/b/talk.mp4`; none at the root."""
    folders = object_key(partition).split("/")[:-1]
    return ["/".join(folders[:depth]) for depth in range(len(folders), 0, -1)]


def _fields(episode: EpisodeText, passage: Passage) -> dict[str, Any]:
    sentences = episode.sentences
    speakers = sorted({each.speaker for each in sentences[passage.first : passage.last + 1] if each.speaker})
    names = [term for speaker in speakers for term in terms(speaker, episode.language)]
    # A question about what somebody said names the person, who rarely says that name.
    known = [
        term.stem for name in speakers if not name.startswith("SPEAKER_") for term in terms(name, episode.language)
    ]
    around = sentences[max(passage.first - 1, 0) : passage.last + 2]
    return {
        "stems": " ".join([*(term.stem for term in passage.terms), *known]),
        "words": " ".join(term.folded for term in passage.spoken),
        "speakers": " ".join(term.folded for term in names),
        "episode": episode.partition,
        "shows": shows_of(episode.partition),
        "uploaded_at": int(episode.uploaded_at.timestamp()),
        "number": episode_number(episode.partition),
        "first": passage.first,
        "last": passage.last,
        "sentences": json.dumps(
            {
                "language": episode.language,
                "before": passage.first > 0,
                "after": passage.last + 1 < len(sentences),
                "sentences": [[each.number, each.text, each.start, each.end, each.speaker] for each in around],
            },
            ensure_ascii=False,
        ).encode(),
    }
