"""Table declarations, from which the parquet schema, Dagster's column metadata and the structural checks derive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dagster as dg
import pyarrow as pa

SCHEMA_VERSION = "1"

LAKE_TABLE = dg.PythonObjectDagsterType(pa.Table, name="LakeTable", description="one episode's table of the lake")

# Dagster 1.13 takes only the bare class as the annotation of an asset that also reports checks.
if TYPE_CHECKING:
    TableResult = dg.MaterializeResult[pa.Table]
else:
    TableResult = dg.MaterializeResult


@dataclass(frozen=True)
class Column:
    """One column: its Arrow type and what it means (units included)."""

    name: str
    type: pa.DataType
    meaning: str
    nullable: bool = False


@dataclass(frozen=True)
class TableSpec:
    """A table of the lake; `name` is its file's stem (`words` for `words.parquet`)."""

    name: str
    columns: Sequence[Column] = field(repr=False)

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns])

    @property
    def column_schema(self) -> dg.TableSchema:
        """The same columns in Dagster's terms, for `dagster/column_schema`."""
        return dg.TableSchema(
            columns=[
                dg.TableColumn(
                    c.name, str(c.type), c.meaning, constraints=dg.TableColumnConstraints(nullable=c.nullable)
                )
                for c in self.columns
            ]
        )

    @property
    def definition_metadata(self) -> dict[str, Any]:
        """Definition metadata of the table's asset: its columns, and the file's stem, which the IO manager reads."""
        return {"dagster/column_schema": self.column_schema, "table": self.name}

    def table(self, rows: Sequence[Mapping[str, Any]], provenance: Mapping[str, str] | None = None) -> pa.Table:
        """Rows (one mapping per row, every column named) as a table; `provenance` becomes parquet key-value metadata.

        Raises `pa.ArrowInvalid` where a value does not fit its column or is not finite, or a required one is null.
        """
        schema = self.schema.with_metadata({"schema_version": SCHEMA_VERSION, **(provenance or {})})
        table = pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
        for column in self.columns:
            if not column.nullable and table[column.name].null_count:
                raise pa.ArrowInvalid(f"column {column.name} of {self.name} must not be null")
            self._check_finite(column, table[column.name])
        return table

    def completed(self, table: pa.Table) -> pa.Table:
        """Add nullable columns that are missing in a table of an earlier version."""
        for number, column in enumerate(self.columns):
            if column.nullable and column.name not in table.column_names:
                table = table.add_column(number, column.name, pa.array([None] * table.num_rows, column.type))
        return table

    def checked(self, table: pa.Table) -> pa.Table:
        """Cast a stored table to the declared types; list columns may be missing in tables of earlier versions.

        Raises ValueError (of which `pa.ArrowInvalid` is one) or another `pa.ArrowException` where it is not so.
        """
        table = self.completed(table)
        for column in self.columns:
            if column.name not in table.column_names:
                if pa.types.is_list(column.type):
                    continue
                raise ValueError(f"{self.name} has no column {column.name}")
            values = table[column.name].cast(column.type)
            if values.null_count and not column.nullable:
                raise ValueError(f"column {column.name} of {self.name} must not be null")
            self._check_finite(column, values)
            field = pa.field(column.name, column.type, nullable=column.nullable)
            table = table.set_column(table.column_names.index(column.name), field, values)
        return table

    def _check_finite(self, column: Column, values: "pa.ChunkedArray[Any]") -> None:
        import pyarrow.compute as pc

        if pa.types.is_floating(column.type) and not pc.all(pc.is_finite(values), min_count=0).as_py():
            raise pa.ArrowInvalid(f"column {column.name} of {self.name} must be finite")


def provenance(table: pa.Table) -> dict[str, str]:
    """The table's key-value metadata (engine, model, etag, ...)."""
    return {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
