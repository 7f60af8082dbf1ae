"""`picker_evaluation`: which picker and prompt makes clips that people keep; `show_taste`: what each show likes."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence

import dagster as dg

from clipper_assets.edits.lineage import EDITS
from clipper_assets.episodes.partitions import object_key
from clipper_assets.evaluation.comparison import Comparison, comparisons
from clipper_assets.evaluation.decisions import read_decisions, stored_decisions
from clipper_assets.evaluation.figures import EVALUATION, Row, evaluation_rows, percent, preview
from clipper_assets.evaluation.learning import Learned, learned
from clipper_assets.evaluation.plot import kept_plot
from clipper_assets.highlights.pickers.heuristic import WEIGHTS
from clipper_assets.highlights.taste import SHOW_TASTE, taste_key
from clipper_assets.runtime.degraded import Degraded, not_degraded, not_degraded_spec
from clipper_assets.runtime.errors import StorageError
from clipper_assets.runtime.refusal import in_one_sentence
from clipper_assets.runtime.tenant import JOB_TAGS, of_tenant
from clipper_assets.shows.show import load_show
from clipper_assets.storage.base import Storage
from clipper_assets.storage.lake import LAKE, parquet_bytes
from clipper_assets.storage.pictures import PICTURES
from clipper_assets.storage.tables import TableResult
from clipper_assets.text.markdown import markdown_table

PICKER_EVALUATION = "picker_evaluation"
MOST_SHOWN = 20
"""Most episodes and shows that are named in the metadata, which Dagster's event log keeps."""
NOT_COMPARED = "no show has decisions about two prompts yet"
PROMPT_NOT_WORSE = dg.AssetCheckSpec(
    "picker_evaluation_prompt_not_worse",
    asset=PICKER_EVALUATION,
    description="Warns if people keep fewer clips of a prompt in use than of the one before it or beside it, beyond "
    "chance.",
)


@of_tenant
@dg.asset(
    name=PICKER_EVALUATION,
    group_name="evaluation",
    kinds={"parquet"},
    code_version="1",
    metadata={"dagster/column_schema": EVALUATION.column_schema},
    check_specs=[PROMPT_NOT_WORSE, not_degraded_spec(PICKER_EVALUATION)],
    deps=[EDITS],
    description="What people kept, moved and renamed of the clips of each picker and prompt, over all episodes.",
)
@in_one_sentence
def picker_evaluation(context: dg.AssetExecutionContext, storage: Storage) -> TableResult:
    began = time.monotonic()
    decisions = read_decisions(storage)
    decisions.store(storage)
    rows = decisions.table.drop_columns(["features"]).to_pylist()
    evaluated = evaluation_rows(rows)
    key = f"{LAKE}/{PICKER_EVALUATION}/{EVALUATION.name}.parquet"
    storage.put_bytes(key, parquet_bytes(EVALUATION.table(evaluated)))
    in_use, mistakes = _prompts_in_use(storage, rows)
    compared = comparisons(rows, in_use)
    degraded = [Degraded(PICKER_EVALUATION, reason).as_dict() for reason in (*decisions.unreadable, *mistakes)]
    for fallback in degraded:
        context.log.warning(fallback["reason"])
    return TableResult(
        check_results=[
            _prompt_not_worse(compared),
            not_degraded(PICKER_EVALUATION, degraded[:MOST_SHOWN]),
        ],
        metadata={
            "dagster/row_count": len(evaluated),
            "dagster/uri": storage.uri(key),
            "evaluation": dg.MetadataValue.md(preview(evaluated)),
            "comparisons": dg.MetadataValue.md(
                "\n".join(f"- {each}" for each in compared) or "nobody has compared prompts yet"
            ),
            "better": ", ".join(dict.fromkeys(str(each.other.prompt) for each in compared if each.is_worse)) or "none",
            "plot": _stored_plot(storage, kept_plot(evaluated)),
            "episodes": len(decisions.versions),
            "unreadable": len(decisions.unreadable),
            "seconds": round(time.monotonic() - began, 2),
            "degraded": degraded[:MOST_SHOWN],
        },
    )


