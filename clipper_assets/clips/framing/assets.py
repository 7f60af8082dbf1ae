"""`camera_paths`: where the crop of each clip looks, and at whom."""

import hashlib
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from clipper_assets.clips.framing.analyse import Analysis, analyse
from clipper_assets.clips.framing.director import direct
from clipper_assets.clips.framing.models import MODELS, model_file
from clipper_assets.clips.framing.path import CAMERA, CameraPath, camera_table, read_paths, still
from clipper_assets.clips.framing.picture import camera_picture
from clipper_assets.clips.framing.scene import FACES, faces_table
from clipper_assets.edits.model import Edits
from clipper_assets.edits.store import EDITS, latest_edits
from clipper_assets.episodes.partitions import episodes
from clipper_assets.episodes.source import RawVideo
from clipper_assets.episodes.watch import UploadWatch
from clipper_assets.media.speech import load_speech
from clipper_assets.runtime.degraded import not_degraded, not_degraded_spec
from clipper_assets.runtime.errors import UploadRefusedError
from clipper_assets.runtime.progress import Progress, Report
from clipper_assets.runtime.refusal import in_one_sentence, refusal
from clipper_assets.runtime.time_limit import time_limit
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Layout, load_show
from clipper_assets.storage.base import Storage
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.lake import LAKE, parquet_bytes, read_table, table_key
from clipper_assets.storage.tables import LAKE_TABLE, TableResult, provenance

CODE_VERSION = "1"
STILL = {Layout.fit, Layout.center}
"""Layouts that need no look at the picture."""


class CameraConfig(dg.Config):
    """What one run decides about the camera."""

    layout: Layout | None = Field(
        default=None,
        description="`auto` decides shot by shot; `speaker`, `split`, `screen`, `fit` (whole picture over a blurred "
        "copy) or `center` (crop of the middle). Default: the show's, or `auto`",
    )
    keep: bool = Field(
        default=False,
        description="keep the paths of clips whose window, layout and words are as they were, also where a person "
        "edited them in the table",
    )


@dg.asset(
    partitions_def=episodes,
    group_name="episodes",
    kinds={"onnx", "parquet"},
    code_version=CODE_VERSION,
    pool="gpu",
    io_manager_key="lake",
    dagster_type=LAKE_TABLE,
    metadata=CAMERA.definition_metadata,
    check_specs=[not_degraded_spec("camera_paths")],
    deps=[EDITS],
    description="Where the crop of each clip looks: keyframes, which the renderer replays. Edit the table to correct "
    "it and materialize rendered_clips alone.",
)
@in_one_sentence
def camera_paths(
    context: dg.AssetExecutionContext,
    config: CameraConfig,
    raw_video: pa.Table,
    aligned_transcript: pa.Table,
    highlight_windows: pa.Table,
    storage: Storage,
    progress: Progress,
) -> TableResult:
    source = RawVideo.from_table(raw_video)
    try:
        watch = UploadWatch(storage, source.key, source.etag)
        watch.refuse_if_changed()
        edits = latest_edits(storage, source.episode)
        asked = config.layout or load_show(storage, source.key).layout
        wishes = [_wish(row, edits, asked, source, aligned_transcript) for row in highlight_windows.to_pylist()]
        found = _kept(storage, wishes, source.episode) if config.keep else _nothing_kept()
    except (UploadRefusedError, ValueError) as refused:
        raise refusal(context, str(refused)) from None
    began = time.monotonic()
    paths = dict(found.paths)
    unseen = []
    for wish in wishes:
        if wish.clip in paths:
            continue
        if wish.layout in STILL or source.audio_only:
            layout = wish.layout if wish.layout in STILL else Layout.fit
            paths[wish.clip] = still(layout, source, "as asked", wish.span[0])
        else:
            unseen.append(wish)
    analysis = Analysis(scenes=[], degraded=(), method="not looked at")
    if unseen:
        spans = [wish.span for wish in unseen]
        with watch.reading(), time_limit(context, source.duration_s):
            analysis = _look(spans, source, aligned_transcript, storage, progress.stage(context, "finding speakers"))
    scenes = []
    for wish, scene in zip(unseen, analysis.scenes, strict=True):
        paths[wish.clip] = direct(scene, wish.layout)
        scenes.append((wish.clip, scene))
    seconds = time.monotonic() - began
    faces = pa.concat_tables([found.faces, faces_table(source.episode, scenes)])
    storage.put_bytes(faces_key(source.episode), parquet_bytes(faces.drop_columns(["episode"])))
    ordered = [(wish.clip, paths[wish.clip]) for wish in wishes]
    degraded = found.degraded + [each.as_dict() for each in analysis.degraded if each.as_dict() not in found.degraded]
    made = {"degraded": json.dumps(degraded)}
    table = camera_table(source.episode, ordered, {wish.clip: wish.spec for wish in wishes}, made)
    window_seconds = sum(end - start for start, end in (wish.span for wish in unseen))
    return TableResult(
        value=table,
        data_version=dg.DataVersion(hashlib.sha256(json.dumps(table.to_pylist()).encode()).hexdigest()),
        check_results=[not_degraded("camera_paths", degraded)],
        metadata={
            "dagster/row_count": table.num_rows,
            "method": analysis.method,
            "layout": asked.value,
            "layouts": {f"clip_{clip}": [layout.value for layout in path.layouts] for clip, path in ordered},
            "kept": [f"clip_{clip}" for clip in found.paths],
            "faces": storage.uri(faces_key(source.episode)),
            "seconds": round(seconds, 2),
            "seconds_per_window_second": round(seconds / window_seconds, 3) if window_seconds else 0.0,
            "degraded": dg.MetadataValue.json(degraded),
            "camera": dg.MetadataValue.md(camera_picture(ordered, scenes)),
        },
    )


