"""`rerender`: requests runs for new edits and new show settings, by the automation conditions of the assets."""

import json
import time
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from uuid import uuid4

import dagster as dg

from clipper_assets.catalogue.clip_stale import episodes_of, unfinished_runs
from clipper_assets.catalogue.clip_stale_runs import request_of
from clipper_assets.catalogue.inputs import INPUTS
from clipper_assets.catalogue.stale import ORDER, Comparison, Difference
from clipper_assets.episodes.partitions import EPISODES
from clipper_assets.job import assets, build_resources
from clipper_assets.runtime.asset_names import CAMERA_PATHS, HIGHLIGHT_WINDOWS, RENDERED_CLIPS, SCENES
from clipper_assets.runtime.errors import StorageError
from clipper_assets.runtime.tenant import asset_key
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage

MOST_PER_TICK = 50
COMPARING_S = 30
"""Seconds in which a tick compares episodes, because a tick may take 60 s."""
AUTOMATED = (HIGHLIGHT_WINDOWS, SCENES, CAMERA_PATHS, RENDERED_CLIPS)
"""The assets that have automation conditions, in the order of the data."""


@dataclass(frozen=True)
class Change:
    """A change of an episode: the first asset whose condition was true, and the number of the tick in which it became.

    `requested` are the aspects whose clips have had a run for it: one that failed is not repeated.
    """

    asset: str
    tick: int
    requested: Sequence[str] = ()


@dataclass
class State:
    """The cursor: Dagster's own for the conditions, packed, and the episodes that wait for a run.

    `began` tells the ticks since the cursor was reset from those before: their numbers are in the run keys.
    """

    tick: int = 0
    conditions: str = ""
    waiting: dict[str, Change] = field(default_factory=dict)
    began: str = field(default_factory=lambda: uuid4().hex[:8])

    @classmethod
    def of(cls, cursor: str | None) -> "State":
        if not cursor:
            return cls()
        stored = json.loads(cursor)
        return cls(**stored | {"waiting": {episode: Change(**change) for episode, change in stored["waiting"].items()}})

    def add(self, episode: str, asset: str) -> None:
        """Let an episode wait for a run; a change after some of its aspects had theirs concerns all of them again."""
        before = self.waiting.get(episode)
        first = min(before.asset, asset, key=ORDER.index) if before else asset
        tick = before.tick if before and not before.requested else self.tick
        self.waiting[episode] = Change(first, tick)


def build_rerender(job: Any) -> dg.SensorDefinition:
    """The sensor, off by default.

    Dagster's own sensor for automation conditions requests all episodes in one tick, without a limit, and without the
    run config that an episode was rendered with. So the conditions only say which episodes to compare, and the
    comparison says what to run, and that nothing is left to do where another run has taken up the change.
    """

    @dg.sensor(
        name="rerender",
        job=job,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Requests runs for new edits and new show settings, at most 50 a tick, behind those of people. "
        "A new model or prompt only marks results as stale.",
    )
    def rerender(
        context: dg.SensorEvaluationContext, storage: Storage, settings: dg.ResourceParam[Settings]
    ) -> dg.SensorResult:
        state = State.of(context.cursor)
        state.tick += 1
        comparison = Comparison(storage, settings, context.instance)
        _evaluate(state, comparison)
        requests = list(_requests(state, comparison, context.log))
        return dg.SensorResult(
            run_requests=requests,
            cursor=json.dumps(asdict(state)),
            skip_reason=None if requests else f"no run is needed now; {len(state.waiting)} episodes wait",
        )

    return rerender


def _evaluate(state: State, comparison: Comparison) -> None:
    """Add the episodes whose conditions became true since the tick before."""
    resources = build_resources(comparison.settings, comparison.storage)
    cursor: Any = dg.deserialize_value(_unpacked(state.conditions)) if state.conditions else None
    result = dg.evaluate_automation_conditions(
        dg.Definitions(assets=[*INPUTS, *assets], resources=resources),
        comparison.instance,
        asset_selection=dg.AssetSelection.assets(*map(asset_key, AUTOMATED)),
        cursor=cursor,
    )
    state.conditions = _packed(dg.serialize_value(result.cursor))
    for asset in AUTOMATED:
        for episode in sorted(filter(None, result.get_requested_partitions(asset_key(asset)))):
            state.add(episode, asset)


def _packed(text: str) -> str:
    """A tenth of the length: Dagster stores the cursor with each tick, 2,880 times a day."""
    return b64encode(zlib.compress(text.encode())).decode()


def _unpacked(packed: str) -> str:
    return zlib.decompress(b64decode(packed)).decode()


def _requests(state: State, comparison: Comparison, log: Any) -> Iterator[dg.RunRequest]:
    """The runs to request now; takes their episodes, and those in which nothing differs, out of `state`.

    An episode with clips in several aspects has a run for each, one after the other.
    """
    busy, until = episodes_of(unfinished_runs(comparison.instance)), time.monotonic() + COMPARING_S
    for episode in [each for each in state.waiting if each not in busy][:MOST_PER_TICK]:
        if time.monotonic() > until:
            break
        change = state.waiting.pop(episode)
        differences = [
            (each, each.aspect.value)
            for each in _differences(episode, change.asset, comparison, log)
            if each.aspect is not None and each.aspect.value not in change.requested
        ]
        if differences:
            difference, aspect = differences[0]
            yield request_of(difference, f"rerender/{state.began}/{episode}/{change.tick}/{aspect}")
        if len(differences) > 1:
            state.waiting[episode] = replace(change, requested=[*change.requested, aspect])


def _differences(episode: str, asset: str, comparison: Comparison, log: Any) -> Sequence[Difference]:
    """What differs in an episode from `asset` on; nothing if that cannot be compared."""
    if not comparison.instance.has_dynamic_partition(EPISODES, episode):
        return []
    try:
        return comparison.of(episode, begin=asset).differences
    except (ValueError, StorageError) as unreadable:
        log.warning(f"{episode} is not rendered again, because it cannot be compared: {unreadable}")
        return []


stock_sensor = dg.AutomationConditionSensorDefinition(
    "default_automation_condition_sensor",
    target=dg.AssetSelection.assets(*map(asset_key, AUTOMATED)),
    description="Leave it off, and use rerender. Dagster adds this sensor wherever assets have automation conditions; "
    "its runs know no limit and no run config, so episodes would lose what they were rendered with.",
)
