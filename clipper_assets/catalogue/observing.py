"""Observes changed inputs between runs: files as they change, everything else by a sweep over all episodes."""

import json
import time
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import dagster as dg
from dagster import SensorEvaluationContext

from clipper_assets.adverts.lineage import adverts_read
from clipper_assets.catalogue.inputs import Inputs, Versions, folder_of, possible_companions, sorted_names
from clipper_assets.chapters.lineage import chapters_read
from clipper_assets.clips.lineage import clips_read
from clipper_assets.edits.lineage import edits_read_by
from clipper_assets.edits.model import Edits
from clipper_assets.episodes.discovery.inputs import Observe
from clipper_assets.episodes.partitions import EPISODES, object_key
from clipper_assets.highlights.lineage import windows_read
from clipper_assets.highlights.prompt import FOLDER, packaged_prompt, packaged_prompts
from clipper_assets.runtime.asset_names import CAMERA_PATHS
from clipper_assets.runtime.lineage import latest_versions, observation, version_of
from clipper_assets.setting_types import PickerName
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Show, show_key
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.transcript.companions import Companions
from clipper_assets.transcript.lineage import transcript_reads

MOST_OBSERVATIONS = 3_000
"""The daemon stores the observations of a tick one by one, for 12 ms of CPU each on SQLite. Two ticks are enough for
another language model, which three assets of each of 2,000 episodes ask."""
MOST_BY_SETTINGS, MOST_EPISODES = 2_000, 200
"""Episodes that a tick looks at: for what follows from settings, which costs requests for each folder, and for all that
an episode reads, which costs two or three requests on S3."""
SWEEP_S = 20.0
"""A tick that reads for longer leaves the rest to the next; Dagster interrupts it after 60 s."""
SETTINGS, FILES, DONE = range(3)


def observing(settings: Settings) -> Observe:
    """The function that observes what changed objects mean for the episodes beside them."""

    def observe(instance: dg.DagsterInstance, storage: Storage, keys: Collection[str]) -> Sequence[dg.AssetObservation]:
        """The observations of inputs that differ from the latest ones because the objects `keys` changed.

        At most `MOST_OBSERVATIONS`; another call has the rest after these are stored, and so has the daily sweep.
        """
        inputs = Inputs(storage, settings)
        return changed(instance, _affected(instance, inputs, keys))

    return observe


def changed(instance: dg.DagsterInstance, current: Mapping[str, Versions]) -> list[dg.AssetObservation]:
    """The observations, at most `MOST_OBSERVATIONS`, of the versions by episode that differ from the latest ones.

    An input that was never observed has no reader yet: the first step that reads it observes it.
    """
    assets = {asset for versions in current.values() for asset in versions}
    latest = {asset: latest_versions(instance, asset, current) for asset in assets}
    differing = [
        observation(asset, episode, version)
        for episode, versions in current.items()
        for asset, version in versions.items()
        if latest[asset].get(episode, version) != version
    ]
    return differing[:MOST_OBSERVATIONS]


class Position(NamedTuple):
    """Where the sweep over all episodes is, as the cursor stores it.

    `everything` is a version of settings and prompts, and the day. In the `stage` SETTINGS the sweep observes what
    follows from these, in FILES all that an episode reads, in DONE nothing. `after` is the last finished episode.
    """

    everything: str
    stage: int
    after: str = ""

    @classmethod
    def of(cls, cursor: str | None, everything: str, *, repeats: bool) -> "Position":
        """Where to go on; with `repeats`, a finished sweep over files begins again."""
        position = cls(*json.loads(cursor)) if cursor else cls("", DONE)
        if position.everything != everything:
            return cls(everything, SETTINGS)
        return cls(everything, FILES) if repeats and position.stage == DONE else position


