"""Compares the clips of an episode with those that a run would make now, without making them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from clipper_assets.chapters.chapter import CHAPTERS_TABLE, read_chapters
from clipper_assets.clips.chapter_files import with_chapters
from clipper_assets.clips.folders import manifest_key
from clipper_assets.clips.gates.verdicts import Limits
from clipper_assets.clips.looks import Rendition
from clipper_assets.clips.manifest import Clip, Manifest, read_manifest
from clipper_assets.clips.records import recorded
from clipper_assets.episodes.source import RawVideo
from clipper_assets.runtime.asset_names import CHAPTERS
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.lake import stored_table

if TYPE_CHECKING:
    from clipper_assets.clips.produce import Job


def why_produced_again(
    jobs: "Sequence[Job]", source: RawVideo, storage: Storage, rendition: Rendition, limits: Limits
) -> str:
    """Why a run of `jobs` would change the clips of a rendition, or their manifest, in words; empty if it would not.

    Decisions of people are not compared: the API applies them to the clips that there are.
    """
    key = manifest_key(storage, source.key, source.episode, rendition)
    if key is None:
        return f"there are no clips in {rendition}"
    try:
        manifest = read_manifest(storage, key)
    except DamagedError as damaged:
        return str(damaged)
    if manifest.status != "done":
        return "its rendering did not end"
    folder = key.rpartition("/")[0]
    if changed := next(filter(None, (_changed(job, manifest, storage, folder, rendition, limits) for job in jobs)), ""):
        return changed
    surplus = {clip.clip_index for clip in manifest.clips} - {job.plan.index for job in jobs}
    if surplus:
        return f"clip {min(surplus)} is no longer a window"
    return "" if _has_its_chapters(manifest, storage) else "the manifest has other chapters"


def _changed(
    job: "Job", manifest: Manifest, storage: Storage, folder: str, rendition: Rendition, limits: Limits
) -> str:
    from clipper_assets.clips.produce import kept_clip

    index = job.plan.index
    kept = kept_clip(job, manifest.episode, storage, folder, rendition, limits)
    if kept is None:
        lost = recorded(storage, manifest.episode, rendition, index) is None
        return f"clip {index} has files missing" if lost else f"clip {index} would look or sound different"
    listed = next((clip for clip in manifest.clips if clip.clip_index == index), None)
    same = listed is not None and _undecided(kept) == _undecided(listed)
    return "" if same else f"clip {index} has other texts or verdicts in the manifest"


def _undecided(clip: Clip) -> Clip:
    return clip.model_copy(update={"review": None})


def _has_its_chapters(manifest: Manifest, storage: Storage) -> bool:
    chapters = read_chapters(stored_table(storage, CHAPTERS, CHAPTERS_TABLE, manifest.episode))
    return with_chapters(manifest, chapters) == manifest
