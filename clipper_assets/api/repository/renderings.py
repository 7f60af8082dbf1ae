"""The rendered clips of an episode by aspect, and the edits that they do not show yet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from clipper_assets.clips.manifest import Clip, Manifest
from clipper_assets.edits.model import EditedClip, Edits, ShotChoice, UnmarkedSpan, WordEdit
from clipper_assets.media.frame import Aspect
from clipper_assets.storage.damaged import DamagedError

SAME_TIME_S = 0.1
"""Times closer than this are the same: a clip starts on a frame, up to 0.05 s after its window, and sentences are
further apart."""


@dataclass(frozen=True)
class Rendering:
    """The clips of one aspect, or of one look, and the edits that they were rendered with."""

    aspect: Aspect
    manifest: Manifest
    edits: Edits
    look: str | None = None


def manifest_keys(materialization: dg.AssetMaterialization) -> dict[Aspect, str]:
    """Returns the manifest's key per aspect, from a materialization of `rendered_clips`.

    Materializations of earlier versions name only the manifest of their own aspect. Raises DamagedError for metadata
    that no version has written.
    """
    facts: dict[str, Any] = {name: value.value for name, value in materialization.metadata.items()}
    if "manifest" not in facts:
        return {}
    of_this_run = {facts.get("aspect", Aspect.portrait): facts["manifest"]}
    try:
        return {Aspect(aspect): str(key) for aspect, key in facts.get("manifests", of_this_run).items()}
    except (ValueError, AttributeError):
        raise DamagedError(
            f"the materialization of rendered_clips of {materialization.partition} does not name its manifests by "
            "aspect; materialize rendered_clips for this episode again"
        ) from None


def in_order(renderings: Iterable[Rendering]) -> list[Rendering]:
    """Sorts renderings: 9:16 first, if there is one, then the newest."""
    return sorted(
        renderings,
        key=lambda rendering: (
            rendering.aspect is not Aspect.portrait,
            -rendering.manifest.created_at.timestamp(),
        ),
    )


def unrendered_edits(clip: Clip, edits: Edits, shown: Edits) -> dict[str, Any]:
    """Returns the changes in `edits` that a clip rendered with the edits `shown` does not show yet, by field."""
    now, before = edits.clip(clip.clip_index), shown.clip(clip.clip_index)
    changed: dict[str, Any] = {}
    if now:
        window = now.window
        for field, name in (("start_time", "start"), ("end_time", "end")):
            if abs(window[name] - getattr(clip, field)) > SAME_TIME_S:
                changed[field] = window[name]
        texts = _texts(clip, now, before)
        changed |= {name: window[name] for name in texts if name in window and window[name] != texts[name]}
        changed |= {
            name: getattr(now, name)
            for name in ("caption_style", "layout")
            if getattr(now, name) != (getattr(before, name) if before else None)
        }
    words, rendered = _words_in(clip, edits.words), _words_in(clip, shown.words)
    if words != rendered:
        changed["words"] = [edit.text for edit in words if edit not in rendered] or "as in the transcript"
    if _marks_in(clip, edits) != _marks_in(clip, shown):
        changed["adverts"] = "changed"
    if _shots_in(clip, edits) != _shots_in(clip, shown):
        changed["camera"] = "changed"
    return changed


def _texts(clip: Clip, now: EditedClip, before: EditedClip | None) -> dict[str, str]:
    """The hook and title that a clip was rendered with; that of a look may show a translation of them."""
    names = ("hook", "title")
    if clip.look is None:
        return {name: getattr(clip, name) for name in names}
    window = before.window if before else now.picked or now.window
    return {name: window[name] for name in names if name in window}


def _words_in(clip: Clip, edits: Sequence[WordEdit]) -> list[WordEdit]:
    return [edit for edit in edits if clip.start_time < edit.end and edit.start < clip.end_time]


def _shots_in(clip: Clip, edits: Edits) -> list[ShotChoice]:
    return edits.shots_between(clip.start_time, clip.end_time)


def _marks_in(clip: Clip, edits: Edits) -> list[UnmarkedSpan]:
    return [
        span for span in (*edits.marked, *edits.unmarked) if clip.start_time < span.end and span.start < clip.end_time
    ]
