"""A click group that imports the module of a command only when the command is called."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """Imports the command `name` from `<package>.<name>`; `summaries` are the lines of the group's own help."""

    def __init__(self, *args: Any, package: str, summaries: Mapping[str, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.package = package
        self.summaries = summaries

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.summaries:
            return None
        command: click.Command = getattr(import_module(f"{self.package}.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands with their summaries; click's own method would import each command for its docstring."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries.items()))
