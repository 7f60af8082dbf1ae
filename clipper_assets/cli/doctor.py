"""`clipper doctor`: checks this machine and its deployment, and reports what is missing."""

import sys

import click
from rich.markup import escape
from rich.table import Table

from clipper_assets.cli.deployment import examine_deployment
from clipper_assets.cli.machine import examine
from clipper_assets.cli.mistakes import MISTAKES
from clipper_assets.settings import Settings
from clipper_assets.text.terminal import console, mistakes_in_one_sentence


@click.command()
def doctor() -> None:
    """Check this machine and its deployment; exit code 1 if the main job cannot run."""
    with mistakes_in_one_sentence(*MISTAKES):
        settings = Settings()
        findings = [*examine(settings), *examine_deployment(settings)]
    table = Table("", "check", "result", box=None)
    for finding in findings:
        mark = "[green]ok" if finding.ok else "[red]missing" if finding.required else "[yellow]none"
        table.add_row(mark, finding.subject, escape(finding.detail))
    console.print(table)
    missing = [finding.subject for finding in findings if finding.required and not finding.ok]
    if missing:
        console.print(f"the main job cannot run: {', '.join(missing)}", style="red")
        sys.exit(1)
    console.print("the main job can run", style="green")
