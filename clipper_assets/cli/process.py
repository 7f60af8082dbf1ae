"""`clipper process`: the whole job for one episode, in this process."""

from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import click
import dagster as dg
from rich.progress import BarColumn, TaskProgressColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from clipper_assets.adverts.assets import AdSpansConfig
from clipper_assets.camera.analysis.assets import ScenesConfig
from clipper_assets.camera.direction.assets import CameraConfig
from clipper_assets.captions.styles import style_names
from clipper_assets.chapters.assets import ChaptersConfig
from clipper_assets.cli.adoption import adopt, warnings_beside
from clipper_assets.cli.episode_run import EpisodeConfig, local_instance, run_episode
from clipper_assets.cli.mistakes import MISTAKES
from clipper_assets.clips.assets import RenderConfig
from clipper_assets.clips.gates.verdicts import read_limits
from clipper_assets.episodes.assets import RawVideoConfig
from clipper_assets.episodes.partitions import partition_key
from clipper_assets.highlights.assets import HighlightsConfig
from clipper_assets.highlights.selection import selection
from clipper_assets.media.ffmpeg import binary
from clipper_assets.media.frame import Aspect
from clipper_assets.runs.in_process import failures, unchanged
from clipper_assets.runtime.asset_names import EPISODE_COSTS, RENDERED_CLIPS
from clipper_assets.runtime.progress import Progress, Report
from clipper_assets.setting_types import EngineName, Microphones, PickerName
from clipper_assets.settings import Settings
from clipper_assets.shows.clip_options import MAX_CLIPS
from clipper_assets.shows.show import Layout, Show, load_show, show_key, spoken_language
from clipper_assets.shows.speech_options import MAX_SPEAKERS
from clipper_assets.storage.base import Storage
from clipper_assets.storage.root import storage_at
from clipper_assets.text.terminal import complain, console, faults_in_one_sentence, mistakes_in_one_sentence
from clipper_assets.transcript.assets import TranscriptConfig


class TerminalProgress(Progress):
    """Shows a progress bar for each stage instead of log lines."""

    _bars: Bars

    def __init__(self, bars: Bars):
        super().__init__()
        self._bars = bars

    def stage(self, context: dg.AssetExecutionContext, name: str) -> Report:
        task = self._bars.add_task(name, total=1.0)
        return lambda share: self._bars.update(task, completed=share)


