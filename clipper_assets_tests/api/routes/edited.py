"""The episode whose clips tests edit, separate because other tests need theirs unchanged."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clipper_assets.api.deps import Services
from clipper_assets.clips.manifest import Manifest
from clipper_assets_tests.conftest import clip_episode

KEY, CLIPS = "show3/edited.mp4", "show3/clips"


def shown_edits(version: int, unrendered: Sequence[str] = (), new_clips: Sequence[int] = ()) -> dict[str, Any]:
    """The edits in an answer of the API."""
    shown = {"unrendered": list(unrendered), "new_clips": list(new_clips)}
    return {"version": version, "can_undo": True, "is_rendered": not unrendered, **shown}


def process(services: Services, *, afresh: bool = False) -> None:
    _, result = clip_episode(services.storage, KEY, services.instance, max_clips=2, afresh=afresh)
    assert result.success
    services.states.forget(KEY)


def files(services: Services, number: int) -> dict[str, tuple[str, int]]:
    """SHA-256 and modification time of a clip's files."""
    hashes = {}
    for suffix in ("mp4", "srt", "vtt", "jpg"):
        path = Path(services.storage.path(f"{CLIPS}/clip_{number}.{suffix}"))
        hashes[suffix] = (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
    return hashes


def manifest(services: Services) -> Manifest:
    return Manifest.model_validate_json(services.storage.read_bytes(f"{CLIPS}/manifest.json"))
