import math

import pyarrow as pa
import pytest

from clipper_assets.storage.tables import SCHEMA_VERSION, Column, TableSpec, provenance

TALKS = TableSpec(
    "talks",
    [
        Column("episode", pa.string(), "partition key of the episode"),
        Column("start", pa.float64(), "seconds"),
        Column("speaker", pa.string(), "null when unknown", nullable=True),
    ],
)
ROW = {"episode": "a.mp4", "start": 1.5, "speaker": None}


def test_rows_become_a_table_with_the_declared_schema_and_provenance() -> None:
    table = TALKS.table([ROW, {**ROW, "speaker": "SPEAKER_00"}], {"engine": "whisperx"})
    assert table.schema.equals(TALKS.schema)
    assert table.to_pylist() == [ROW, {**ROW, "speaker": "SPEAKER_00"}]
    assert provenance(table) == {"schema_version": SCHEMA_VERSION, "engine": "whisperx"}


def test_a_table_without_rows_has_the_declared_schema() -> None:
    assert TALKS.table([]).schema.equals(TALKS.schema)
    assert TALKS.table([]).num_rows == 0


def test_a_null_in_a_required_column_is_rejected() -> None:
    with pytest.raises(pa.ArrowInvalid, match="column start of talks must not be null"):
        TALKS.table([{**ROW, "start": None}])
    with pytest.raises(pa.ArrowInvalid, match="column episode of talks must not be null"):
        TALKS.table([{"start": 1.0, "speaker": None}])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_rejected(value: float) -> None:
    with pytest.raises(pa.ArrowInvalid, match="column start of talks must be finite"):
        TALKS.table([ROW, {**ROW, "start": value}])
    stored = TALKS.table([ROW]).set_column(1, "start", pa.array([value]))
    with pytest.raises(pa.ArrowInvalid, match="column start of talks must be finite"):
        TALKS.checked(stored)


def test_a_nullable_number_column_accepts_nulls() -> None:
    spec = TableSpec("clips", [Column("loudness_lufs", pa.float64(), "null if silent", nullable=True)])
    assert spec.checked(spec.table([{"loudness_lufs": None}])).to_pylist() == [{"loudness_lufs": None}]


def test_a_value_of_the_wrong_type_is_rejected() -> None:
    with pytest.raises(pa.ArrowInvalid):
        TALKS.table([{**ROW, "start": "soon"}])


def test_the_column_schema_for_dagster_has_the_declared_columns() -> None:
    columns = {column.name: column for column in TALKS.column_schema.columns}
    assert list(columns) == TALKS.schema.names
    assert (columns["start"].type, columns["start"].description) == ("double", "seconds")
    assert [name for name, column in columns.items() if column.constraints.nullable] == ["speaker"]
    assert TALKS.definition_metadata == {"dagster/column_schema": TALKS.column_schema, "table": "talks"}


def test_a_table_without_metadata_has_no_provenance() -> None:
    assert provenance(pa.table({"a": [1]})) == {}


def test_columns_missing_in_a_table_of_an_earlier_version_become_nulls() -> None:

    table = TALKS.table([ROW | {"speaker": "SPEAKER_00"}], {"engine": "whisperx"})
    assert TALKS.completed(table).equals(table)
    earlier = TALKS.completed(table.drop_columns(["speaker"]))
    assert earlier.schema.equals(TALKS.schema)
    assert earlier.to_pylist() == [ROW]
    assert provenance(earlier)["engine"] == "whisperx"
