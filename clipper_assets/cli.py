"""`clipper`: the whole job in one process, and a look at the machine."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn
from urllib.parse import urlsplit
from urllib.request import url2pathname

import click
import dagster as dg
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TaskProgressColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

from clipper_assets import local
from clipper_assets.clips.assets import RenderConfig
from clipper_assets.clips.captions.styles import DEFAULT_STYLE, style_names
from clipper_assets.clips.framing.camera import Layout
from clipper_assets.doctor import examine
from clipper_assets.episodes.assets import RawVideoConfig
from clipper_assets.episodes.ffmpeg import FfmpegError, binary
from clipper_assets.episodes.partitions import partition_key
from clipper_assets.episodes.probe import UploadRefusedError
from clipper_assets.episodes.storage import UNREACHABLE, Storage, StorageError, storage_at
from clipper_assets.highlights.assets import HighlightsConfig
from clipper_assets.highlights.windows import MAX_CLIPS
from clipper_assets.progress import Progress, Report
from clipper_assets.settings import EngineName, Microphones, PickerName, Settings
from clipper_assets.transcript.assets import TranscriptConfig

console = Console()


class TerminalProgress(Progress):
    """A bar for each stage, where Dagster's log would have a line for each tenth of it."""

    _bars: Bars

    def __init__(self, bars: Bars):
        super().__init__()
        self._bars = bars

    def stage(self, context: dg.AssetExecutionContext, name: str) -> Report:
        task = self._bars.add_task(name, total=1.0)
        return lambda share: self._bars.update(task, completed=share)


@click.group()
def main() -> None:
    """Podcast videos in, vertical captioned clips and a word-level transcript out."""


@contextmanager
def _mistakes_in_one_sentence() -> Iterator[None]:
    try:
        yield
    except (StorageError, UploadRefusedError, FfmpegError, ValueError, *UNREACHABLE) as mistake:
        _complain([_sentence(mistake) if isinstance(mistake, ValidationError) else str(mistake)])


def _sentence(mistake: ValidationError) -> str:
    """The first thing that is wrong with the settings, with the name of its environment variable."""
    first = mistake.errors()[0]
    names = [str(name).upper() for name in first["loc"]]
    variables = [name if name.startswith(("OPENAI_", "HF_")) else f"CLIPPER_{name}" for name in names]
    return ": ".join([*variables, first["msg"].removeprefix("Value error, ")])


def _complain(sentences: Iterable[str]) -> NoReturn:
    for sentence in sentences:
        console.print(f"clipper: {sentence}", style="red", highlight=False, markup=False, soft_wrap=True)
    sys.exit(1)


@main.command()
@click.argument("file_or_key")
@click.option("--key", help="where to put a file that lies outside the storage; default: <stem>/<name>")
@click.option("--caption-style", type=click.Choice(style_names()), default=DEFAULT_STYLE, show_default=True)
@click.option("--layout", type=click.Choice(Layout), default=Layout.fit, show_default=True)
@click.option("--max-clips", type=click.IntRange(1, MAX_CLIPS), default=MAX_CLIPS, show_default=True)
@click.option("--microphones", type=click.Choice(Microphones), help="default: CLIPPER_MICROPHONES")
@click.option("--engine", type=click.Choice(EngineName), help="default: CLIPPER_TRANSCRIPT_ENGINE")
@click.option("--language", help="ISO 639-1 code of the speech; default: CLIPPER_LANGUAGE, or detected")
@click.option("--speakers", type=click.IntRange(1), help="how many people speak, for the diarization")
@click.option("--picker", type=click.Choice(PickerName), help="default: CLIPPER_PICKER")
@click.option("--afresh", is_flag=True, help="transcribe and pick again, even if nothing changed")
def process(
    file_or_key: str,
    key: str | None,
    caption_style: str,
    layout: Layout,
    max_clips: int,
    microphones: Microphones | None,
    engine: EngineName | None,
    language: str | None,
    speakers: int | None,
    picker: PickerName | None,
    afresh: bool,
) -> None:
    """Make the clips of FILE_OR_KEY: a video file, or the key of an upload below the storage root.

    Only what is missing or outdated is done: another caption style renders clips and transcribes nothing.
    """
    with _mistakes_in_one_sentence():
        settings = Settings()
        storage = storage_at(settings.storage, settings.url_expiry_s)
        order = local.Order(
            key=storage.checked(
                local.adopt(storage, file_or_key, key, language or settings.language, settings.window_min_s)
            ),
            sound=RawVideoConfig(microphones=microphones),
            transcript=TranscriptConfig(engine=engine, language=language, speakers=speakers),
            highlights=HighlightsConfig(max_clips=max_clips, picker=picker),
            render=RenderConfig(caption_style=caption_style, layout=layout),
            afresh=afresh,
        )
        partition_key(order.key)
        binary()
        dagster_instance = local.instance()
    columns = (
        "{task.description:>20}",
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with dagster_instance as instance, Bars(*columns, console=console) as bars:
        kept, result = local.process(order, settings, storage, instance, TerminalProgress(bars))
    if kept:
        console.print(f"unchanged, kept: {', '.join(kept)}")
    if failures := local.failures(result):
        _complain(failures)
    _print_clips(storage, result)


def _print_clips(storage: Storage, result: dg.ExecuteInProcessResult) -> None:
    clips = result.asset_value("rendered_clips").to_pylist()
    for check in result.get_asset_check_evaluations():
        if not check.passed:
            said = check.description or "; ".join(str(value.value) for value in check.metadata.values())
            console.print(
                f"{check.severity.value}: {check.check_name}: {said}", style="yellow", markup=False, soft_wrap=True
            )
    for clip in clips:  # no table: it would cut paths off at the width of the terminal
        facts = f"clip {clip['clip']}: {clip['duration']:.1f} s, {clip['caption_style']}, {where(storage, clip['key'])}"
        console.print(facts, markup=False, highlight=False, soft_wrap=True)
    if not clips:
        console.print("no clips: this episode holds no speech that one could be made of")
        return
    folder = clips[0]["key"].rpartition("/")[0]
    console.print(f"{len(clips)} clips in {where(storage, folder)}, described in manifest.json", soft_wrap=True)


def where(storage: Storage, key: str) -> str:
    """A path to open on this machine, or an S3 URI."""
    uri = storage.uri(key)
    return url2pathname(urlsplit(uri).path) if uri.startswith("file:") else uri


@main.command()
def doctor() -> None:
    """Say what was found on this machine and what is missing; exit code 1 where the main job cannot run."""
    with _mistakes_in_one_sentence():
        findings = list(examine(Settings()))
    table = Table("", "what", "found", box=None)
    for finding in findings:
        mark = "[green]ok" if finding.ok else "[red]missing" if finding.required else "[yellow]none"
        table.add_row(mark, finding.subject, escape(finding.detail))
    console.print(table)
    missing = [finding.subject for finding in findings if finding.required and not finding.ok]
    if missing:
        console.print(f"the main job cannot run: {', '.join(missing)}", style="red")
        sys.exit(1)
    console.print("the main job can run", style="green")
