"""`clipper pools`: sets how many steps of each pool may run at once, before the daemon starts."""

import click
import dagster as dg

from clipper_assets.cli.mistakes import MISTAKES
from clipper_assets.launch.pools import set_limits
from clipper_assets.settings import Settings
from clipper_assets.text.terminal import console, mistakes_in_one_sentence


@click.command()
def pools() -> None:
    """Set the limits of the pools from GPUs, cores and settings, except those that a person has changed.

    Deployments run it before the daemon, on the instance of DAGSTER_HOME.
    """
    with mistakes_in_one_sentence(*MISTAKES, dg.DagsterError), dg.DagsterInstance.get() as instance:
        limits = set_limits(instance, Settings())
    console.print(", ".join(f"{name}: {limit}" for name, limit in sorted(limits.items())), markup=False)
