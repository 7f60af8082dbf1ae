"""`scenes`: shots, screens, faces and speakers of each window. The only step before rendering that decodes video."""

import hashlib
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pyarrow as pa
from pydantic import Field

from clipper_assets.camera.analysis.observation import SCENES_TABLE, Observation, read_observations, scenes_table
from clipper_assets.camera.lineage import SCENES_SETTINGS, scenes_read
from clipper_assets.edits.lineage import READ_EDITS, edits_read_by
from clipper_assets.edits.model import Edits
from clipper_assets.edits.store import latest_edits
from clipper_assets.episodes.automation import on_changes_of
from clipper_assets.episodes.partitions import episodes, per_episode
from clipper_assets.episodes.source import RawVideo
from clipper_assets.episodes.watch import UploadWatch
from clipper_assets.highlights.window import Window, read_windows
from clipper_assets.media.speech import load_speech
from clipper_assets.models.store import used_models
from clipper_assets.models.table import Kind
from clipper_assets.runtime.asset_names import SCENES
from clipper_assets.runtime.degraded import not_degraded, not_degraded_spec
from clipper_assets.runtime.lineage import reads
from clipper_assets.runtime.pools import ENCODE
from clipper_assets.runtime.progress import Progress, Report
from clipper_assets.runtime.refusal import in_one_sentence, refusal
from clipper_assets.runtime.spend import metered
from clipper_assets.runtime.tenant import of_tenant
from clipper_assets.runtime.time_limit import time_limit
from clipper_assets.settings import Settings
from clipper_assets.shows.show import STILL, Layout, load_show
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.lake import stored_table, table_key
from clipper_assets.storage.recipes import Recipe, StepConfig, difference, new_result, recipe_of, stored_result
from clipper_assets.storage.tables import LAKE_TABLE, TableResult

if TYPE_CHECKING:
    from clipper_assets.camera.analysis.analyse import Analysis

CODE_VERSION = "3"
Span = tuple[float, float]
"""Start and end in seconds of the episode."""


class ScenesConfig(StepConfig):
    """Run config of the analysis."""

    layout: Layout | None = Field(
        default=None,
        description="the layout of camera_paths; windows with `fit` or `center` are not analysed. "
        "Default: the show's, or `auto`",
    )


def inputs(followed: Sequence[Span], models: Sequence[str]) -> dict[str, Any]:
    """Everything beside the upstream tables that decides the result; `models` are the ones that this machine uses."""
    return {"followed": followed, "models": models}


@of_tenant
@dg.asset(
    partitions_def=episodes,
    group_name="episodes",
    kinds={"onnx", "parquet"},
    code_version=CODE_VERSION,
    pool=ENCODE,
    io_manager_key="lake",
    dagster_type=LAKE_TABLE,
    metadata=SCENES_TABLE.definition_metadata,
    check_specs=per_episode(not_degraded_spec(SCENES)),
    deps=[READ_EDITS[SCENES], SCENES_SETTINGS],
    automation_condition=on_changes_of(READ_EDITS[SCENES], SCENES_SETTINGS),
    description="Shots, screens, faces, and who speaks, in each window. A window inside a stored scene is not "
    "analysed again.",
)
@metered
@in_one_sentence
def scenes(
    context: dg.AssetExecutionContext,
    config: ScenesConfig,
    raw_video: pa.Table,
    aligned_transcript: pa.Table,
    highlight_windows: pa.Table,
    storage: Storage,
    settings: dg.ResourceParam[Settings],
    progress: Progress,
) -> TableResult:
    from clipper_assets.camera.analysis.analyse import Analysis

    source, windows = RawVideo.from_table(raw_video), read_windows(highlight_windows)
    try:
        followed, models, read, recipe = _decisive(
            config, storage, settings, raw_video, aligned_transcript, highlight_windows
        )
    except ValueError as refused:
        raise refusal(context, str(refused)) from None
    lineage = reads(context, read)
    if stored := stored_result(context, config, storage, SCENES_TABLE, recipe, lineage):
        return stored
    began = time.monotonic()
    look = _Look(source, aligned_transcript, models)
    observed = {} if config.afresh else _observed(context, storage, source.episode)
    valid = {spec: each for spec, each in observed.items() if spec == look.spec(each)}
    standing = _covering([(window.start, window.end) for window in windows], valid)
    unseen = [window for window in followed if not any(each.scene.covers(*window) for each in standing.values())]
    analysis = Analysis([], "not analysed", "none")
    if unseen:
        watch = UploadWatch(storage, source.key, source.etag)
        watch.refuse_if_changed()
        report = progress.stage(context, "finding speakers")
        with watch.reading(), time_limit(context, source.duration_s, settings.time_limit_scale):
            analysis = look.at(unseen, list(standing.values()), storage, settings.models_dir, report)
    seconds = time.monotonic() - began
    observations = {**standing, **{look.spec(each): each for each in analysis.observations}}
    table = scenes_table(source.episode, observations)
    degraded = list(dict.fromkeys(fallback for each in observations.values() for fallback in each.degraded))
    seen_s = sum(end_s - start_s for start_s, end_s in unseen)
    return new_result(
        recipe,
        table,
        check_results=[not_degraded(SCENES, [fallback.as_dict() for fallback in degraded])],
        metadata={
            "method": analysis.method,
            "face_detector": analysis.detector,
            "looked_at": len(unseen),
            "kept": len(standing),
            "seconds": round(seconds, 2),
            "seconds_per_window_second": round(seconds / seen_s, 3) if seen_s else 0.0,
            "degraded": dg.MetadataValue.json([fallback.as_dict() for fallback in degraded]),
        },
        lineage=lineage,
    )


