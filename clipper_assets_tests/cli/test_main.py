"""The `clipper` command: its help, its version and its subcommands."""

from importlib.metadata import version

import click
import pytest
from click.testing import CliRunner

from clipper_assets.cli import COMMANDS, main


def test_help_lists_every_command_with_its_summary() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert lines[-len(COMMANDS) :] == [f"{name} {summary}" for name, summary in COMMANDS.items()]


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_a_module_of_its_name(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.name == name


def test_an_unknown_command_is_a_usage_error() -> None:
    result = CliRunner().invoke(main, ["proces"])
    assert result.exit_code == 2
    assert "No such command 'proces'" in result.output


def test_version_prints_the_version_of_the_package() -> None:
    result = CliRunner().invoke(main, ["--version"], prog_name="clipper")
    assert result.output == f"clipper, version {version('clipper_assets')}\n"
