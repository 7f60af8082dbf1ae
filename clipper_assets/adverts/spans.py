"""Stretches of an episode that are not part of its conversation, and the table of an episode's spans."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

import pyarrow as pa

from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.tables import Column, TableSpec


class SpanKind(StrEnum):
    """What a span is; clips contain none of them."""

    advert = "advert"
    intro = "intro"
    outro = "outro"
    subscribe = "subscribe"


AD_SPANS_TABLE = TableSpec(
    "ad_spans",
    [
        Column("episode", pa.string(), "partition key of the episode"),
        Column("start", pa.float64(), "seconds from the start of the episode; the start of a sentence"),
        Column("end", pa.float64(), "seconds from the start of the episode; the end of a sentence"),
        Column("kind", pa.string(), "`advert`, `intro`, `outro` or `subscribe`"),
        Column("evidence", pa.list_(pa.string()), "what the span was recognized by"),
        Column("confidence", pa.float32(), "how likely the span is of this kind, 0..1"),
    ],
)


FOUND_BY, RULES = "found_by", "rules"
"""Key-value metadata of the table: `rules`, or `rules and <model>`."""


@dataclass(frozen=True, kw_only=True)
class AdSpan:
    """A row of the table of spans, without its episode; `AD_SPANS_TABLE` describes the columns."""

    start: float
    end: float
    kind: SpanKind
    evidence: Sequence[str]
    confidence: float


def read_spans(table: pa.Table) -> list[AdSpan]:
    """The spans of a table of spans, in its order. Raises DamagedError for a kind that there is not."""
    rows = table.to_pylist()
    try:
        return [
            AdSpan(
                start=row["start"],
                end=row["end"],
                kind=SpanKind(row["kind"]),
                evidence=row.get("evidence") or (),
                confidence=row["confidence"],
            )
            for row in rows
        ]
    except ValueError as unknown:
        raise DamagedError(f"the table of adverts cannot be read: {unknown}; materialize ad_spans again") from None


def spans_table(episode: str, spans: Sequence[AdSpan], found_by: str) -> pa.Table:
    """The table of an episode's spans; `found_by` is `RULES`, or names a model as well."""
    rows = [{"episode": episode, **asdict(span), "kind": span.kind.value} for span in spans]
    return AD_SPANS_TABLE.table(rows, {FOUND_BY: found_by})
