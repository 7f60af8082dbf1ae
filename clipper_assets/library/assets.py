"""`library`: the rows of an episode in the Delta tables for analysts."""

import time
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from clipper_assets.edits.lineage import EDITS
from clipper_assets.episodes.partitions import episodes, per_episode
from clipper_assets.library.tables import EPISODES, FOLDER
from clipper_assets.library.update import counted, update_episode
from clipper_assets.runtime.asset_names import (
    AD_SPANS,
    ALIGNED_TRANSCRIPT,
    EPISODE_COSTS,
    HIGHLIGHT_WINDOWS,
    LIBRARY,
    RAW_VIDEO,
    RENDERED_CLIPS,
)
from clipper_assets.runtime.faults import fault_of
from clipper_assets.runtime.tenant import of_tenant
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError

IS_COMPLETE = dg.AssetCheckSpec(
    "library_is_complete",
    asset=LIBRARY,
    description="Warns if the Delta tables do not have all rows of the episode; `refresh_library` adds them within the "
    "hour.",
)


@of_tenant
@dg.asset(
    name=LIBRARY,
    partitions_def=episodes,
    group_name="library",
    kinds={"deltalake"},
    code_version="1",
    output_required=False,
    metadata={"dagster/column_schema": EPISODES.column_schema},
    check_specs=per_episode(IS_COMPLETE),
    deps=[RAW_VIDEO, ALIGNED_TRANSCRIPT, AD_SPANS, HIGHLIGHT_WINDOWS, RENDERED_CLIPS, EPISODE_COSTS, EDITS],
    description="Delta tables of all episodes for analysts, below lake/library: words, sentences, windows, clips, "
    "episodes and costs. The rows of the episode are replaced.",
)
def library(
    context: dg.AssetExecutionContext, storage: Storage
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Never fails: the clips are finished, so the run is, and `refresh_library` repeats what went wrong here."""
    began, episode = time.monotonic(), context.partition_key
    try:
        rows = update_episode(storage, episode)
        seconds = time.monotonic() - began
        found = counted(storage, [episode])[episode]
    except Exception as error:  # noqa: BLE001  # see above; it is in the log and in the check
        yield not_updated(context.log, episode, error)
        return
    yield dg.MaterializeResult(metadata=metadata(storage, rows) | {"seconds": round(seconds, 2)})
    yield is_complete(rows, found)


def metadata(storage: Storage, rows: Mapping[str, int]) -> dict[str, Any]:
    """The numbers of rows of an episode, by table and of all, as metadata of a materialization."""
    return {"dagster/row_count": sum(rows.values()), "dagster/uri": storage.uri(FOLDER), **rows}


def is_complete(written: Mapping[str, int], found: Mapping[str, int]) -> dg.AssetCheckResult:
    """The result of `IS_COMPLETE`: the rows that were written are those that the tables have."""
    differing = [f"{name}: {found[name]} of {rows}" for name, rows in written.items() if found[name] != rows]
    if differing:
        return _incomplete(f"rows of the episode that the tables have: {', '.join(differing)}")
    return dg.AssetCheckResult(check_name=IS_COMPLETE.name, passed=True, metadata={"rows": sum(found.values())})


def not_updated(log: dg.DagsterLogManager, episode: str, error: Exception) -> dg.AssetCheckResult:
    """The result of `IS_COMPLETE` after an error, which is logged, with its traceback unless a sentence explains it."""
    fault = fault_of(error)
    if fault or isinstance(error, DamagedError):
        reason = fault.sentence if fault else str(error)
        log.error(f"{episode}: {reason}")
    else:
        first_line = str(error).partition("\n")[0]
        reason = f"{type(error).__name__}: {first_line}"
        log.error(f"{episode}: {''.join(traceback.format_exception(error))}")
    return _incomplete(reason)


def _incomplete(reason: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=IS_COMPLETE.name, passed=False, severity=dg.AssetCheckSeverity.WARN, description=reason
    )
