"""The table of an episode's spans."""

import pyarrow as pa
import pytest

from clipper_assets.adverts.spans import RULES, AdSpan, SpanKind, read_spans, spans_table
from clipper_assets.storage.damaged import DamagedError

SPAN = AdSpan(start=1.0, end=9.5, kind=SpanKind.intro, evidence=["offer"], confidence=0.5)


def test_a_table_of_a_later_version_is_read() -> None:
    table = spans_table("a.mp4", [SPAN], RULES)
    assert read_spans(table.append_column("brand", pa.array(["Acme"]))) == [SPAN]


def test_an_unknown_kind_is_said() -> None:
    table = spans_table("a.mp4", [SPAN], RULES)
    kinds = table.set_column(table.column_names.index("kind"), "kind", pa.array(["jingle"]))
    with pytest.raises(DamagedError, match="'jingle' is not a valid SpanKind; materialize ad_spans again"):
        read_spans(kinds)
