"""`rerender`: requests runs for new edits and new show settings, by the automation conditions of the assets."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import dagster as dg

from clipper_assets.catalogue.clip_stale import episodes_of, unfinished_runs
from clipper_assets.catalogue.clip_stale_runs import request_of
from clipper_assets.catalogue.inputs import INPUTS
from clipper_assets.catalogue.stale import ORDER, Comparison, Difference
from clipper_assets.job import assets, build_resources
from clipper_assets.runtime.asset_names import CAMERA_PATHS, HIGHLIGHT_WINDOWS, RENDERED_CLIPS, SCENES
from clipper_assets.runtime.errors import StorageError, UploadRefusedError
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage

MOST_PER_TICK = 50
AUTOMATED = (HIGHLIGHT_WINDOWS, SCENES, CAMERA_PATHS, RENDERED_CLIPS)
"""The assets that have automation conditions, in the order of the data."""


@dataclass
class State:
    """The cursor: Dagster's own for the conditions, and the episodes that wait for a run.

    `waiting` has the first asset whose condition was true, and the number of the tick in which it became true.
    """

    tick: int = 0
    conditions: str = ""
    waiting: dict[str, tuple[str, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, cursor: str | None) -> "State":
        return cls(**json.loads(cursor)) if cursor else cls()

    def add(self, episode: str, asset: str) -> None:
        first, tick = self.waiting.get(episode, (asset, self.tick))
        self.waiting[episode] = min(first, asset, key=ORDER.index), tick


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
    cursor: Any = dg.deserialize_value(state.conditions) if state.conditions else None
    result = dg.evaluate_automation_conditions(
        dg.Definitions(assets=[*INPUTS, *assets], resources=resources),
        comparison.instance,
        asset_selection=dg.AssetSelection.assets(*AUTOMATED),
        cursor=cursor,
    )
    state.conditions = dg.serialize_value(result.cursor)
    for asset in AUTOMATED:
        for episode in sorted(filter(None, result.get_requested_partitions(dg.AssetKey(asset)))):
            state.add(episode, asset)


def _requests(state: State, comparison: Comparison, log: Any) -> Iterator[dg.RunRequest]:
    """The runs to request now; takes their episodes, and those in which nothing differs, out of `state`."""
    busy = episodes_of(unfinished_runs(comparison.instance))
    for episode in [each for each in state.waiting if each not in busy][:MOST_PER_TICK]:
        asset, tick = state.waiting.pop(episode)
        differences = _differences(episode, asset, comparison, log)
        if differences:
            yield request_of(differences[0], f"rerender/{episode}/{tick}")
        for other in differences[1:]:
            state.add(episode, other.steps[0])


def _differences(episode: str, asset: str, comparison: Comparison, log: Any) -> list[Difference]:
    """What differs in the clips of an episode from `asset` on; nothing if it has none yet."""
    if not comparison.instance.has_dynamic_partition("episodes", episode):
        return []
    try:
        differences = comparison.of(episode, begin=asset).differences
    except (ValueError, StorageError, UploadRefusedError) as unreadable:
        log.warning(f"{episode} is not rendered again, because it cannot be compared: {unreadable}")
        return []
    return [each for each in differences if each.aspect is not None]


stock_sensor = dg.AutomationConditionSensorDefinition(
    "default_automation_condition_sensor",
    target=dg.AssetSelection.assets(*AUTOMATED),
    description="Leave it off, and use rerender. Dagster adds this sensor wherever assets have automation conditions; "
    "its runs know no limit and no run config, so episodes would lose what they were rendered with.",
)
