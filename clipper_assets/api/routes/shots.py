"""The camera of a clip, shot by shot: what it shows, what another choice would show, and choosing it."""

from fastapi import APIRouter, Depends

from clipper_assets.api.auth import may_change
from clipper_assets.api.deps import AspectQuery, Services, ServicesDep
from clipper_assets.api.problems import RefusedError, answers
from clipper_assets.api.repository.camera import ClipCamera, clip_camera
from clipper_assets.api.requests import ShotEdit, ShotPreview
from clipper_assets.api.routes.edits import refuse_if_outdated, save
from clipper_assets.api.views import edits as views
from clipper_assets.api.views.shots import Shots, shots_view
from clipper_assets.camera.direction.choices import chosen_face
from clipper_assets.camera.scene import SAME_TIME_S
from clipper_assets.edits.model import ChosenFace, EditedSpan, Edits, ShotChoice
from clipper_assets.edits.shots import with_choice, without_choices
from clipper_assets.shows.show import STILL, Layout

router = APIRouter(tags=["edits"])
PATH = "/episodes/{key:path}/clips/{number}/shots"


@router.get(PATH, responses=answers(404, 409))
def get_shots(key: str, number: int, services: ServicesDep, aspect: AspectQuery = None) -> Shots:
    """Return what the camera shows in a clip shot by shot, with edits that are not rendered yet, and who is in view."""
    episode = services.states.intact_snapshot(key)
    camera = clip_camera(services.states, episode, number, aspect)
    return _view(services, camera, episode.edits)


@router.post(f"{PATH}/preview", responses=answers(404, 409))
def preview_shot(
    key: str, number: int, request: ShotPreview, services: ServicesDep, aspect: AspectQuery = None
) -> Shots:
    """Return what the camera would show in a clip with a choice for one of its shots. Saves nothing."""
    episode = services.states.intact_snapshot(key)
    camera = clip_camera(services.states, episode, number, aspect)
    return _view(services, camera, _edited(camera, episode.edits, request))


@router.patch(PATH, dependencies=[Depends(may_change)], responses=answers(403, 404, 409))
def choose_shot(
    key: str, number: int, request: ShotEdit, services: ServicesDep, aspect: AspectQuery = None
) -> views.Edits:
    """Choose the layout and the people of a shot, in all aspects and looks. Renders nothing yet."""
    episode = services.states.intact_snapshot(key)
    refuse_if_outdated(episode, request.base_version)
    camera = clip_camera(services.states, episode, number, aspect)
    return save(services, episode, _edited(camera, episode.edits, request))


def _view(services: Services, camera: ClipCamera, edits: Edits) -> Shots:
    choices = edits.shots_between(camera.window.start, camera.window.end)
    return shots_view(camera, choices, edits.version, services.url)


def _edited(camera: ClipCamera, edits: Edits, request: ShotPreview) -> Edits:
    """The edits with the choice that a request describes. Raises RefusedError (422) for one that is not possible."""
    try:
        span = _span(camera, request)
        if request.layout is Layout.auto and not request.people:
            return without_choices(edits, span)
        if camera.scene is None and request.layout not in STILL:
            raise ValueError(
                f"clip {camera.window.clip} has the layout {camera.layout.value}, so its faces are not known; choose "
                "another layout of the clip and render it again first"
            )
        faces = tuple(_face(camera, person, span) for person in dict.fromkeys(request.people))
        choice = ShotChoice(start=span.start, end=span.end, layout=request.layout, faces=faces)
        return with_choice(edits, choice, camera.source.duration_s)
    except ValueError as mistake:
        raise RefusedError(422, str(mistake)) from None


def _span(camera: ClipCamera, request: ShotPreview) -> EditedSpan:
    start, end = camera.window.start, camera.window.end
    if not start - SAME_TIME_S <= request.start < request.end <= end + SAME_TIME_S:
        raise ValueError(
            f"a shot of clip {camera.window.clip} must start and end between {start:.2f} and {end:.2f} s, "
            f"not at {request.start:.2f} and {request.end:.2f} s"
        )
    return EditedSpan(start=request.start, end=request.end)


def _face(camera: ClipCamera, person: int, span: EditedSpan) -> ChosenFace:
    face = chosen_face(camera.scene, person, span.start, span.end) if camera.scene else None
    if face is None:
        raise ValueError(f"person {person} is not in view from {span.start:.2f} to {span.end:.2f} s")
    return face
