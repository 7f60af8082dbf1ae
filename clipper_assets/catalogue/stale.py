"""Compares what is stored of an episode with what a run would make now, step by step, and makes nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import dagster as dg
import pyarrow as pa

from clipper_assets.adverts import assets as adverts
from clipper_assets.adverts.spans import AD_SPANS_TABLE
from clipper_assets.camera.analysis import assets as analysis
from clipper_assets.camera.analysis.observation import SCENES_TABLE
from clipper_assets.camera.direction import assets as direction
from clipper_assets.camera.direction.path import CAMERA
from clipper_assets.chapters import assets as chapters
from clipper_assets.chapters.chapter import CHAPTERS_TABLE
from clipper_assets.clips import assets as clips
from clipper_assets.clips.again import render_config
from clipper_assets.clips.folders import manifest_key
from clipper_assets.clips.looks import Rendition
from clipper_assets.clips.manifest import Manifest, Requested, read_manifest
from clipper_assets.clips.planned import Tables
from clipper_assets.episodes import assets as uploads
from clipper_assets.episodes.partitions import object_key
from clipper_assets.episodes.probe import stat_upload
from clipper_assets.episodes.source import SOURCE, RawVideo
from clipper_assets.highlights import assets as highlights
from clipper_assets.highlights.window import WINDOWS
from clipper_assets.media.frame import Aspect
from clipper_assets.runtime.asset_names import (
    AD_SPANS,
    ALIGNED_TRANSCRIPT,
    CAMERA_PATHS,
    CHAPTERS,
    HIGHLIGHT_WINDOWS,
    RAW_VIDEO,
    RENDERED_CLIPS,
    SCENES,
)
from clipper_assets.runtime.errors import StorageError
from clipper_assets.runtime.faults import fault_of
from clipper_assets.runtime.tenant import asset_key, own_run
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.lake import stored_table
from clipper_assets.storage.recipes import StepConfig, read_requested
from clipper_assets.storage.tables import TableSpec
from clipper_assets.transcript import assets as transcript
from clipper_assets.transcript.words import WORDS

Config = dict[str, Any]
"""Run config of one asset, in the form that Dagster's run config has."""


class Step(NamedTuple):
    """A step with a table: its asset and config, and its `why_again`, which is given the table, the config, `needs`."""

    asset: str
    table: TableSpec
    config: type[StepConfig]
    why_again: Callable[..., str]
    needs: Sequence[str]


STORAGE, SETTINGS = "storage", "settings"
_SPOKEN = (RAW_VIDEO, ALIGNED_TRANSCRIPT)
STEPS = (
    Step(RAW_VIDEO, SOURCE, uploads.RawVideoConfig, uploads.why_again, (STORAGE, SETTINGS)),
    Step(ALIGNED_TRANSCRIPT, WORDS, transcript.TranscriptConfig, transcript.why_again, (STORAGE, SETTINGS, RAW_VIDEO)),
    Step(AD_SPANS, AD_SPANS_TABLE, adverts.AdSpansConfig, adverts.why_again, (STORAGE, SETTINGS, *_SPOKEN)),
    Step(
        HIGHLIGHT_WINDOWS,
        WINDOWS,
        highlights.HighlightsConfig,
        highlights.why_again,
        (STORAGE, SETTINGS, *_SPOKEN, AD_SPANS),
    ),
    Step(
        CHAPTERS, CHAPTERS_TABLE, chapters.ChaptersConfig, chapters.why_again, (STORAGE, SETTINGS, *_SPOKEN, AD_SPANS)
    ),
    Step(
        SCENES,
        SCENES_TABLE,
        analysis.ScenesConfig,
        analysis.why_again,
        (STORAGE, SETTINGS, *_SPOKEN, HIGHLIGHT_WINDOWS),
    ),
    Step(
        CAMERA_PATHS,
        CAMERA,
        direction.CameraConfig,
        direction.why_again,
        (STORAGE, RAW_VIDEO, HIGHLIGHT_WINDOWS, SCENES),
    ),
)
ORDER = (*(step.asset for step in STEPS), RENDERED_CLIPS)
"""The steps in the order of the data: the first that differs decides, and those after it follow."""


@dataclass(frozen=True)
class Difference:
    """A run that an episode needs: the steps to run, of which the first differs, why it does, and their run config.

    `aspect` is that of the clips; None for an episode that has none yet.
    """

    episode: str
    aspect: Aspect | None
    why: str
    steps: tuple[str, ...]
    configs: Mapping[str, Config]


@dataclass(frozen=True)
class Compared:
    """An episode that was compared: its length in seconds, if that is known, and the runs that it needs."""

    duration_s: float | None
    differences: Sequence[Difference]


@dataclass(frozen=True)
class _Rendering:
    """The clips of an episode in one aspect; without a manifest, none that can be read."""

    aspect: Aspect | None = None
    manifest: Manifest | None = None


