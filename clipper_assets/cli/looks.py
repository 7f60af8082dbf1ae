"""`clipper looks`: lists, adds and removes the looks in which clips can be made besides the default one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click
import dagster as dg

from clipper_assets.cli.mistakes import MISTAKES
from clipper_assets.clips.look_removal import remove_look_of_all
from clipper_assets.clips.looks import LOOK_SET, parse_look
from clipper_assets.settings import Settings
from clipper_assets.storage.root import storage_at
from clipper_assets.text.terminal import console, mistakes_in_one_sentence


@click.group()
def looks() -> None:
    """List, add and remove looks, in which clips can be made as well.

    The name of a look is <aspect>-<caption style> or <aspect>-<caption style>-<language>, such as square-marker.
    """


@looks.command("list")
def list_looks() -> None:
    """List all looks."""
    with _instance() as instance:
        names = instance.get_dynamic_partitions(LOOK_SET)
    for name in names:
        console.print(name, markup=False, highlight=False, soft_wrap=True)


@looks.command("add")
@click.argument("look")
def add_look(look: str) -> None:
    """Add LOOK, without making clips in it."""
    with _instance() as instance:
        parse_look(look)
        instance.add_dynamic_partitions(LOOK_SET, [look])


@looks.command("remove")
@click.argument("look")
def remove_look(look: str) -> None:
    """Remove LOOK with its clips of all episodes; other clips stay as they are."""
    with _instance() as instance:
        settings = Settings()
        episodes = remove_look_of_all(storage_at(settings.storage, settings.url_expiry_s), instance, look)
    console.print(f"removed {look} of {len(episodes)} episodes", markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _instance() -> Iterator[dg.DagsterInstance]:
    with mistakes_in_one_sentence(*MISTAKES, dg.DagsterError):
        if "DAGSTER_HOME" not in os.environ:
            raise ValueError("DAGSTER_HOME is not set; set it to the folder of the deployment's dagster.yaml")
        with dg.DagsterInstance.get() as instance:
            yield instance
