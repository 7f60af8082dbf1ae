"""Everything that steps read beside tables: the external assets, and their current data versions."""

import warnings
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import PurePosixPath
from typing import Any, TypeVar

import dagster as dg

from clipper_assets.adverts.lineage import LANGUAGE_MODEL as ADVERTS_MODEL
from clipper_assets.adverts.lineage import adverts_read
from clipper_assets.camera.lineage import CAMERA_SETTINGS, SCENES_SETTINGS, camera_reads, scenes_read
from clipper_assets.chapters.lineage import LANGUAGE_MODEL as CHAPTERS_MODEL
from clipper_assets.chapters.lineage import chapters_read
from clipper_assets.clips.lineage import SHOW_SETTINGS as CLIPS_SETTINGS
from clipper_assets.clips.lineage import VARIANTS_SETTINGS, clips_read, variants_read
from clipper_assets.edits.lineage import EDITS, READ_EDITS, edits_read
from clipper_assets.edits.store import latest_edits
from clipper_assets.episodes.partitions import object_key
from clipper_assets.highlights.lineage import PICK_PROMPT, windows_read
from clipper_assets.highlights.lineage import SHOW_SETTINGS as WINDOWS_SETTINGS
from clipper_assets.highlights.prompt import load_prompt, prompt_name
from clipper_assets.runtime.faults import fault_of
from clipper_assets.runtime.lineage import version_of
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Layout, Show, load_show, spoken_language
from clipper_assets.shows.speakers import speakers_keys
from clipper_assets.storage.base import Storage
from clipper_assets.text.clean import folded
from clipper_assets.transcript.companions import FOLDER_NAMES, Companions, companions_among, companions_in
from clipper_assets.transcript.lineage import SIDECARS, SPEECH_MODEL, transcript_reads

SPEAKERS = folded(speakers_keys("any")[0])
T = TypeVar("T")
OBSERVED = (*READ_EDITS.values(), WINDOWS_SETTINGS, SCENES_SETTINGS, CAMERA_SETTINGS, CLIPS_SETTINGS, VARIANTS_SETTINGS)
"""The inputs whose changes the sensor `rerender` follows."""
READ_OF_SHOW = (
    ADVERTS_MODEL,
    CHAPTERS_MODEL,
    PICK_PROMPT,
    WINDOWS_SETTINGS,
    SCENES_SETTINGS,
    CAMERA_SETTINGS,
    CLIPS_SETTINGS,
    VARIANTS_SETTINGS,
)
"""The inputs that depend on `show.toml`, beside `SPEECH_MODEL`."""
Versions = dict[dg.AssetKey, str]


class Inputs:
    """The current data versions of what steps read; every file and folder is read once.

    What a step would refuse has a version of its own, so that a result that was made of something else is stale.
    """

    def __init__(self, storage: Storage, settings: Settings) -> None:
        self._storage, self._settings = storage, settings
        self._show = cache(lambda folder: _or_mistake(lambda: load_show(storage, f"{folder}any")))
        self._prompt = cache(lambda name: _or_mistake(lambda: load_prompt(storage, name)))
        self._names = cache(self._listed)
        self._companions = cache(self._found_beside)
        self._etag = cache(lambda key: str(_or_mistake(lambda: storage.fingerprint(key))))

    def all_of(self, episode: str) -> Versions:
        """Everything that the steps of an episode (a partition key) read."""
        return {**self.by_settings(episode), **self.companions(episode), **self.edits(episode)}

    def by_settings(self, episode: str) -> Versions:
        """What follows from settings, `show.toml` and prompts; reads nothing of the episode itself."""
        show = self._show(folder_of(object_key(episode)))
        speech = {SPEECH_MODEL.key: self._transcript(episode, {})[SPEECH_MODEL.key]}
        if isinstance(show, ValueError):
            return speech | _refused(show, *READ_OF_SHOW)
        return {
            **speech,
            **adverts_read(show, self._settings),
            **chapters_read(show, self._settings),
            **self._by_show(show, episode),
        }

    def companions(self, episode: str) -> Versions:
        """What `aligned_transcript` reads."""
        return self._transcript(episode, self._companions(object_key(episode)).etags(self._etag))

    def _transcript(self, episode: str, etags: Mapping[str, str]) -> Versions:
        upload = object_key(episode)
        show, found = self._show(folder_of(upload)), self._companions(upload)
        if not isinstance(show, ValueError):
            return transcript_reads(show, self._settings, found, etags)
        usual = transcript_reads(Show(), self._settings, found, etags)
        return usual | {SPEECH_MODEL.key: version_of(str(show), usual[SPEECH_MODEL.key])}

    def _by_show(self, show: Show, episode: str) -> Versions:
        """What windows, camera and clips read of the show's settings, and the prompt that these name."""
        prompt = self._prompt(prompt_name(show, episode))
        if isinstance(prompt, ValueError):
            windows = _refused(prompt, PICK_PROMPT, WINDOWS_SETTINGS)
        else:
            windows = windows_read(show, self._settings, prompt)
        clips = _or_mistake(lambda: clips_read(show) | variants_read(show))
        if isinstance(clips, ValueError):
            clips = _refused(clips, CLIPS_SETTINGS, VARIANTS_SETTINGS)
        return {**windows, **scenes_read(show), **camera_reads(show), **clips}

    def edits(self, episode: str) -> Versions:
        """What steps read of the edits."""
        show = self._show(folder_of(object_key(episode)))
        usual = Layout.auto if isinstance(show, ValueError) else show.layout
        edits = _or_mistake(lambda: latest_edits(self._storage, episode))
        return _refused(edits, *READ_EDITS.values()) if isinstance(edits, ValueError) else edits_read(edits, usual)

    def _found_beside(self, upload: str) -> Companions:
        folder = folder_of(upload)
        show, names = self._show(folder), self._names(folder)
        language = spoken_language(None, Show() if isinstance(show, ValueError) else show, self._settings)
        if names is None:
            return companions_in(self._storage, upload, language)
        name = upload.removeprefix(folder)
        return companions_among(name, possible_companions(names, name), language).within(folder)

    def _listed(self, folder: str) -> list[tuple[str, str]] | None:
        """The names of the files in a folder, each after its folded form, sorted; None if there are too many."""
        listing = self._storage.list_folder(folder.removesuffix("/"), "", FOLDER_NAMES)
        names = [stored.key.removeprefix(folder) for stored in listing.objects]
        return sorted_names(names) if listing.complete else None