def _decisive(
    config: ScenesConfig,
    storage: Storage,
    settings: Settings,
    raw_video: pa.Table,
    aligned_transcript: pa.Table,
    highlight_windows: pa.Table,
) -> tuple[list[Span], list[str], dict[dg.AssetKey, str], Recipe]:
    """Windows that are followed, models that this machine uses, versions of what is read, and the recipe.

    Raises ValueError for edits or a show that are damaged, and as `_followed`.
    """
    source = RawVideo.from_table(raw_video)
    show, edits = load_show(storage, source.key), latest_edits(storage, source.episode)
    models = used_models(Kind.camera, settings.models_dir)
    followed = _followed(read_windows(highlight_windows), config.layout or show.layout, source, edits)
    decisive = inputs(followed, models)
    recipe = recipe_of(config, CODE_VERSION, decisive, raw_video, aligned_transcript, highlight_windows)
    return followed, models, edits_read_by(SCENES, edits, show.layout) | scenes_read(show), recipe


def why_again(
    stored: pa.Table,
    config: ScenesConfig,
    storage: Storage,
    settings: Settings,
    raw_video: pa.Table,
    aligned_transcript: pa.Table,
    highlight_windows: pa.Table,
) -> str:
    """Why a run would make the stored table again, in words; empty if it would keep it. Raises as `_followed`."""
    *_, recipe = _decisive(config, storage, settings, raw_video, aligned_transcript, highlight_windows)
    return difference(stored, recipe, scenes)


@dataclass(frozen=True)
class _Look:
    """The analysis of windows of one episode, and everything beside a window that decides its result."""

    source: RawVideo
    words: pa.Table
    models: Sequence[str]

    def spec(self, observation: Observation) -> str:
        """A hash of everything that decides the result of analysing the same window again.

        Words count by their times, sentences and voices; a voice that was given another name is the same voice.
        """
        import pyarrow.compute as pc

        start, end = observation.scene.start_s, observation.scene.end_s
        rows = self.words.filter((pc.field("end") > start) & (pc.field("start") < end)).to_pylist()
        voices: dict[str | None, int] = {None: -1}
        said = [
            [
                row["start"],
                row["end"],
                row["sentence"] - rows[0]["sentence"],
                voices.setdefault(row["speaker"], len(voices)),
            ]
            for row in rows
        ]
        decisive = [CODE_VERSION, self.source.etag, start, end, self.models, said]
        return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:32]

    def at(
        self,
        windows: Sequence[Span],
        known: Sequence[Observation],
        storage: Storage,
        models_dir: Path | None,
        report: Report,
    ) -> "Analysis":
        from clipper_assets.camera.analysis.analyse import analyse

        with tempfile.TemporaryDirectory(prefix="clipper-") as folder:
            speech = load_speech(storage.local_copy(self.source.speech_key, Path(folder)))
            video = storage.media_source(self.source.key)
            return analyse(windows, self.source, video, self.words, speech, models_dir, report, known)


def _followed(windows: Sequence[Window], usual: Layout, source: RawVideo, edits: Edits) -> list[Span]:
    """The windows in which the camera follows people. Raises ValueError for a layout that does not exist."""
    if source.audio_only:
        return []
    return [(window.start, window.end) for window in windows if edits.layout(window.clip, usual) not in STILL]


def _covering(windows: Sequence[Span], observations: Mapping[str, Observation]) -> dict[str, Observation]:
    """For each window the first observation that covers it, if any; keyed by spec."""
    covering: dict[str, Observation] = {}
    for window in windows:
        for spec, each in observations.items():
            if each.scene.covers(*window):
                covering[spec] = each
                break
    return covering


def _observed(context: dg.AssetExecutionContext, storage: Storage, episode: str) -> dict[str, Observation]:
    """The observations of earlier runs, keyed by spec; empty if there is no readable table."""
    if not storage.exists(table_key(SCENES, SCENES_TABLE.name, episode)):
        return {}
    try:
        return read_observations(stored_table(storage, SCENES, SCENES_TABLE, episode))
    except DamagedError as damaged:
        context.log.warning(f"all windows are analysed again: {damaged}")
        return {}
