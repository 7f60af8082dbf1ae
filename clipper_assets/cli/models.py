"""`clipper models`: lists, fetches and verifies the model files of the camera."""

from pathlib import Path

import click
from rich.markup import escape
from rich.progress import BarColumn, TaskProgressColumn
from rich.progress import Progress as Bars
from rich.table import Column, Table

from clipper_assets.camera.analysis.models import MODELS, ModelFileError, fetch, model_file, verify
from clipper_assets.settings import Settings
from clipper_assets.text.terminal import complain, console, mistakes_in_one_sentence
from clipper_assets.transcript.models import ModelMissingError, find_whisper

names_argument = click.argument("names", nargs=-1, type=click.Choice(list(MODELS)), metavar="[NAME]...")


@click.group()
def models() -> None:
    """List, fetch and verify the model files of the camera, which uses simpler methods without them."""


@models.command("list")
def list_models() -> None:
    """List the models with their purpose, licence, source and file."""
    models_dir = _models_dir()
    table = Table("", "model", Column("purpose, licence, source, file", overflow="fold"), box=None)
    for name, model in MODELS.items():
        file = model_file(name, models_dir)
        facts = (
            f"{model.purpose}, {model.size_bytes / 1e6:.1f} MB",
            model.licence,
            model.url,
            str(file or "not fetched"),
        )
        table.add_row("[green]ok" if file else "[yellow]none", name, escape("\n".join(facts)))
    console.print(table)


@models.command("fetch")
@names_argument
@click.option(
    "--speech", is_flag=True, help="Also fetch the Whisper model of CLIPPER_WHISPER_MODEL into the model hub's cache."
)
def fetch_models(names: tuple[str, ...], speech: bool) -> None:
    """Download the named models, or all of them; files that are already there and intact are kept."""
    models_dir = _models_dir()
    failed = []
    if speech:
        with mistakes_in_one_sentence(ModelMissingError):
            folder = find_whisper(Settings().whisper_model, models_dir)
        console.print(f"speech: {folder}", markup=False, highlight=False, soft_wrap=True)
    with Bars("{task.description:>20}", BarColumn(), TaskProgressColumn(), console=console) as bars:
        for name in names or MODELS:
            try:
                _fetch_unless_intact(name, models_dir, bars)
            except ModelFileError as error:
                failed.append(str(error))
    if failed:
        complain(failed)


@models.command("verify")
@names_argument
def verify_models(names: tuple[str, ...]) -> None:
    """Check the SHA-256 of the named models, or of all; exit code 1 if one is missing or damaged."""
    models_dir = _models_dir()
    failed = []
    for name in names or MODELS:
        try:
            console.print(f"{name}: {verify(name, models_dir)}", markup=False, highlight=False, soft_wrap=True)
        except ModelFileError as error:
            failed.append(str(error))
    if failed:
        complain(failed)


def _models_dir() -> Path | None:
    with mistakes_in_one_sentence():
        return Settings().models_dir


def _fetch_unless_intact(name: str, models_dir: Path | None, bars: Bars) -> None:
    bar = bars.add_task(name, total=1.0)
    try:
        verify(name, models_dir)
    except ModelFileError:
        fetch(name, models_dir, lambda share: bars.update(bar, completed=share))
    bars.update(bar, completed=1.0)