def build_observe_inputs(settings: Settings) -> dg.SensorDefinition:
    """The sensor `observe_inputs`: sweeps over all episodes, which see what no changed object tells.

    Settings, prompts, and files that were removed or have an old time. A directory is swept all the time, S3, where
    each episode costs requests, when settings or prompts change and once a day.
    """

    @dg.sensor(
        name="observe_inputs",
        minimum_interval_seconds=settings.sensor_interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Observes settings, prompts, models and removed files, so that Dagster knows which results they "
        "make stale.",
    )
    def observe_inputs(context: SensorEvaluationContext, storage: Storage) -> dg.SensorResult:
        everything = f"{deployment_version(storage, settings)} {datetime.now(UTC).date()}"
        position = Position.of(context.cursor, everything, repeats=isinstance(storage, DirectoryStorage))
        observed, reached = _swept(context.instance, Inputs(storage, settings), position)
        return dg.SensorResult(
            asset_events=observed,
            cursor=json.dumps(reached),
            skip_reason=f"{len(observed)} inputs changed",
        )

    return observe_inputs


def _swept(
    instance: dg.DagsterInstance, inputs: Inputs, position: Position
) -> tuple[list[dg.AssetObservation], Position]:
    """The observations of one tick, and where the next one goes on."""
    if position.stage == DONE:
        return [], position
    by_settings = position.stage == SETTINGS
    read, most = (inputs.by_settings, MOST_BY_SETTINGS) if by_settings else (inputs.all_of, MOST_EPISODES)
    episodes = sorted(instance.get_dynamic_partitions(EPISODES))
    left = episodes[bisect_right(episodes, position.after) :]
    stop_s = time.monotonic() + SWEEP_S
    current: dict[str, Versions] = {}
    for episode in left[:most]:
        current[episode] = read(episode)
        if time.monotonic() > stop_s:
            break
    observed = changed(instance, current)
    finished = list(current)
    if len(observed) == MOST_OBSERVATIONS:
        finished = finished[: finished.index(str(observed[-1].partition))]  # that episode may have more
    if len(finished) < len(left):
        return observed, position._replace(after=finished[-1])
    return observed, Position(position.everything, position.stage + 1)


def deployment_version(storage: Storage, settings: Settings) -> str:
    """A version of everything that all episodes read: models, settings and prompts."""
    prompts = [packaged_prompt(name) for name in packaged_prompts()]
    own = [[stored.key, stored.content] for stored in storage.list_objects(FOLDER)]
    usual, asking = Show(), Show(picker=PickerName.openai)  # a show may ask a model where the others do not
    everywhere = [
        adverts_read(asking, settings),
        chapters_read(asking, settings),
        transcript_reads(usual, settings, Companions(None, [], []), {}),
        transcript_reads(usual, settings, Companions("any.srt", [], []), {}),
        clips_read(usual),
        *(windows_read(show, settings, prompt) for prompt in prompts for show in (usual, asking)),
    ]
    return version_of(own, settings.picker, [sorted(versions.values()) for versions in everywhere])


def _affected(instance: dg.DagsterInstance, inputs: Inputs, keys: Collection[str]) -> dict[str, Versions]:
    """What steps read of the changed objects, by episode."""
    beside: dict[str, list[str]] = {}
    for key in keys:
        beside.setdefault(folder_of(key), []).append(key)
    names = {folder: sorted_names(key.removeprefix(folder) for key in within) for folder, within in beside.items()}
    episodes = [each for each in instance.get_dynamic_partitions(EPISODES) if folder_of(object_key(each)) in beside]
    laid_out = _laid_out(instance, episodes)
    affected: dict[str, Versions] = {}
    for episode in episodes:
        upload = object_key(episode)
        folder = folder_of(upload)
        if show_key(upload) in beside[folder]:
            affected[episode] = inputs.by_settings(episode) | (inputs.edits(episode) if episode in laid_out else {})
        if possible_companions(names[folder], upload.removeprefix(folder)):
            affected[episode] = affected.get(episode, {}) | inputs.companions(episode)
    return affected


def _laid_out(instance: dg.DagsterInstance, episodes: Sequence[str]) -> set[str]:
    """The episodes with edited layouts, on which the show's layout has an influence."""
    ((asset, unedited),) = edits_read_by(CAMERA_PATHS, Edits(version=0)).items()
    latest = latest_versions(instance, asset, episodes)
    return {episode for episode, version in latest.items() if version != unedited}