@dataclass(frozen=True)
class _Wish:
    """A clip that wants a path: its window in seconds, the layout asked for, a hash of all that decides the path."""

    clip: int
    span: tuple[float, float]
    layout: Layout
    spec: str


def _wish(window: dict[str, Any], edits: Edits, asked: Layout, source: RawVideo, words: pa.Table) -> _Wish:
    """Raises ValueError for a layout that there is not."""
    clip, start, end = window["clip"], window["start"], window["end"]
    edited = edits.clip(clip)
    layout = Layout(edited.layout) if edited and edited.layout else asked
    inside = words.filter((pc.field("end") > start) & (pc.field("start") < end))
    models = [name for name in MODELS if model_file(name, Settings().models_dir)]
    voices = inside.select(["start", "end", "speaker"]).to_pylist()
    decisive = [CODE_VERSION, source.etag, start, end, layout.value, models, voices]
    return _Wish(clip, (start, end), layout, hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:32])


@dataclass(frozen=True)
class _Kept:
    """Paths by clip that are taken over, the faces that they were found by, and the fallbacks of the run that did."""

    paths: dict[int, CameraPath]
    faces: pa.Table
    degraded: list[dict[str, str]]


@cache
def _nothing_kept() -> _Kept:
    """No constant of the module: Arrow imports pandas for the first table."""
    return _Kept({}, FACES.table([]), [])


def _kept(storage: Storage, wishes: Sequence[_Wish], episode: str) -> _Kept:
    """The paths on record that still are what is wished for.

    Raises ValueError where a person left the table in a state that cannot be read.
    """
    key = table_key("camera_paths", CAMERA.name, episode)
    if not (storage.exists(key) and storage.exists(faces_key(episode))):
        return _nothing_kept()
    table = read_table(storage.read_bytes(key), episode)
    faces = read_table(storage.read_bytes(faces_key(episode)), episode)
    specs = {row["clip"]: row["spec"] for row in CAMERA.completed(table).to_pylist()}
    same = [wish.clip for wish in wishes if specs.get(wish.clip) == wish.spec]
    found = read_paths(table)
    return _Kept(
        {clip: found[clip] for clip in same},
        faces.filter(pc.field("clip").isin(same)).cast(_nothing_kept().faces.schema),
        json.loads(provenance(table).get("degraded", "[]")) if same else [],
    )


def faces_key(partition: str) -> str:
    """Object key of the faces that the camera was directed by (`scene.FACES` as parquet)."""
    return f"{LAKE}/faces/{hive_folder(partition)}/faces.parquet"


def _look(
    spans: list[tuple[float, float]], source: RawVideo, words: pa.Table, storage: Storage, report: Report
) -> Analysis:
    with tempfile.TemporaryDirectory(prefix="clipper-") as folder:
        speech = load_speech(storage.local_copy(source.speech_key, Path(folder)))
        return analyse(spans, source, storage.media_source(source.key), words, speech, Settings().models_dir, report)
