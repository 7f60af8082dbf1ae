"""`clip_stale`: a backfill of the whole catalogue that makes only what differs by the recipe."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from pydantic import Field, ValidationError

from clipper_assets.catalogue.estimates import Estimates
from clipper_assets.catalogue.plans import Plan, save_plan
from clipper_assets.catalogue.stale import STEPS, Compared, Comparison, Difference
from clipper_assets.clips.assets import RenderConfig
from clipper_assets.episodes.partitions import EPISODES
from clipper_assets.runtime.asset_names import RENDERED_CLIPS
from clipper_assets.runtime.errors import StorageError
from clipper_assets.runtime.refusal import faults_in_one_sentence
from clipper_assets.runtime.run_status import NOT_FINISHED_STATUSES
from clipper_assets.runtime.tenant import JOB_TAGS, runs_filter
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage
from clipper_assets.text.clean import clean_text
from clipper_assets.text.markdown import short_table, shortened
from clipper_assets.text.mistakes import first_mistake

PARTITION_TAG = "dagster/partition"
MOST_SHOWN = 200
"""Most episodes in a table of the metadata."""
REPORT_EVERY = 100
"""Episodes between two lines of the log."""


class ClipStaleConfig(dg.Config):
    """Run config of `clip_stale`."""

    dry_run: bool = Field(
        default=True,
        description="only say what would be made, how long it takes and what it costs; set it to false to make it",
    )
    run_config: dict[str, Any] = Field(
        default={},
        description="run config by asset for every episode, above what the episode was requested with, such as "
        "`rendered_clips: {caption_style: karaoke}`",
    )
    machine_usd_per_hour: float | None = Field(
        default=None, gt=0, description="price of one machine; without it only the language model is counted in dollars"
    )


CONFIGS: Mapping[str, type[dg.Config]] = {**{step.asset: step.config for step in STEPS}, RENDERED_CLIPS: RenderConfig}


def checked_overrides(run_config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The run config by asset, checked. Raises ValueError, in one sentence, for what a step would refuse."""
    for asset, values in run_config.items():
        if asset not in CONFIGS:
            raise ValueError(f"run_config has {clean_text(asset)!r}, which is no step; there are {', '.join(CONFIGS)}")
        if not isinstance(values, Mapping):
            raise ValueError(f"run_config.{asset} is not a mapping; write its fields as `name: value`")
        if named := {"afresh", "aspect"} & values.keys():
            raise ValueError(
                f"run_config.{asset} has {min(named)}, which does not make what differs; start a backfill of "
                "clip_episode with it"
            )
        fields = CONFIGS[asset].model_fields
        if unknown := values.keys() - fields.keys():
            raise ValueError(
                f"run_config.{asset} has no field {clean_text(min(unknown))!r}; there are {', '.join(fields)}"
            )
        try:
            CONFIGS[asset](**values)
        except ValidationError as error:
            mistake = first_mistake(error.errors())
            whole = f"run_config.{asset}"
            raise ValueError(f"{whole}: {mistake.sentence(whole=whole)}") from None
    return {asset: dict(values) for asset, values in run_config.items()}


@dataclass
class Found:
    """What was found in the catalogue: runs that are needed, episodes that were left alone and why, and lengths."""

    differences: list[Difference] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    in_progress: list[str] = field(default_factory=list)
    durations_s: dict[str, float] = field(default_factory=dict)
    kept: int = 0

    def add(self, episode: str, compared: Compared) -> None:
        self.differences += compared.differences
        self.kept += not compared.differences
        if compared.duration_s:
            self.durations_s[episode] = compared.duration_s


