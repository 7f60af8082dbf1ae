"""What a person changes about clips, and the run that shows it."""

from typing import Any

from fastapi import APIRouter, Depends, Response

from clipper_assets.api.auth import may_change
from clipper_assets.api.deps import AspectQuery, Services, ServicesDep
from clipper_assets.api.problems import RefusedError, answers
from clipper_assets.api.repository.states import EpisodeSnapshot
from clipper_assets.api.requests import ClipEdit, EditsRequest
from clipper_assets.api.views import edits as views
from clipper_assets.api.views.episodes import Accepted, accepted
from clipper_assets.captions.styles import style_names
from clipper_assets.clips.manifest import Requested
from clipper_assets.edits.model import Edits, Judged
from clipper_assets.edits.store import save_edits, undone
from clipper_assets.edits.windows import moved, pinned, retitled
from clipper_assets.edits.words import worded
from clipper_assets.media.frame import Aspect
from clipper_assets.runs.model import EpisodeState
from clipper_assets.runtime.asset_names import CAMERA_PATHS, HIGHLIGHT_WINDOWS, RENDERED_CLIPS, SCENES
from clipper_assets.shows.show import Layout

router = APIRouter(tags=["edits"])
CHANGES = [Depends(may_change)]
EDITS_TAG = "clipper/edits"
"""Tag of a run that shows edits: their version."""
AFTER_EDITS = (HIGHLIGHT_WINDOWS, SCENES, CAMERA_PATHS, RENDERED_CLIPS)


@router.get("/options", responses=answers())
def options() -> views.Options:
    """Caption styles and layouts to choose from."""
    return views.Options(caption_styles=style_names(), layouts=list(Layout))


@router.patch("/episodes/{key:path}/clips/{number}", dependencies=CHANGES, responses=answers(403, 404, 409))
def edit_clip(key: str, number: int, asked: ClipEdit, services: ServicesDep, aspect: AspectQuery = None) -> views.Edits:
    """Change a clip, in all aspects; an approval is of the file in this one. Nothing is rendered until asked for."""
    known = services.states.intact_snapshot(key)
    _on(known, asked.base_version)
    clip = known.clip(number, aspect)
    if known.words is None:
        raise RefusedError(409, f"{key} has no transcript; wait until its run has ended")
    source = known.source
    duration_s = source.duration_s if source else clip.end_time
    if asked.caption_style is not None and asked.caption_style not in style_names():
        raise RefusedError(
            422, f"there is no caption style {asked.caption_style!r}; there are {', '.join(style_names())}"
        )
    clips = pinned(known.edits, services.states.windows(known.partition))
    position = next((place for place, each in enumerate(clips) if each.number == number), None)
    if position is None:
        raise RefusedError(409, f"clip {number} of {key} is not among its windows any more; render the episode again")
    try:
        changed = moved(clips[position], asked.first_sentence, asked.last_sentence, known.sentences, duration_s)
        changed = retitled(changed, asked.hook, asked.title)
        words = worded(known.edits, known.words, {each.word: each.text for each in asked.words})
    except ValueError as error:
        raise RefusedError(422, str(error)) from None
    clips[position] = changed.model_copy(update=_looks(asked, clip.sha256))
    return _save(services, known, known.edits.followed_by(_what(number, asked), clips, words))


@router.post("/episodes/{key:path}/edits/undo", dependencies=CHANGES, responses=answers(403, 404, 409))
def undo(key: str, asked: EditsRequest, services: ServicesDep) -> views.Edits:
    """Take the last edit back; again, the one before."""
    known = services.states.intact_snapshot(key)
    _on(known, asked.base_version)
    if not views.edits_view(known).can_undo:
        raise RefusedError(409, f"there is no edit of {key} to take back")
    return _save(services, known, undone(services.storage, known.partition, known.edits))


@router.delete("/episodes/{key:path}/edits", dependencies=CHANGES, responses=answers(403, 404, 409))
def give_up(key: str, asked: EditsRequest, services: ServicesDep) -> views.Edits:
    """Give all edits up: the next run picks anew. That can be undone as well."""
    known = services.states.intact_snapshot(key)
    _on(known, asked.base_version)
    return _save(services, known, known.edits.followed_by("gave all edits up", [], []))


@router.post("/episodes/{key:path}/render", status_code=202, dependencies=CHANGES, responses=answers(403, 404, 409))
def render_again(key: str, services: ServicesDep, response: Response, aspect: AspectQuery = None) -> Accepted:
    """Make the clips of an aspect as edited; those that nothing was changed about stay as they are."""
    known = services.states.intact_snapshot(key)
    if known.state in (EpisodeState.queued, EpisodeState.running):
        raise RefusedError(409, f"a run of {key} is going on; wait until it has ended, or cancel it")
    rendering = known.rendering(aspect)
    if rendering is None:
        raise RefusedError(409, f"{key} has no clips yet; process it first")
    ops = _ops(rendering.manifest.requested, rendering.aspect)
    run_id = services.dagster.launch(known.partition, {EDITS_TAG: str(known.edits.version)}, AFTER_EDITS, ops)
    services.states.forget(key)
    return accepted(key, run_id, response)


def _ops(requested: Requested, aspect: Aspect) -> dict[str, Any]:
    """Run config like that of the rendered clips, so that those without an edit stay as they are."""
    asked = requested.model_dump(mode="json", exclude_none=True)
    camera = {"layout": asked.pop("layout")} if "layout" in asked else {}
    return {
        SCENES: {"config": camera},
        CAMERA_PATHS: {"config": camera},
        RENDERED_CLIPS: {"config": {**asked, "aspect": aspect.name}},
    }


def _on(known: EpisodeSnapshot, base_version: int) -> None:
    if known.edits.version != base_version:
        raise RefusedError(
            409,
            f"somebody edited {known.key} meanwhile: it is at version {known.edits.version}, not {base_version}; "
            "load it again",
        )


def _save(services: Services, known: EpisodeSnapshot, edits: Edits) -> views.Edits:
    saved = save_edits(services.storage, services.instance, known.partition, edits)
    services.states.forget(known.key)
    if not saved:
        raise RefusedError(409, f"somebody edited {known.key} at the same moment; load it again")
    return views.edits_view(services.states.intact_snapshot(known.key))


def _looks(asked: ClipEdit, sha256: str) -> dict[str, object]:
    looks: dict[str, object] = {}
    if asked.caption_style is not None:
        looks["caption_style"] = asked.caption_style
    if asked.layout is not None:
        looks["layout"] = asked.layout.value
    if asked.decision is not None:
        looks["judged"] = Judged(decision=asked.decision, sha256=sha256)
    return looks


def _what(number: int, asked: ClipEdit) -> str:
    """Which fields of a clip were changed, for people who read the history."""
    names = sorted(asked.model_fields_set - {"base_version"})
    return f"clip {number}: {', '.join(names) or 'nothing'}"
