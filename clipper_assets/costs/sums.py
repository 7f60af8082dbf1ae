"""Sums of costs: of an episode or a run, and by step."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

MEASURES = ("cpu_seconds", "gpu_seconds", "input_tokens", "output_tokens", "usd")
"""The columns of `COSTS` that are summed."""


@dataclass(frozen=True)
class Spent:
    """A sum of costs; the fields are named as the columns."""

    cpu_seconds: float = 0.0
    gpu_seconds: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0

    def usd_per(self, approved: int) -> float | None:
        """Dollars for each of `approved` clips; None without any."""
        return self.usd / approved if approved else None


def spent(costs: pa.Table, run_id: str | None = None) -> Spent:
    """The sum of all rows of `COSTS`, or of those of one run."""
    import pyarrow.compute as pc

    rows = costs if run_id is None else costs.filter(pc.field("run_id") == run_id)
    return Spent(**{name: pc.sum(rows[name], min_count=0).as_py() for name in MEASURES})


def by_step(costs: pa.Table) -> pa.Table:
    """The sums for each step, with the number of `executions`; columns `step`, `executions`, then the measures."""
    sums: list[Any] = [(name, "sum") for name in MEASURES]
    grouped = costs.group_by("step", use_threads=False).aggregate([*sums, ("run_id", "count")])
    names = {f"{name}_sum": name for name in MEASURES} | {"run_id_count": "executions"}
    columns = [names.get(name, name) for name in grouped.column_names]
    return grouped.rename_columns(columns).select(["step", "executions", *MEASURES])
