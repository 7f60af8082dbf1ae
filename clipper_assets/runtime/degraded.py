"""Fallbacks on record: what was done instead of what should have been, and the check that warns of it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import dagster as dg
import pyarrow as pa

DEGRADED = pa.list_(pa.struct([pa.field("step", pa.string()), pa.field("reason", pa.string())]))
"""Arrow type of a column of fallbacks."""


@dataclass(frozen=True)
class Degraded:
    """One fallback that was taken: the step that fell back and why, in words for a person."""

    step: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def not_degraded_spec(asset: str) -> dg.AssetCheckSpec:
    """The check `<asset>_not_degraded`; `not_degraded` gives its result."""
    return dg.AssetCheckSpec(
        f"{asset}_not_degraded", asset=asset, description="Warns where a fallback was taken, and says why."
    )


def not_degraded(asset: str, fallbacks: Iterable[Mapping[str, Any]]) -> dg.AssetCheckResult:
    """Passes where there was no fallback; else a warning with the reasons."""
    taken = [dict(fallback) for fallback in fallbacks]
    return dg.AssetCheckResult(
        check_name=f"{asset}_not_degraded",
        passed=not taken,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(dict.fromkeys(str(fallback["reason"]) for fallback in taken)) or None,
        metadata={"degraded": dg.MetadataValue.json(taken)},
    )
