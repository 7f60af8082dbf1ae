"""Records which fallbacks were used, and the check that warns of them."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import dagster as dg
import pyarrow as pa

DEGRADED = pa.list_(pa.struct([pa.field("step", pa.string()), pa.field("reason", pa.string())]))
"""Arrow type of a column that lists fallbacks."""


@dataclass(frozen=True)
class Degraded:
    """One fallback that was used: the step that fell back, and the reason as a phrase for people."""

    step: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def not_degraded_spec(asset: str) -> dg.AssetCheckSpec:
    """The check `<asset>_not_degraded`; `not_degraded` gives its result."""
    return dg.AssetCheckSpec(
        f"{asset}_not_degraded", asset=asset, description="Warns if a fallback was used, and says why."
    )


def not_degraded(asset: str, fallbacks: Iterable[Mapping[str, Any]]) -> dg.AssetCheckResult:
    """The result of the check: a warning with the reasons if `fallbacks` has any."""
    used = [dict(fallback) for fallback in fallbacks]
    return dg.AssetCheckResult(
        check_name=f"{asset}_not_degraded",
        passed=not used,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(dict.fromkeys(str(fallback["reason"]) for fallback in used)) or None,
        metadata={"degraded": dg.MetadataValue.json(used)},
    )