def sorted_names(names: Iterable[str]) -> list[tuple[str, str]]:
    """The names of files in a folder, each after its folded form, sorted."""
    return sorted((folded(name), name) for name in names)


def possible_companions(names: Sequence[tuple[str, str]], upload: str) -> list[str]:
    """Which of `sorted_names` can be the transcript of the recording `upload` beside them, or name its speakers."""
    stem = folded(PurePosixPath(upload).stem)
    return [*_between(names, f"{stem}.", f"{stem}/"), *_between(names, SPEAKERS, f"{SPEAKERS}\0")]


def _between(names: Sequence[tuple[str, str]], first: str, end: str) -> list[str]:
    """The names whose folded form is at or after `first` and before `end`; `/` follows `.` in ASCII."""
    return [name for _, name in names[bisect_left(names, (first,)) : bisect_left(names, (end,))]]


def observable(specs: Sequence[dg.AssetSpec]) -> dg.AssetsDefinition:
    """The same external assets, of which Dagster's automation conditions read observations; other specs have none.

    Observable assets are in beta in Dagster 1.13; a list of the specs in `INPUTS` reverts it, and stops `rerender`.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Function `multi_observable_source_asset`", dg.BetaWarning)
        decorate: Any = dg.multi_observable_source_asset(
            name="edits_and_show_settings",
            specs=specs,
            can_subset=True,
            required_resource_keys={"storage", "settings"},
            description="Observes what steps read of the edits and of the show's settings.",
        )
    observed: dg.AssetsDefinition = decorate(_observe)
    return observed


def _observe(context: dg.AssetExecutionContext) -> Iterator[dg.ObserveResult]:
    inputs, episode = Inputs(context.resources.storage, context.resources.settings), context.partition_key
    versions = inputs.edits(episode) | inputs.by_settings(episode)
    for asset in context.selected_asset_keys:
        yield dg.ObserveResult(asset_key=asset, data_version=dg.DataVersion(versions[asset]))


INPUTS = (EDITS, observable(OBSERVED), SIDECARS, SPEECH_MODEL, ADVERTS_MODEL, CHAPTERS_MODEL, PICK_PROMPT)
"""All external assets that steps read."""


def folder_of(key: str) -> str:
    """The folder of an object, with `/` at its end; empty for the root."""
    return "".join(key.rpartition("/")[:2])


def _or_mistake(read: Callable[[], T]) -> T | ValueError:
    """What `read` returns, or why it never will until a person acts: one file holds up no other episode."""
    try:
        return read()
    except ValueError as mistake:
        return mistake
    except Exception as error:
        fault = fault_of(error)
        if fault is None or not fault.final:
            raise
        return ValueError(fault.sentence)


def _refused(mistake: ValueError, *assets: dg.AssetSpec) -> Versions:
    return {asset.key: version_of(str(mistake)) for asset in assets}
