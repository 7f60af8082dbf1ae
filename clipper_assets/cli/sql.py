"""`clipper sql`: asks the Delta tables of the library with DuckDB."""

import csv
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, count, islice
from pathlib import Path
from typing import Any, TextIO

import click
import duckdb
from rich.table import Table
from rich.text import Text

from clipper_assets.cli.mistakes import MISTAKES
from clipper_assets.cli.sql_prompt import ask
from clipper_assets.library.tables import TABLES
from clipper_assets.library.views import connected
from clipper_assets.settings import Settings
from clipper_assets.storage.root import storage_at
from clipper_assets.text.clean import clean_text
from clipper_assets.text.terminal import console, mistakes_in_one_sentence

SHOWN, AT_ONCE = 200, 1000
"""Rows of a table for people, and rows that are fetched at once for programs."""


@click.command()
@click.argument("query", required=False)
@click.option("--file", "file", type=click.File(encoding="utf-8"), help="read the query from this file; - is stdin")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--list", "listed", is_flag=True, help="print the tables and their columns with their meanings")
def sql(query: str | None, file: Any, form: str, listed: bool) -> None:
    """Ask the tables of all episodes with SQL; without QUERY, at a prompt.

    The tables are episodes, words, sentences, turns, windows, clips and costs. Nothing but these can be read, and no
    file can be written: use --format csv and a redirection. show and end are words of SQL, so write "show" and "end".
    """
    from deltalake.exceptions import DeltaError

    if listed:
        _list_tables()
        return
    if query is not None and file is not None:
        raise click.UsageError("give a QUERY or --file, not both")
    asked = query if file is None else _read(file)
    with tempfile.TemporaryDirectory(prefix="clipper-sql-") as temporary:
        with mistakes_in_one_sentence(*MISTAKES, DeltaError):
            settings = Settings()
            database = connected(storage_at(settings.storage, settings.url_expiry_s), Path(temporary))
        if asked is None:
            ask(lambda text: _answered(database, text, form), _list_tables)
        elif not _answered(database, asked, form):
            sys.exit(1)


def _read(file: TextIO) -> str:
    try:
        return file.read()
    except UnicodeDecodeError:
        raise click.UsageError(f"{file.name} is not text in UTF-8; save it in this encoding") from None


def _answered(database: duckdb.DuckDBPyConnection, query: str, form: str) -> bool:
    """Run the statements and print their rows; False if DuckDB refused one of them, which is said on stderr."""
    try:
        for statement in duckdb.extract_statements(query):
            result = database.execute(statement)
            if result.description and result.description[0][0] != "Success":
                _FORMATS[form](result)
    except duckdb.Error as error:
        return _refused(str(error))
    except RuntimeError as error:
        # DuckDB reports Ctrl-C so.
        if str(error) != "Query interrupted":
            raise
        return _refused("the query was interrupted")
    return True


def _refused(reason: str) -> bool:
    lines = [clean_text(line) for line in reason.strip().splitlines()]
    click.secho("clipper: " + "\n".join(lines), err=True, fg="red")
    return False


def _rows(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while some := result.fetchmany(AT_ONCE):
        yield from some


def _print_table(result: duckdb.DuckDBPyConnection) -> None:
    rows = _rows(result)
    table = Table(show_edge=False)
    for name, *_ in result.description or []:
        table.add_column(Text(clean_text(name)), overflow="fold")
    for row in islice(rows, SHOWN):
        table.add_row(*(_shown(value) for value in row))
    console.print(table)
    if next(rows, None) is not None:
        console.print(f"These are the first {SHOWN} rows. Add LIMIT, or use --format csv for all of them.", style="dim")


def _shown(value: Any) -> Text:
    if value is None:
        return Text("null", style="dim")
    text = f"{value:.6g}" if isinstance(value, float) and abs(value) < 1e6 else str(value)
    return Text(clean_text(text), justify="right" if isinstance(value, int | float) else "left")


def _print_csv(result: duckdb.DuckDBPyConnection) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_on_terminal(name) for name, *_ in result.description or [])
    for row in _rows(result):
        writer.writerow(_on_terminal(value) for value in row)


def _on_terminal(value: Any) -> Any:
    """Lists as JSON; text without control characters if it goes to a terminal, which would obey them."""
    if isinstance(value, list | dict):
        value = _json(value, ensure_ascii=False)
    return clean_text(value) if isinstance(value, str) and sys.stdout.isatty() else value


def _print_json(result: duckdb.DuckDBPyConnection) -> None:
    """Print an array of objects, one a line; of columns with one name, the later ones get a number: `episode_1`."""
    names: list[str] = []
    for name, *_ in result.description or []:
        names.append(next(each for each in chain([name], (f"{name}_{n}" for n in count(1))) if each not in names))
    separator = "["
    for row in _rows(result):
        click.echo(separator + _json(dict(zip(names, row, strict=True))))
        separator = ","
    click.echo("]" if separator == "," else "[]")


def _json(value: Any, **options: Any) -> str:
    """A value as JSON, with null for infinite numbers and NaN, which JSON does not have."""
    try:
        return json.dumps(value, default=str, allow_nan=False, **options)
    except ValueError:
        finite = json.loads(json.dumps(value, default=str), parse_constant=lambda _: None)
        return json.dumps(finite, **options)


_FORMATS: Mapping[str, Callable[[duckdb.DuckDBPyConnection], None]] = {
    "table": _print_table,
    "csv": _print_csv,
    "json": _print_json,
}


def _list_tables() -> None:
    for spec in TABLES:
        table = Table(title=spec.name, title_justify="left", title_style="bold", show_edge=False)
        for name in ("column", "type", "meaning"):
            table.add_column(name, overflow="fold")
        for column in spec.columns:
            table.add_row(column.name, str(column.type), Text(column.meaning))
        console.print(table)
        console.print()
