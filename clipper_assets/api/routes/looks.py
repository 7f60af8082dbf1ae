"""Routes about looks: other aspects, caption styles and languages of captions of an episode's clips."""

from fastapi import APIRouter, Depends, Response
from starlette.convertors import StringConvertor, register_url_convertor

from clipper_assets.api.auth import may_change
from clipper_assets.api.deps import LookName, ServicesDep
from clipper_assets.api.looks import clips_in_looks, start_look
from clipper_assets.api.problems import RefusedError, answers
from clipper_assets.api.views.episodes import Accepted, accepted
from clipper_assets.api.views.looks import ClipsInLook, LookFiles, LookView, LookViews, look_view
from clipper_assets.clips.look_removal import LookInUseError, UnknownLookError, files_by_episode, remove_look_of_all
from clipper_assets.clips.looks import LOOK_SET, parse_look


class _LookConvertor(StringConvertor):
    """Matches the name of a look, but not that of a recording, which may lie in a folder named `looks`."""

    regex = "[^/.]+"


register_url_convertor("look", _LookConvertor())
router = APIRouter(tags=["looks"])
CHANGES = [Depends(may_change)]


@router.get("/looks", responses=answers())
def list_looks(services: ServicesDep) -> LookViews:
    """List the looks in which clips can be made besides the default one."""
    return LookViews(looks=[look_view(name) for name in services.instance.get_dynamic_partitions(LOOK_SET)])


@router.get("/looks/{look}", responses=answers(404))
def get_look(look: LookName, services: ServicesDep) -> LookFiles:
    """Return a look with what its removal would delete; it counts the stored files of each episode."""
    if not services.instance.has_dynamic_partition(LOOK_SET, look):
        raise RefusedError(404, str(UnknownLookError(services.instance, look)))
    files = files_by_episode(services.storage, services.instance, look)
    return LookFiles(**look_view(look).model_dump(), episodes=len(files), files=sum(files.values()))


@router.put("/looks/{look}", dependencies=CHANGES, responses=answers(403))
def add_look(look: LookName, services: ServicesDep) -> LookView:
    """Add a look: `<aspect>-<caption style>` or `<aspect>-<caption style>-<language>`. Renders nothing yet."""
    try:
        parse_look(look)
    except ValueError as unknown:
        raise RefusedError(422, str(unknown)) from None
    services.instance.add_dynamic_partitions(LOOK_SET, [look])
    return look_view(look)


@router.delete("/looks/{look}", status_code=204, dependencies=CHANGES, responses=answers(403, 404, 409))
def remove_look(look: LookName, services: ServicesDep) -> None:
    """Permanently remove a look with its clips, manifests and runs of all episodes. Other clips stay as they are."""
    try:
        remove_look_of_all(services.storage, services.instance, look)
    except UnknownLookError as unknown:
        raise RefusedError(404, str(unknown)) from None
    except LookInUseError as in_use:
        raise RefusedError(409, str(in_use)) from None


@router.get("/episodes/{key:path}/looks/{look:look}", responses=answers(404, 409))
def get_clips_in_look(key: str, look: LookName, services: ServicesDep) -> ClipsInLook:
    """Return the clips of an episode in a look, and the state of their latest run."""
    found = clips_in_looks(services, services.states.intact_snapshot(key))
    match = next((each for each in found if each.look == look), None)
    if match is None:
        made = ", ".join(each.look for each in found) or "none yet"
        raise RefusedError(404, f"{key} has no clips in the look {look}; it has {made}")
    return match


@router.post(
    "/episodes/{key:path}/looks/{look}", status_code=202, dependencies=CHANGES, responses=answers(403, 404, 409)
)
def make_clips_in_look(key: str, look: LookName, services: ServicesDep, response: Response) -> Accepted:
    """Make the clips of an episode in a look; those that are up to date are kept. Joins a run in progress."""
    episode = services.states.intact_snapshot(key)
    if not services.instance.has_dynamic_partition(LOOK_SET, look):
        raise RefusedError(404, f"{UnknownLookError(services.instance, look)}; add it with PUT /looks/{look}")
    return accepted(key, start_look(services, episode, look), response)
