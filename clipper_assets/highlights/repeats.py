"""Keeps a moment from becoming a clip twice: in one episode, and in later episodes of its show.

Each episode writes one small object, `lake/clip_fingerprints/show=<folder>/episode=<key>.bin`: the hashes of the
shingles (runs of five words) of its windows. It has the format of the fingerprints of adverts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clipper_assets.adverts.fingerprints import fingerprint_bytes, fingerprint_key, load_fingerprints
from clipper_assets.adverts.repeats import Shingles
from clipper_assets.highlights.run import Run, Runs
from clipper_assets.runtime.asset_names import HIGHLIGHT_WINDOWS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.storage.base import Storage
from clipper_assets.storage.lake import LAKE
from clipper_assets.transcript.words import Sentence

FOLDER = f"{LAKE}/clip_fingerprints"
SAME_MOMENT = 0.5
"""Least share of a window's shingles that another one has, too, if both show the same moment."""
MOST_REPEATS, FEWEST_SHINGLES = 3, 20
"""A phrase that is said more often in an episode is a formula, and tells no moments apart. A window without at least so
many other shingles is compared with none."""
SAME_RECORDING = 0.8
"""An episode of whose windows this share is said here is the same recording under another name."""


@dataclass(frozen=True)
class Posted:
    """The shingles of the clips of earlier episodes, and what could not be read."""

    hashes: Sequence[NDArray[np.uint32]] = ()
    degraded: Sequence[Degraded] = field(default_factory=tuple)


def load_posted(storage: Storage, episode: str) -> Posted:
    """The clips of the newest episodes of the show that were picked before those of this one, or that exist."""
    own = storage.stat(fingerprint_key(episode, FOLDER))
    found = load_fingerprints(storage, episode, FOLDER, own.changed_at if own else None)
    damaged = [
        Degraded(
            HIGHLIGHT_WINDOWS,
            f"the fingerprint {key} is damaged, so moments of that episode may become clips again; "
            "materialize highlight_windows of it with `afresh: true`",
        )
        for key in found.damaged
    ]
    return Posted(found.hashes, damaged)


def save_posted(
    storage: Storage, episode: str, sentences: Sequence[Sentence], language: str, chosen: Sequence[tuple[int, int]]
) -> None:
    """Store the fingerprint of an episode's windows, first and last sentence each; an unchanged one keeps its time."""
    shingles, key = Shingles(sentences, language), fingerprint_key(episode, FOLDER)
    hashes = [shingles.hashes[shingles.within(first, last)] for first, last in chosen]
    data = fingerprint_bytes(np.concatenate([np.empty(0, np.uint32), *hashes]))
    if not storage.exists(key) or storage.read_bytes(key, len(data) + 1) != data:
        storage.put_bytes(key, data)


class Moments:
    """What is said in an episode, to compare its runs with each other and with the clips of earlier episodes."""

    def __init__(self, sentences: Sequence[Sentence], language: str, posted: Posted) -> None:
        self._shingles = Shingles(sentences, language)
        hashes = self._shingles.hashes
        others = [other for other in posted.hashes if np.isin(other, hashes).sum() < SAME_RECORDING * other.size]
        known = np.isin(hashes, np.concatenate([np.empty(0, np.uint32), *others])).astype(np.float64)
        self._known = _sums(self._shingles.per_sentence(known))
        self._all = _sums(self._shingles.per_sentence(np.ones(hashes.size)))
        _, which, often = np.unique(hashes, return_inverse=True, return_counts=True)
        self._is_rare = (often <= MOST_REPEATS)[which]

    def fresh(self, runs: Sequence[Run]) -> NDArray[np.bool_]:
        """Whether each run shows another moment than the clips of earlier episodes; shape (runs,).

        If none does, all count as fresh.
        """
        first, after = Runs.of(runs).first, Runs.of(runs).last + 1
        said = self._all[after] - self._all[first]
        known = self._known[after] - self._known[first]
        fresh = np.asarray(known < SAME_MOMENT * np.maximum(said, 1))
        return fresh if fresh.any() else np.ones(len(fresh), dtype=bool)

    def is_same(self, one: Run, other: Run) -> bool:
        """Whether two runs say mostly the same: they overlap, or the same was said twice."""
        a, b = (self._rare(run) for run in (one, other))
        return bool(np.isin(a, b).sum() >= SAME_MOMENT * max(min(a.size, b.size), FEWEST_SHINGLES))

    def _rare(self, run: Run) -> NDArray[np.uint32]:
        shingles = self._shingles.within(run.first, run.last)
        return np.unique(self._shingles.hashes[shingles][self._is_rare[shingles]])

    def distinct(self, runs: Sequence[Run]) -> list[int]:
        """Indices of the runs that show another moment than every run before them that is kept."""
        kept: list[int] = []
        for number, run in enumerate(runs):
            if not any(self.is_same(run, runs[other]) for other in kept):
                kept.append(number)
        return kept


def _sums(per_sentence: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(per_sentence)])
