"""`clipper pools`: sets how many steps of each pool may run at once, before the daemon starts."""

import logging
import os

import click
import dagster as dg

from clipper_assets.cli.mistakes import MISTAKES
from clipper_assets.launch.pools import set_limits
from clipper_assets.runtime.logs import to_standard_error
from clipper_assets.setting_types import LogFormat
from clipper_assets.settings import Settings
from clipper_assets.text.terminal import console, mistakes_in_one_sentence


@click.command()
def pools() -> None:
    """Set the limits of the pools from GPUs, cores and settings, except those that a person has changed.

    Deployments run it before the daemon, on the instance of DAGSTER_HOME.
    """
    with mistakes_in_one_sentence(*MISTAKES, dg.DagsterError):
        settings = Settings()
        if "DAGSTER_HOME" not in os.environ:
            raise ValueError("DAGSTER_HOME is not set; set it to the folder of the deployment's dagster.yaml")
        with dg.DagsterInstance.get() as instance:
            limits = set_limits(instance, settings)
    listed = ", ".join(f"{name}: {limit}" for name, limit in sorted(limits.items()))
    if settings.log_format is LogFormat.json:
        log = logging.getLogger(__name__)
        log.setLevel(logging.INFO)
        log.addHandler(to_standard_error(settings.log_format))
        log.info("limits of the pools: %s", listed)
    else:
        console.print(listed, markup=False)
