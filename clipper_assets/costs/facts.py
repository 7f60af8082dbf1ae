"""What the UI shows and plots of the costs of an episode."""

from typing import Any

import dagster as dg
import pyarrow as pa

from clipper_assets.costs.sums import by_step, spent
from clipper_assets.text.markdown import markdown_table


def facts(costs: pa.Table, clips: int, approved: int) -> dict[str, Any]:
    """The sums of an episode as flat numbers, with dollars to the millionth, and a table by step."""
    total = spent(costs)
    per_approved_clip = total.usd_per(approved)
    return {
        "usd": round(total.usd, 6),
        "cpu_seconds": round(total.cpu_seconds, 3),
        "gpu_seconds": round(total.gpu_seconds, 3),
        "input_tokens": total.input_tokens,
        "output_tokens": total.output_tokens,
        "clips": clips,
        "approved": approved,
        **({} if per_approved_clip is None else {"usd_per_approved_clip": round(per_approved_clip, 6)}),
        "by_step": dg.MetadataValue.md(_preview(costs)),
    }


def _preview(costs: pa.Table) -> str:
    rows = sorted(by_step(costs).to_pylist(), key=lambda row: -row["usd"])
    return markdown_table(
        ["step", "executions", "CPU seconds", "GPU seconds", "tokens in", "tokens out", "dollars"],
        [
            (
                row["step"],
                row["executions"],
                f"{row['cpu_seconds']:.1f}",
                f"{row['gpu_seconds']:.1f}",
                row["input_tokens"],
                row["output_tokens"],
                f"{row['usd']:.6f}",
            )
            for row in rows
        ],
    )
