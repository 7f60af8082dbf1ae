"""What a person changes about clips, and the run that shows it."""

from collections.abc import Sequence

from fastapi import APIRouter, Depends, Response

from clipper_assets.adverts.spans import AD_SPANS_TABLE
from clipper_assets.api.auth import may_change
from clipper_assets.api.deps import AspectQuery, LookQuery, Services, ServicesDep
from clipper_assets.api.problems import RefusedError, answers
from clipper_assets.api.repository.snapshot import EpisodeSnapshot
from clipper_assets.api.requests import AdvertEdit, ClipEdit, EditsRequest, NewClip
from clipper_assets.api.views import edits as views
from clipper_assets.api.views.episodes import Accepted, accepted
from clipper_assets.captions.styles import style_names
from clipper_assets.clips.again import render_config
from clipper_assets.clips.manifest import Clip
from clipper_assets.edits.additions import added_clip
from clipper_assets.edits.adverts import with_marks
from clipper_assets.edits.model import EditedClip, Edits, StoredDecision
from clipper_assets.edits.store import save_edits, undone
from clipper_assets.edits.windows import pinned_clips, retitled, with_boundaries
from clipper_assets.edits.words import updated_word_edits
from clipper_assets.highlights.window import WINDOWS
from clipper_assets.runs.model import EpisodeState
from clipper_assets.runtime.asset_names import (
    AD_SPANS,
    CAMERA_PATHS,
    CHAPTERS,
    EPISODE_COSTS,
    HIGHLIGHT_WINDOWS,
    RENDERED_CLIPS,
    SCENES,
)
from clipper_assets.shows.show import Layout
from clipper_assets.storage.recipes import read_requested

router = APIRouter(tags=["edits"])
CHANGES = [Depends(may_change)]
EDITS_TAG = "clipper/edits"
"""Tag of a run that renders edits: their version."""
AFTER_EDITS: Sequence[str] = (HIGHLIGHT_WINDOWS, CHAPTERS, SCENES, CAMERA_PATHS, RENDERED_CLIPS, EPISODE_COSTS)


@router.get("/options", responses=answers())
def options() -> views.Options:
    """The caption styles and layouts that a clip can have."""
    return views.Options(caption_styles=style_names(), layouts=list(Layout))


@router.patch("/episodes/{key:path}/clips/{number}", dependencies=CHANGES, responses=answers(403, 404, 409))
def edit_clip(
    key: str, number: int, request: ClipEdit, services: ServicesDep, look: LookQuery, aspect: AspectQuery = None
) -> views.Edits:
    """Save an edit of a clip, for all aspects and looks; an approval applies to this file. Renders nothing yet.

    A rejection applies to every aspect and look of the moment; one of a clip of a look to that look only.
    """
    episode = services.states.intact_snapshot(key)
    refuse_if_outdated(episode, request.base_version)
    if look is not None:
        episode = services.states.with_looks(episode)
        if request.caption_style is not None:
            raise RefusedError(422, f"the look {look} names its caption style; change that of the default clip instead")
    clip = episode.clip(number, aspect, look)
    if episode.words is None:
        raise RefusedError(409, f"{key} has no transcript; wait until its run has ended")
    source = episode.source
    duration_s = source.duration_s if source else clip.end_time
    if request.caption_style is not None and request.caption_style not in style_names():
        raise RefusedError(
            422, f"unknown caption style {request.caption_style!r}; use one of {', '.join(style_names())}"
        )
    clips = pinned_clips(episode.edits, services.states.windows(episode.partition))
    position = next((place for place, each in enumerate(clips) if each.number == number), None)
    if position is None:
        raise RefusedError(409, f"clip {number} of {key} is no longer one of its windows; render the episode again")
    try:
        changed = with_boundaries(
            clips[position], request.first_sentence, request.last_sentence, episode.sentences, duration_s
        )
        changed = retitled(changed, request.hook, request.title)
        words = updated_word_edits(episode.edits, episode.words, {each.word: each.text for each in request.words})
    except ValueError as error:
        raise RefusedError(422, str(error)) from None
    clips[position] = changed.model_copy(update=_look_fields(request, changed, clip))
    return save(services, episode, episode.edits.followed_by(_description(number, request), clips=clips, words=words))


@router.patch("/episodes/{key:path}/adverts", dependencies=CHANGES, responses=answers(403, 404, 409))
def mark_adverts(key: str, request: AdvertEdit, services: ServicesDep) -> views.Edits:
    """Mark passages as adverts, or unmark them. Clips avoid adverts, or are held back, from the next rendering on."""
    episode = services.states.intact_snapshot(key)
    refuse_if_outdated(episode, request.base_version)
    source = episode.source
    if episode.words is None or source is None:
        raise RefusedError(409, f"{key} has no transcript; wait until its run has ended")
    try:
        edits = with_marks(episode.edits, request.mark, request.unmark, source.duration_s)
    except ValueError as error:
        raise RefusedError(422, str(error)) from None
    return save(services, episode, edits)


