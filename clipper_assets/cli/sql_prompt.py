"""The prompt of `clipper sql`."""

import readline
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import click

HISTORY = Path(click.get_app_dir("clipper")) / "sql_history"
HISTORY_LINES = 1000
_HELP = (
    "A query ends with `;`. .tables lists the tables, .quit or Ctrl-D ends, Ctrl-C clears the line or stops a query."
)


def ask(run: Callable[[str], object], list_tables: Callable[[], None]) -> None:
    """Read queries, of one or more lines up to a `;`, and run each, until the end of the input or `.quit`."""
    _load_history()
    click.echo(_HELP)
    query = ""
    while True:
        try:
            line = input("...> " if query else "sql> ")
        except KeyboardInterrupt:
            query = ""
            click.echo()
            continue
        except EOFError:
            click.echo()
            break
        if not query and line.strip().startswith("."):
            if line.strip() in (".quit", ".exit"):
                break
            list_tables() if line.strip() == ".tables" else click.echo(_HELP)
            continue
        query = f"{query}\n{line}" if query else line.strip()
        # SQLite knows a `;` in quotes and comments, which are those of DuckDB.
        if query and sqlite3.complete_statement(query):
            run(query)
            query = ""
    _save_history()


def _load_history() -> None:
    readline.set_history_length(HISTORY_LINES)
    try:
        with suppress(FileNotFoundError):
            readline.read_history_file(HISTORY)
    except OSError as error:
        click.echo(f"WARN: the history was not read: {error}", err=True)


def _save_history() -> None:
    try:
        HISTORY.parent.mkdir(parents=True, exist_ok=True)
        HISTORY.touch(mode=0o600)
        readline.write_history_file(HISTORY)
    except OSError as error:
        click.echo(f"WARN: the history was not saved: {error}", err=True)
