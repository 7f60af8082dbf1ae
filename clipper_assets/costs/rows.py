"""The table of costs: one row for each execution of a step."""

import pyarrow as pa

from clipper_assets.storage.tables import Column, TableSpec

COSTS = TableSpec(
    "costs",
    [
        Column("episode", pa.string(), "partition key of the episode"),
        Column("show", pa.string(), "partition key of the show"),
        Column("run_id", pa.string(), "the run"),
        Column("step", pa.string(), "name of the asset"),
        Column("look", pa.string(), "look of the clips; null for what all looks share", nullable=True),
        Column("at", pa.timestamp("us", tz="UTC"), "when the step ended"),
        Column("failed", pa.bool_(), "whether the step failed"),
        Column("cpu_seconds", pa.float64(), "CPU seconds of the step and of the processes that it started"),
        Column("gpu_seconds", pa.float64(), "seconds for which the step held a GPU"),
        Column("input_tokens", pa.int64(), "tokens sent to the language model"),
        Column("output_tokens", pa.int64(), "tokens that the language model wrote"),
        Column("usd", pa.float64(), "dollars, by the prices in the settings when the step ended"),
    ],
)