@click.command()
@click.argument("file_or_key")
@click.option(
    "--key", help="where to put a file that lies outside the storage; default: <stem>/<name>, or a folder of its own"
)
@click.option("--caption-style", type=click.Choice(style_names()), help="default: the show's (show.toml), or pop")
@click.option("--layout", type=click.Choice(Layout), help="default: the show's, or auto")
@click.option("--aspect", type=click.Choice([each.value for each in Aspect]), help="default: the show's, or 9:16")
@click.option(
    "--tighten/--no-tighten", default=None, help="leave out fillers and long pauses; default: the show's, or no"
)
@click.option("--hook-title/--no-hook-title", default=None, help="the hook as a title; default: the show's, or no")
@click.option("--length", help="short, standard, long, or seconds such as 20-45; default: the show's, or standard")
@click.option("--range", "within", help="make clips only from this part, such as 12:30-45:00; default: everything")
@click.option("--max-clips", type=click.IntRange(1, MAX_CLIPS), help="at most this many; default: the show's, or 20")
@click.option("--topics", help="words or a sentence: clips about these first; default: the show's")
@click.option("--microphones", type=click.Choice(Microphones), help="default: CLIPPER_MICROPHONES")
@click.option("--engine", type=click.Choice(EngineName), help="default: CLIPPER_TRANSCRIPT_ENGINE")
@click.option("--language", help="ISO 639-1 code of the speech; default: the show's, or detected")
@click.option(
    "--speakers", type=click.IntRange(1, MAX_SPEAKERS), help="how many people speak; default: the show's, or detected"
)
@click.option("--picker", type=click.Choice(PickerName), help="default: the show's, or CLIPPER_PICKER")
@click.option("--afresh", is_flag=True, help="transcribe and pick again, even if nothing changed")
def process(
    file_or_key: str,
    key: str | None,
    caption_style: str | None,
    layout: Layout | None,
    aspect: str | None,
    tighten: bool | None,
    hook_title: bool | None,
    length: str | None,
    within: str | None,
    max_clips: int | None,
    topics: str | None,
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
    with mistakes_in_one_sentence(*MISTAKES):
        settings = Settings()
        storage = storage_at(settings.storage, settings.url_expiry_s)
        config = EpisodeConfig(
            key=storage.checked(_adopted(storage, file_or_key, key, language, settings)),
            sound=RawVideoConfig(afresh=afresh, microphones=microphones),
            transcript=TranscriptConfig(afresh=afresh, engine=engine, language=language, speakers=speakers),
            adverts=AdSpansConfig(afresh=afresh, picker=picker),
            highlights=HighlightsConfig(
                afresh=afresh, length=length, range=within, max_clips=max_clips, topics=topics, picker=picker
            ),
            chapters=ChaptersConfig(afresh=afresh, picker=picker),
            scenes=ScenesConfig(afresh=afresh, layout=layout),
            camera=CameraConfig(afresh=afresh, layout=layout),
            render=RenderConfig(
                caption_style=caption_style,
                aspect=Aspect(aspect) if aspect else None,
                tighten=tighten,
                hook_title=hook_title,
            ),
        )
        _refuse_what_steps_would_refuse(config, storage, settings)
        spoken = spoken_language(language, load_show(storage, config.key), settings)
        for warning in warnings_beside(storage, file_or_key, spoken):
            console.print(f"WARN: {warning}", style="yellow", markup=False, soft_wrap=True)
        dagster_instance = local_instance()
    columns = ("{task.description:>20}", BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with faults_in_one_sentence(), dagster_instance as instance, Bars(*columns, console=console) as bars:
        result = run_episode(config, settings, storage, instance, TerminalProgress(bars))
    if kept := unchanged(result):
        console.print(f"unchanged, kept: {', '.join(kept)}", soft_wrap=True)
    if sentences := failures(result):
        complain(sentences)
    _print_clips(storage, result)
    _print_cost(result)


def _adopted(storage: Storage, file_or_key: str, key: str | None, language: str | None, settings: Settings) -> str:
    """The key of the upload; its show may say in which language the transcript beside the file should be."""
    show = load_show(storage, storage.checked(key)) if key else Show()
    return adopt(storage, file_or_key, key, spoken_language(language, show, settings), settings.window_min_s)


def _refuse_what_steps_would_refuse(config: EpisodeConfig, storage: Storage, settings: Settings) -> None:
    """Raise now, before any work, what a step would raise for the key, the options, show.toml or a missing ffmpeg."""
    partition_key(config.key)
    show = load_show(storage, config.key)
    read_limits(show.gates, show_key(config.key))
    selection(show, settings, **config.highlights.options)
    binary()


def _print_clips(storage: Storage, result: dg.ExecuteInProcessResult) -> None:
    clips = result.asset_value(RENDERED_CLIPS).to_pylist()
    for check in result.get_asset_check_evaluations():
        if not check.passed:
            said = check.description or "; ".join(str(value.value) for value in check.metadata.values())
            console.print(
                f"{check.severity.value}: {check.check_name}: {said}", style="yellow", markup=False, soft_wrap=True
            )
    for clip in clips:  # not a table, which would truncate paths to the terminal's width
        facts = f"clip {clip['clip']}: {clip['duration']:.1f} s, {clip['caption_style']}, {where(storage, clip['key'])}"
        console.print(facts, markup=False, highlight=False, soft_wrap=True)
    if not clips:
        console.print("No usable speech found, so no clips were made.")
        return
    folder = clips[0]["key"].rpartition("/")[0]
    console.print(f"{len(clips)} clips in {where(storage, folder)}, described in manifest.json", soft_wrap=True)


def _print_cost(result: dg.ExecuteInProcessResult) -> None:
    (event,) = result.asset_materializations_for_node(EPISODE_COSTS)
    facts: dict[str, Any] = {name: value.value for name, value in event.metadata.items()}
    approved = facts.get("usd_per_approved_clip")
    console.print(
        f"This run cost {_dollars(facts['run_usd'])}, the episode so far {_dollars(facts['usd'])}"
        + (f", {_dollars(approved)} for each approved clip" if approved is not None else ""),
        highlight=False,
        soft_wrap=True,
    )


def _dollars(usd: float) -> str:
    return "less than $0.0001" if 0 < usd < 0.0001 else f"${usd:.4f}"


def where(storage: Storage, key: str) -> str:
    """A local path, or an S3 URI."""
    uri = storage.uri(key)
    return url2pathname(urlsplit(uri).path) if uri.startswith("file:") else uri