@dataclass(frozen=True)
class Comparison:
    """Compares episodes, each with the run config that it was requested with, and `overrides` above that."""

    storage: Storage
    settings: Settings
    instance: dg.DagsterInstance
    overrides: Mapping[str, Config] = field(default_factory=dict)

    def of(self, episode: str, begin: str = RAW_VIDEO) -> Compared:
        """The differences of an episode from the step `begin` on: one for each aspect of its clips that would change.

        Raises ValueError or StorageError where something cannot be read, and what may succeed later as it is.
        """
        try:
            return self._of(episode, begin)
        except Exception as error:
            fault = fault_of(error)
            if fault is None or not fault.final:
                raise
            raise StorageError(fault.sentence) from None

    def _of(self, episode: str, begin: str) -> Compared:
        stat_upload(self.storage, object_key(episode))
        tables = {step.asset: table for step in STEPS if (table := self._table(step, episode)) is not None}
        newest, *others = self._renderings(episode) or [_Rendering()]
        configs = self._configs(episode, tables, newest)
        step, why = self._first(tables, configs, begin)
        differences = [_difference(episode, newest.aspect, ORDER[ORDER.index(step) :], why, configs)] if step else []
        for other in others:
            beside = self._configs(episode, tables, other)
            moved = beside[CAMERA_PATHS] != configs[CAMERA_PATHS]
            again = f"it follows {step}" if step not in ("", RENDERED_CLIPS) else self._beside(tables, beside, moved)
            if again:
                steps = ORDER[ORDER.index(SCENES) :] if moved else (RENDERED_CLIPS,)
                differences.append(_difference(episode, other.aspect, steps, again, beside))
        source = tables.get(RAW_VIDEO)
        return Compared(RawVideo.from_table(source).duration_s if source is not None else None, differences)

    def _table(self, step: Step, episode: str) -> pa.Table | None:
        try:
            return stored_table(self.storage, step.asset, step.table, episode)
        except DamagedError:  # missing or not; both are made again
            return None

    def _renderings(self, episode: str) -> list[_Rendering]:
        """The clips of an episode by aspect, newest first: the table of the camera is that of the newest."""
        found = []
        for aspect in Aspect:
            if key := manifest_key(self.storage, object_key(episode), episode, Rendition(aspect)):
                try:
                    found.append(_Rendering(aspect, read_manifest(self.storage, key)))
                except DamagedError:  # a run writes it again
                    found.append(_Rendering(aspect))
        return sorted(
            found, key=lambda each: each.manifest.created_at.timestamp() if each.manifest else 0, reverse=True
        )

    def _configs(self, episode: str, tables: Mapping[str, pa.Table], rendering: _Rendering) -> dict[str, Config]:
        """The run config of each step as it was requested, with the overrides."""
        own = {asset: self._requested(episode, asset, table) for asset, table in tables.items()}
        requested = rendering.manifest.requested if rendering.manifest else Requested()
        repeated = render_config(own.get(HIGHLIGHT_WINDOWS, {}), requested, rendering.aspect or Aspect.portrait)
        configs = {asset: dict(entry["config"]) for asset, entry in repeated.items()}
        as_stored = [RAW_VIDEO, ALIGNED_TRANSCRIPT, AD_SPANS, CHAPTERS]
        if rendering.aspect is None:
            del configs[RENDERED_CLIPS]["aspect"]  # the show decides
            as_stored += [SCENES, CAMERA_PATHS]  # no manifest says with which layout
        for asset in as_stored:
            configs[asset] = own.get(asset, configs.get(asset, {}))
        return {asset: config | dict(self.overrides.get(asset, {})) for asset, config in configs.items()}

    def _requested(self, episode: str, asset: str, table: pa.Table) -> Config:
        """The run config of a stored table: its own, or for one of an earlier version that of the latest run."""
        requested = read_requested(table)
        if requested is not None:
            return requested
        selected = dg.AssetRecordsFilter(asset_key=asset_key(asset), asset_partitions=[episode])
        records = self.instance.fetch_materializations(selected, limit=1).records
        run = own_run(self.instance, records[0].run_id) if records else None
        ops: Any = run.run_config.get("ops", {}) if run else {}
        config = ops.get(asset, {}).get("config") or {}
        return {name: value for name, value in config.items() if name != "afresh" and value is not None}

    def _first(self, tables: Mapping[str, pa.Table], configs: Mapping[str, Config], begin: str) -> tuple[str, str]:
        """The first step from `begin` on that differs, and why; empty if none does."""
        given = {**tables, STORAGE: self.storage, SETTINGS: self.settings}
        for step in STEPS:
            if step.asset not in tables:
                return step.asset, "it has no table that can be read"
            if ORDER.index(step.asset) < ORDER.index(begin):
                continue
            config = step.config(**configs[step.asset])
            if why := step.why_again(tables[step.asset], config, *(given[name] for name in step.needs)):
                return step.asset, why
        why = self._clips(tables, configs)
        return (RENDERED_CLIPS, why) if why else ("", "")

    def _beside(self, tables: Mapping[str, pa.Table], configs: Mapping[str, Config], moved: bool) -> str:
        """Why clips in another aspect than the newest differ; `moved`: their camera has another layout."""
        if not moved:
            return self._clips(tables, configs)
        camera = direction.CameraConfig(**configs[CAMERA_PATHS])
        seen = (tables[name] for name in (RAW_VIDEO, HIGHLIGHT_WINDOWS, SCENES))
        try:
            table = direction.table_by(camera, self.storage, *seen)
        except ValueError as uncovered:
            return str(uncovered)
        return self._clips({**tables, CAMERA_PATHS: table}, configs)

    def _clips(self, tables: Mapping[str, pa.Table], configs: Mapping[str, Config]) -> str:
        config = dict(configs[RENDERED_CLIPS])
        if "aspect" in config:
            config["aspect"] = Aspect[config["aspect"]]
        render = clips.RenderConfig(**config)
        decisive = Tables(**{name: tables[name] for name in Tables._fields})
        return clips.why_again(render, self.storage, self.settings, decisive)


def _difference(
    episode: str, aspect: Aspect | None, steps: Sequence[str], why: str, configs: Mapping[str, Config]
) -> Difference:
    return Difference(episode, aspect, why, tuple(steps), {step: configs[step] for step in steps})
