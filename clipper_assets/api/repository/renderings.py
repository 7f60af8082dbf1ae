"""What was rendered of an episode, aspect by aspect, and what edits ask for beyond it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from clipper_assets.clips.manifest import Clip, Manifest
from clipper_assets.edits.model import Edits, WordEdit
from clipper_assets.media.frame import Aspect
from clipper_assets.storage.damaged import DamagedError

SAME_TIME_S = 0.1
"""A clip begins on a frame, up to 0.05 s after its window; another sentence is further away."""


@dataclass(frozen=True)
class Rendering:
    """The clips of one aspect, and the edits that they show."""

    aspect: Aspect
    manifest: Manifest
    edits: Edits


def manifest_keys(made: dg.AssetMaterialization) -> dict[Aspect, str]:
    """Where the manifest of each aspect is, as a materialization of `rendered_clips` says.

    Materializations of earlier versions name only their own. Raises DamagedError for what no version has written.
    """
    facts: dict[str, Any] = {name: value.value for name, value in made.metadata.items()}
    if "manifest" not in facts:
        return {}
    own = {facts.get("aspect", Aspect.portrait): facts["manifest"]}
    try:
        return {Aspect(aspect): str(key) for aspect, key in facts.get("manifests", own).items()}
    except (ValueError, AttributeError):
        raise DamagedError(
            f"the materialization of rendered_clips of {made.partition} does not name its manifests by aspect; "
            "materialize rendered_clips of the episode again"
        ) from None


def in_order(renderings: Iterable[Rendering]) -> list[Rendering]:
    """9:16 first, where there is one, then the newest."""
    return sorted(
        renderings, key=lambda each: (each.aspect is not Aspect.portrait, -each.manifest.created_at.timestamp())
    )


def wanted(clip: Clip, edits: Edits, shown: Edits) -> dict[str, Any]:
    """What `edits` ask of a clip that its file, which shows the edits `shown`, does not show yet, by field."""
    now, before = edits.clip(clip.clip_index), shown.clip(clip.clip_index)
    changed: dict[str, Any] = {}
    if now:
        window = now.window
        for field, name in (("start_time", "start"), ("end_time", "end")):
            if abs(window[name] - getattr(clip, field)) > SAME_TIME_S:
                changed[field] = window[name]
        changed |= {
            name: window[name] for name in ("hook", "title") if name in window and window[name] != getattr(clip, name)
        }
        changed |= {
            name: getattr(now, name)
            for name in ("caption_style", "layout")
            if getattr(now, name) != (getattr(before, name) if before else None)
        }
    words, rendered = (_words_in(clip, each.words) for each in (edits, shown))
    if words != rendered:
        changed["words"] = [edit.text for edit in words if edit not in rendered] or "as in the transcript"
    return changed


def _words_in(clip: Clip, edits: Sequence[WordEdit]) -> list[WordEdit]:
    return [edit for edit in edits if clip.start_time < edit.end and edit.start < clip.end_time]
