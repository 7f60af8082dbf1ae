"""Episodes with decisions of people, stored as the API stores them."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pyarrow.parquet as pq

from clipper_assets.edits.model import Decision, EditedClip, Edits, StoredDecision
from clipper_assets.edits.store import save_edits
from clipper_assets.edits.windows import pinned_clips
from clipper_assets.evaluation.assets import picker_evaluation
from clipper_assets.evaluation.figures import EVALUATION
from clipper_assets.highlights.window import WINDOWS
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.support.windows import window_of

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def picked(count: int, **changes: Any) -> list[EditedClip]:
    """The clips of an episode as a model picked them: 30 s each, one a minute."""
    fields = {"picker": "openai:m", "prompt": "standard", "prompt_version": "s1", **changes}
    rows = [vars(window_of(clip=n, start=60.0 * n, end=60.0 * n + 30, **fields)) for n in range(count)]
    return pinned_clips(Edits(version=0), WINDOWS.table(rows))


def decided(clip: EditedClip, approved: bool | None) -> EditedClip:
    if approved is None:
        return clip
    decision = Decision.approved if approved else Decision.rejected
    return clip.model_copy(update={"judged": StoredDecision(decision=decision, sha256="0")})


def review(
    storage: DirectoryStorage,
    instance: dg.DagsterInstance,
    episode: str,
    clips: Sequence[EditedClip],
    decisions: Sequence[bool | None],
    day: int = 0,
) -> None:
    """Store the first version of an episode's edits: these clips with these decisions."""
    judged = [decided(clip, approved) for clip, approved in zip(clips, decisions, strict=True)]
    at = MONDAY + timedelta(days=day)
    assert save_edits(storage, instance, episode, Edits(version=1, what="reviewed", created_at=at, clips=judged))


def evaluated(storage: DirectoryStorage, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return dg.materialize([picker_evaluation], instance=instance, resources={"storage": storage})


def shown(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """The metadata of the evaluation."""
    (event,) = result.asset_materializations_for_node("picker_evaluation")
    return {name: value.value for name, value in event.metadata.items()}


def check(result: dg.ExecuteInProcessResult, name: str) -> tuple[bool, str]:
    """Whether a check of the evaluation passed, and its description."""
    (found,) = (each for each in result.get_asset_check_evaluations() if each.check_name == f"picker_evaluation_{name}")
    return found.passed, found.description or ""


def stored_rows(storage: DirectoryStorage) -> list[dict[str, Any]]:
    """The rows of the stored evaluation."""
    file = io.BytesIO(storage.read_bytes("lake/picker_evaluation/evaluation.parquet"))
    return EVALUATION.checked(pq.read_table(file)).to_pylist()