def _prompts_in_use(storage: Storage, rows: Sequence[Row]) -> tuple[dict[str, list[str]], list[str]]:
    """The names of the prompts that each show uses now, and one sentence for each `show.toml` that cannot be read."""
    in_use, mistakes = {}, []
    for name, episode in {row["show"]: row["episode"] for row in rows if row["prompt"]}.items():
        try:
            show = load_show(storage, object_key(episode))
        except (ValueError, StorageError) as mistake:
            mistakes.append(f"prompts of the show {name or '.'} are not compared: {mistake}")
        else:
            in_use[name] = sorted(show.prompts or {show.prompt})
    return in_use, mistakes


def _prompt_not_worse(compared: Sequence[Comparison]) -> dg.AssetCheckResult:
    worse = [str(each) for each in compared if each.is_worse]
    decided = [each for each in compared if each.difference is not None]
    shown = worse or [str(each) for each in decided or compared] or [NOT_COMPARED]
    return dg.AssetCheckResult(
        check_name=PROMPT_NOT_WORSE.name,
        passed=not worse,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(shown),
        metadata={"compared": len(decided), "worse": len(worse)},
    )


def _stored_plot(storage: Storage, png: bytes | None) -> dg.MetadataValue[str | None]:
    if png is None:
        return dg.MetadataValue.text("nothing to draw")
    key = f"{LAKE}/{PICTURES}/{PICKER_EVALUATION}.png"
    storage.put_bytes(key, png)
    return dg.MetadataValue.url(storage.uri(key))


@of_tenant
@dg.asset(
    name=SHOW_TASTE,
    group_name="evaluation",
    kinds={"json"},
    code_version="1",
    deps=[picker_evaluation],
    description="What the makers of each show like, learned from their decisions: weights of the heuristic and "
    "examples for a model. Windows that are picked afterwards use it; stored ones stay.",
)
@in_one_sentence
def show_taste(context: dg.AssetExecutionContext, storage: Storage) -> TableResult:
    shows: dict[str, list[Row]] = defaultdict(list)
    for row in stored_decisions(storage).to_pylist():
        shows[row["show"]].append(row)
    found = {show: learned(rows) for show, rows in sorted(shows.items())}
    wanted = {taste_key(show): each.taste for show, each in found.items() if each.taste.digest}
    for stored in list(storage.list_objects(f"{LAKE}/{SHOW_TASTE}")):
        if stored.key not in wanted:
            storage.delete(stored.key)
    for key, taste in wanted.items():
        storage.put_bytes(key, taste.model_dump_json(indent=2).encode())
    return TableResult(
        metadata={
            "shows": len(wanted),
            "with_weights": sum(bool(taste.weights) for taste in wanted.values()),
            "taste": dg.MetadataValue.md(taste_preview(found)),
        },
    )


def taste_preview(found: Mapping[str, Learned]) -> str:
    """What was learned about the shows with the most decisions, as a Markdown table."""
    header = ["show", "decisions", "examples", "sorted by defaults", "sorted by learned", "learned weights"]
    most = sorted(found.items(), key=lambda each: -each[1].decisions)[:MOST_SHOWN]
    return markdown_table(header, (_taste_row(show, each) for show, each in most))


def _taste_row(show: str, each: Learned) -> list[object]:
    changes = (f"{name} {weight:+.1f} ({WEIGHTS[name]:+.1f})" for name, weight in each.taste.weights.items())
    shares = (percent(each.sorted_by_defaults), percent(each.sorted_by_learned))
    return [show or ".", each.decisions, len(each.taste.examples), *shares, ", ".join(changes) or "defaults"]


evaluate_pickers = dg.define_asset_job(
    "evaluate_pickers",
    selection=dg.AssetSelection.assets(picker_evaluation, show_taste),
    tags={**JOB_TAGS, "dagster/priority": "-1"},
    description="Compares pickers and prompts by what people did with their clips, and learns what each show likes.",
)
every_night = dg.ScheduleDefinition(
    name="evaluate_pickers_every_night",
    job=evaluate_pickers,
    cron_schedule="0 4 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Evaluates the pickers at 4:00 UTC.",
)
