"""Reads the looks of an episode, and starts runs for them."""

from threading import Lock

from clipper_assets.api.deps import Services
from clipper_assets.api.problems import RefusedError
from clipper_assets.api.repository.snapshot import EpisodeSnapshot
from clipper_assets.api.views.looks import ClipsInLook, LookOfEpisode, look_of_episode
from clipper_assets.clips.looks import LOOK_SET

_launching = Lock()
"""Held from the question whether a run is in progress until it is."""


def looks_of(services: Services, episode: EpisodeSnapshot) -> list[LookOfEpisode]:
    """The looks in which an episode has clips, or had a run for them, in the order of the looks; none if damaged."""
    if episode.damage:
        return []
    return [LookOfEpisode(**each.model_dump(exclude={"clip_views"})) for each in clips_in_looks(services, episode)]


def clips_in_looks(services: Services, episode: EpisodeSnapshot) -> list[ClipsInLook]:
    """The same with their clips."""
    episode = services.states.with_looks(episode)
    runs = services.runs.latest_by_look(episode.partition)
    known = {*episode.damaged_looks, *runs, *(str(rendering.look) for rendering in episode.variants)}
    names = [name for name in services.instance.get_dynamic_partitions(LOOK_SET) if name in known]
    views = {name: services.runs.view(runs[name]) if name in runs else None for name in names}
    return [look_of_episode(episode, name, views[name], services.url) for name in names]


def start_look(services: Services, episode: EpisodeSnapshot, look: str) -> str:
    """Starts a run of a look of an episode, or joins the one in progress; returns the run id."""
    if "|" in episode.partition:
        raise RefusedError(409, f"Dagster cannot make looks of {episode.key}, because of the | in its name; rename it")
    if not episode.renderings:
        raise RefusedError(409, f"{episode.key} has no clips yet; process it first")
    with _launching:
        run = services.runs.latest_by_look(episode.partition).get(look)
        if run is not None and not run.is_finished:
            return run.run_id
        return services.dagster.launch_look(episode.partition, look)
