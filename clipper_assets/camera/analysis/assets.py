"""`scenes`: what is seen and heard in each window. The only look at the picture before rendering."""

import hashlib
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pyarrow as pa
from pydantic import Field

from clipper_assets.camera.analysis.models import MODELS, model_file
from clipper_assets.camera.analysis.observation import SCENES, Observation, read_observations, scenes_table
from clipper_assets.edits.store import EDITS, latest_edits
from clipper_assets.episodes.partitions import episodes
from clipper_assets.episodes.source import RawVideo
from clipper_assets.episodes.watch import UploadWatch
from clipper_assets.media.speech import load_speech
from clipper_assets.runtime.degraded import not_degraded, not_degraded_spec
from clipper_assets.runtime.progress import Progress, Report
from clipper_assets.runtime.refusal import in_one_sentence, refusal
from clipper_assets.runtime.time_limit import time_limit
from clipper_assets.settings import Settings
from clipper_assets.shows.show import STILL, Layout, load_show
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.lake import parquet_bytes, stored_table, table_key
from clipper_assets.storage.tables import LAKE_TABLE, TableResult

if TYPE_CHECKING:
    from clipper_assets.camera.analysis.analyse import Analysis

CODE_VERSION = "1"
Window = tuple[float, float]
"""Start and end in seconds of the episode."""


class ScenesConfig(dg.Config):
    """What one run decides about its look at the windows."""

    layout: Layout | None = Field(
        default=None,
        description="the layout that camera_paths is given: for `fit` and `center` nothing is looked at. "
        "Default: the show's, or `auto`",
    )
    afresh: bool = Field(default=False, description="look at every window again, also where a stored scene covers it")


@dg.asset(
    partitions_def=episodes,
    group_name="episodes",
    kinds={"onnx", "parquet"},
    code_version=CODE_VERSION,
    pool="gpu",
    io_manager_key="lake",
    dagster_type=LAKE_TABLE,
    metadata=SCENES.definition_metadata,
    check_specs=[not_degraded_spec("scenes")],
    deps=[EDITS],
    description="What is seen and heard in each window: shots, screens, faces, and who speaks. A window inside a "
    "stored scene is not looked at again.",
)
@in_one_sentence
def scenes(
    context: dg.AssetExecutionContext,
    config: ScenesConfig,
    raw_video: pa.Table,
    aligned_transcript: pa.Table,
    highlight_windows: pa.Table,
    storage: Storage,
    progress: Progress,
) -> TableResult:
    from clipper_assets.camera.analysis.analyse import Analysis

    source = RawVideo.from_table(raw_video)
    recipe = _Recipe(source, aligned_transcript, Settings().models_dir)
    try:
        followed = _followed(highlight_windows, config, source, storage)
    except ValueError as refused:
        raise refusal(context, str(refused)) from None
    began = time.monotonic()
    stored = {} if config.afresh else _stored(context, storage, source.episode)
    valid = {spec: each for spec, each in stored.items() if spec == recipe.spec(each)}
    standing = _covering([(row["start"], row["end"]) for row in highlight_windows.to_pylist()], valid)
    unseen = [window for window in followed if not any(each.scene.covers(*window) for each in standing.values())]
    analysis = Analysis([], "not looked at")
    if unseen:
        watch = UploadWatch(storage, source.key, source.etag)
        watch.refuse_if_changed()
        report = progress.stage(context, "finding speakers")
        with watch.reading(), time_limit(context, source.duration_s):
            analysis = _look(unseen, recipe, list(standing.values()), storage, report)
    seconds = time.monotonic() - began
    observations = {**standing, **{recipe.spec(each): each for each in analysis.observations}}
    table = scenes_table(source.episode, observations)
    degraded = list(dict.fromkeys(fallback for each in observations.values() for fallback in each.degraded))
    seen_s = sum(end_s - start_s for start_s, end_s in unseen)
    return TableResult(
        value=table,
        data_version=dg.DataVersion(hashlib.sha256(parquet_bytes(table)).hexdigest()),
        check_results=[not_degraded("scenes", [fallback.as_dict() for fallback in degraded])],
        metadata={
            "dagster/row_count": table.num_rows,
            "method": analysis.method,
            "looked_at": len(unseen),
            "kept": len(standing),
            "seconds": round(seconds, 2),
            "seconds_per_window_second": round(seconds / seen_s, 3) if seen_s else 0.0,
            "degraded": dg.MetadataValue.json([fallback.as_dict() for fallback in degraded]),
        },
    )


@dataclass(frozen=True)
class _Recipe:
    """What decides an observation beside its window."""

    source: RawVideo
    words: pa.Table
    models_dir: Path | None

    def spec(self, observation: Observation) -> str:
        """A hash of all that decides what a look at the same window finds.

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
        models = [name for name in MODELS if model_file(name, self.models_dir)]
        decisive = [CODE_VERSION, self.source.etag, start, end, models, said]
        return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:32]


def _followed(windows: pa.Table, config: ScenesConfig, source: RawVideo, storage: Storage) -> list[Window]:
    """The windows that the camera is to follow people in. Raises ValueError for a layout that does not exist."""
    if source.audio_only:
        return []
    edits = latest_edits(storage, source.episode)
    usual = config.layout or load_show(storage, source.key).layout
    return [(row["start"], row["end"]) for row in windows.to_pylist() if edits.layout(row["clip"], usual) not in STILL]


def _covering(windows: Sequence[Window], observations: Mapping[str, Observation]) -> dict[str, Observation]:
    """The first observation that covers each window, where one does, by spec."""
    covering: dict[str, Observation] = {}
    for window in windows:
        for spec, each in observations.items():
            if each.scene.covers(*window):
                covering[spec] = each
                break
    return covering


def _stored(context: dg.AssetExecutionContext, storage: Storage, episode: str) -> dict[str, Observation]:
    """The observations of earlier runs, by spec; none where the table cannot be read."""
    if not storage.exists(table_key("scenes", SCENES.name, episode)):
        return {}
    try:
        return read_observations(stored_table(storage, "scenes", SCENES, episode))
    except DamagedError as damaged:
        context.log.warning(f"all windows are looked at again: {damaged}")
        return {}


def _look(
    windows: Sequence[Window], recipe: _Recipe, known: Sequence[Observation], storage: Storage, report: Report
) -> "Analysis":
    from clipper_assets.camera.analysis.analyse import analyse

    source = recipe.source
    with tempfile.TemporaryDirectory(prefix="clipper-") as folder:
        speech = load_speech(storage.local_copy(source.speech_key, Path(folder)))
        return analyse(
            windows,
            source,
            storage.media_source(source.key),
            recipe.words,
            speech,
            recipe.models_dir,
            report,
            known,
        )