def find(comparison: Comparison, log: Callable[[str], None]) -> Found:
    """Compare all episodes; one that has a run in progress is left to that run."""
    instance, found = comparison.instance, Found()
    busy = episodes_of(unfinished_runs(instance))
    for number, episode in enumerate(instance.get_dynamic_partitions(EPISODES), 1):
        if episode in busy:
            found.in_progress.append(episode)
            continue
        try:
            found.add(episode, comparison.of(episode))
        except (ValueError, StorageError) as unreadable:
            found.unreadable[episode] = str(unreadable)
        if number % REPORT_EVERY == 0:
            log(f"{number} episodes compared, {len(found.differences)} runs needed")
    return found


def unfinished_runs(instance: dg.DagsterInstance) -> Sequence[dg.DagsterRun]:
    """All runs that are queued or running; one that was created but never queued does not count."""
    statuses = [status for status in NOT_FINISHED_STATUSES if status is not dg.DagsterRunStatus.NOT_STARTED]
    return instance.get_runs(runs_filter(statuses=statuses))


def episodes_of(runs: Iterable[dg.DagsterRun]) -> set[str]:
    """The episodes that the runs are of."""
    return {run.tags[PARTITION_TAG] for run in runs if PARTITION_TAG in run.tags}


@dg.op(
    description="Compares every episode with what a run would make now, and plans the runs that are needed.",
)
def find_stale(
    context: dg.OpExecutionContext,
    config: ClipStaleConfig,
    storage: Storage,
    settings: dg.ResourceParam[Settings],
) -> None:
    began_at = datetime.now(UTC)
    try:
        overrides = checked_overrides(config.run_config)
    except ValueError as mistake:
        raise dg.Failure(str(mistake), allow_retries=False) from None
    with faults_in_one_sentence(context):
        found = find(Comparison(storage, settings, context.instance, overrides), context.log.info)
        for episode, why in found.unreadable.items():
            context.log.warning(f"{episode} cannot be compared: {why}")
        if not config.dry_run:
            plan = Plan(run_id=context.run_id, began_at=began_at, overrides=overrides, differences=found.differences)
            save_plan(storage, plan)
    context.add_output_metadata(report(found, Estimates(context.instance, found.durations_s), config))


def report(found: Found, estimates: Estimates, config: ClipStaleConfig) -> dict[str, Any]:
    """The metadata of the result: totals, and a table of what is made and why."""
    spent = [estimates.of(each.episode, each.steps) for each in found.differences]
    seconds, dollars = sum(each.seconds for each in spent), sum(each.dollars for each in spent)
    rows = [
        [each.episode, each.steps[0], each.why, f"{estimate.seconds:.0f}", f"{estimate.dollars:.2f}"]
        for each, estimate in zip(found.differences, spent, strict=True)
    ]
    unknown = sum(bool(each.unknown) for each in spent)
    facts: dict[str, Any] = {
        "dry_run": config.dry_run,
        "episodes": len({each.episode for each in found.differences}),
        "runs": len(found.differences),
        "kept": found.kept,
        "in_progress": len(found.in_progress),
        "seconds": round(seconds, 1),
        "dollars": round(dollars, 4),
        "estimated": f"{seconds / 3600:.1f} hours on one machine like those that made the earlier results, one run "
        f"after the other, and ${dollars:.2f} for the language model, by the recorded costs of earlier results"
        + (f"; {unknown} runs have steps that nothing is known about, which are not in it" if unknown else ""),
        "differs": dg.MetadataValue.md(_table(["episode", "first step", "why", "seconds", "dollars"], rows)),
        "cannot_be_compared": dg.MetadataValue.md(_table(["episode", "why"], list(found.unreadable.items()))),
    }
    if config.machine_usd_per_hour:
        facts["machine_dollars"] = round(seconds / 3600 * config.machine_usd_per_hour, 2)
    return facts


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    return short_table(header, [[shortened(str(cell)) for cell in row] for row in rows], MOST_SHOWN)


@dg.job(
    tags=JOB_TAGS,
    description="Backfills the whole catalogue, and makes only what differs: what code, settings, shows, edits, models "
    "or files have changed since. A dry run, which is the default, says how many episodes, seconds and dollars.",
)
def clip_stale() -> None:
    find_stale()
