"""Checks on `aligned_transcript`, made while it materializes."""

from itertools import pairwise

import dagster as dg
import pyarrow as pa

from clipper_assets.transcript.words import WORDS

IS_ORDERED = dg.AssetCheckSpec(
    "aligned_transcript_is_ordered",
    asset="aligned_transcript",
    blocking=True,
    description="The columns are as declared; words are in order and inside the episode.",
)


def faults(words: pa.Table, duration_s: float) -> list[str]:
    """Which promises of the words table are broken, a sentence each."""
    if not words.schema.equals(WORDS.schema):
        return [f"the columns are not those of {WORDS.name}: {words.schema.remove_metadata()}"]
    rows = words.to_pylist()
    broken = {
        "there is no word": not rows,
        "words are not numbered from 0": [row["word"] for row in rows] != list(range(len(rows))),
        "sentences do not begin at 0": bool(rows) and rows[0]["sentence"] != 0,
        "sentences do not rise by one": any(b["sentence"] - a["sentence"] not in (0, 1) for a, b in pairwise(rows)),
        "starts decrease": any(b["start"] < a["start"] for a, b in pairwise(rows)),
        f"a word lies outside 0 to {duration_s:.2f} s or has no length": any(
            not 0 <= row["start"] < row["end"] <= duration_s for row in rows
        ),
    }
    return [fault for fault, is_broken in broken.items() if is_broken]


def is_ordered(words: pa.Table, duration_s: float) -> dg.AssetCheckResult:
    """The result of `IS_ORDERED`."""
    found = faults(words, duration_s)
    return dg.AssetCheckResult(check_name=IS_ORDERED.name, passed=not found, metadata={"faults": found})