@router.post("/episodes/{key:path}/clips", dependencies=CHANGES, responses=answers(403, 404, 409))
def add_clip(key: str, request: NewClip, services: ServicesDep) -> views.Edits:
    """Add a clip of sentences that a person chose, such as those of a search hit. Renders nothing yet."""
    episode = services.states.intact_snapshot(key)
    refuse_if_outdated(episode, request.base_version)
    _refuse_if_running(episode)
    if episode.words is None or episode.source is None or not episode.renderings:
        raise RefusedError(409, f"{key} has no clips yet; process it first")
    clips = pinned_clips(episode.edits, services.states.windows(episode.partition))
    try:
        clip = added_clip(
            clips,
            request.first_sentence,
            request.last_sentence,
            request.title,
            episode.sentences,
            episode.source.duration_s,
        )
    except ValueError as error:
        raise RefusedError(422, str(error)) from None
    edits = episode.edits.followed_by(f"added clip {clip.number}", clips=[*clips, clip])
    return save(services, episode, edits)


@router.post("/episodes/{key:path}/edits/undo", dependencies=CHANGES, responses=answers(403, 404, 409))
def undo(key: str, request: EditsRequest, services: ServicesDep) -> views.Edits:
    """Undo the last edit; repeat to undo earlier ones."""
    episode = services.states.intact_snapshot(key)
    refuse_if_outdated(episode, request.base_version)
    if not episode.edits.can_undo:
        raise RefusedError(409, f"there is no edit of {key} to undo")
    return save(services, episode, undone(services.storage, episode.partition, episode.edits))


@router.delete("/episodes/{key:path}/edits", dependencies=CHANGES, responses=answers(403, 404, 409))
def give_up(key: str, request: EditsRequest, services: ServicesDep) -> views.Edits:
    """Discard all edits, so that the next run picks highlights again. This can be undone, too."""
    episode = services.states.intact_snapshot(key)
    refuse_if_outdated(episode, request.base_version)
    return save(services, episode, episode.edits.discarded())


@router.post("/episodes/{key:path}/render", status_code=202, dependencies=CHANGES, responses=answers(403, 404, 409))
def render_again(key: str, services: ServicesDep, response: Response, aspect: AspectQuery = None) -> Accepted:
    """Render the edited clips of an aspect; clips without changes are kept."""
    episode = services.states.intact_snapshot(key)
    _refuse_if_running(episode)
    rendering = episode.rendering(aspect)
    if rendering is None:
        raise RefusedError(409, f"{key} has no clips yet; process it first")
    windows = services.states.table(episode.partition, HIGHLIGHT_WINDOWS, WINDOWS)
    highlights = (read_requested(windows) if windows is not None else None) or {}
    ops = render_config(highlights, rendering.manifest.requested, rendering.aspect)
    # Clips of earlier versions were made without looking for adverts.
    has_adverts = services.states.table(episode.partition, AD_SPANS, AD_SPANS_TABLE) is not None
    steps = AFTER_EDITS if has_adverts else (AD_SPANS, *AFTER_EDITS)
    run_id = services.dagster.launch(episode.partition, {EDITS_TAG: str(episode.edits.version)}, steps, ops)
    services.states.forget(key)
    return accepted(key, run_id, response)


def refuse_if_outdated(episode: EpisodeSnapshot, base_version: int) -> None:
    """Raise RefusedError (409) if the edits of an episode have another version than a request is based on."""
    if episode.edits.version != base_version:
        raise RefusedError(
            409,
            f"somebody else edited {episode.key}: it is version {episode.edits.version}, not {base_version}; reload it",
        )


def _refuse_if_running(episode: EpisodeSnapshot) -> None:
    if episode.state in (EpisodeState.queued, EpisodeState.running):
        raise RefusedError(409, f"a run of {episode.key} is in progress; wait until it ends, or cancel it")


def save(services: Services, episode: EpisodeSnapshot, edits: Edits) -> views.Edits:
    """Save a version of an episode's edits. Raises RefusedError (409) if somebody else saved that version first."""
    saved = save_edits(services.storage, services.instance, episode.partition, edits)
    services.states.forget(episode.key)
    if not saved:
        raise RefusedError(409, f"somebody else edited {episode.key} at the same moment; reload it")
    return views.edits_view(services.states.intact_snapshot(episode.key))


def _look_fields(request: ClipEdit, edited: EditedClip, clip: Clip) -> dict[str, object]:
    fields: dict[str, object] = {}
    if request.caption_style is not None:
        fields["caption_style"] = request.caption_style
    if request.layout is not None:
        fields["layout"] = request.layout.value
    if request.decision is not None:
        judged = StoredDecision(decision=request.decision, sha256=clip.sha256)
        if clip.look is None:
            fields["judged"] = judged
        else:
            fields["judged_looks"] = {**edited.judged_looks, clip.look: judged}
    return fields


def _description(number: int, request: ClipEdit) -> str:
    """The changed fields of a clip, for the history of edits."""
    names = sorted(request.model_fields_set - {"base_version"})
    return f"clip {number}: {', '.join(names) or 'nothing'}"
