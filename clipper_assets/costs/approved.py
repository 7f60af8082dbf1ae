"""Counts the clips of an episode that a person approved."""

from collections.abc import Iterable

from clipper_assets.clips.manifest import CLIPS
from clipper_assets.edits.model import Decision, Edits
from clipper_assets.edits.store import latest_edits
from clipper_assets.runtime.asset_names import RENDERED_CLIPS
from clipper_assets.storage.base import Storage
from clipper_assets.storage.lake import stored_table, table_key


def approved(files: Iterable[tuple[int, str]], edits: Edits) -> int:
    """The number of clips that a person approved, of files by the number of their clip and their SHA-256.

    A clip in several aspects counts once, and an approval of a file that was rendered again since does not count.
    """
    numbers = set()
    for number, sha256 in files:
        edited = edits.clip(number)
        review = edited.review(sha256) if edited else None
        if review and review.current and review.decision is Decision.approved:
            numbers.add(number)
    return len(numbers)


def count_clips(storage: Storage, episode: str) -> tuple[int, int]:
    """How many clips an episode (a partition key) has, and how many of them are approved. Raises DamagedError."""
    if not storage.exists(table_key(RENDERED_CLIPS, CLIPS.name, episode)):
        return 0, 0
    rows = stored_table(storage, RENDERED_CLIPS, CLIPS, episode).select(["clip", "sha256"]).to_pylist()
    files = [(row["clip"], row["sha256"]) for row in rows]
    return len({number for number, _ in files}), approved(files, latest_edits(storage, episode))
