"""`camera_paths`: where the crop of each clip looks, and at whom."""

import hashlib
import json
import tempfile
import time
from pathlib import Path

import dagster as dg
import pyarrow as pa
from pydantic import Field

from clipper_assets.clips.framing.analyse import Analysis, analyse
from clipper_assets.clips.framing.director import direct
from clipper_assets.clips.framing.path import CAMERA, Layout, camera_table, still
from clipper_assets.clips.framing.picture import camera_picture
from clipper_assets.clips.framing.scene import faces_table
from clipper_assets.clips.show import load_show
from clipper_assets.episodes.degraded import not_degraded, not_degraded_spec
from clipper_assets.episodes.lake import LAKE, parquet_bytes
from clipper_assets.episodes.partitions import episodes, hive_folder
from clipper_assets.episodes.probe import UploadRefusedError, refuse_if_changed
from clipper_assets.episodes.source import RawVideo
from clipper_assets.episodes.speech import load_speech
from clipper_assets.episodes.storage import Storage
from clipper_assets.episodes.tables import LAKE_TABLE, TableResult
from clipper_assets.progress import Progress, Report
from clipper_assets.settings import Settings

STILL = {Layout.fit, Layout.center}
"""Layouts that need no look at the picture."""


class CameraConfig(dg.Config):
    """What one run decides about the camera."""

    layout: Layout | None = Field(
        default=None,
        description="`auto` decides shot by shot; `speaker`, `split`, `screen`, `fit` (whole picture over a blurred "
        "copy) or `center` (crop of the middle). Default: the show's, or `auto`",
    )


@dg.asset(
    partitions_def=episodes,
    group_name="episodes",
    kinds={"onnx", "parquet"},
    code_version="1",
    pool="gpu",
    io_manager_key="lake",
    dagster_type=LAKE_TABLE,
    metadata=CAMERA.definition_metadata,
    check_specs=[not_degraded_spec("camera_paths")],
    description="Where the crop of each clip looks: keyframes, which the renderer replays. Edit the table to correct "
    "it and materialize rendered_clips alone.",
)
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
    windows = highlight_windows.to_pylist()
    try:
        refuse_if_changed(storage, source.key, source.etag)
        layout = config.layout or load_show(storage, source.key).layout
    except (UploadRefusedError, ValueError) as refused:
        raise dg.Failure(str(refused), allow_retries=False) from None
    began = time.monotonic()
    if layout in STILL or source.audio_only or not windows:
        analysis = Analysis(scenes=[], degraded=(), method="not looked at")
        paths = [still(layout if layout in STILL else Layout.fit, source, "as asked", row["start"]) for row in windows]
    else:
        spans = [(row["start"], row["end"]) for row in windows]
        analysis = _look(spans, source, aligned_transcript, storage, progress.stage(context, "finding speakers"))
        paths = [direct(scene, layout) for scene in analysis.scenes]
    seconds = time.monotonic() - began
    numbers = [row["clip"] for row in windows]
    scenes = list(zip(numbers, analysis.scenes, strict=False))
    storage.put_bytes(
        faces_key(source.episode), parquet_bytes(faces_table(source.episode, scenes).drop_columns(["episode"]))
    )
    table = camera_table(source.episode, list(zip(numbers, paths, strict=True)))
    degraded = [fallback.as_dict() for fallback in analysis.degraded]
    window_seconds = sum(row["end"] - row["start"] for row in windows)
    return TableResult(
        value=table,
        data_version=dg.DataVersion(hashlib.sha256(json.dumps(table.to_pylist()).encode()).hexdigest()),
        check_results=[not_degraded("camera_paths", degraded)],
        metadata={
            "dagster/row_count": table.num_rows,
            "method": analysis.method,
            "layout": layout.value,
            "layouts": {
                f"clip_{number}": [layout.value for layout in path.layouts]
                for number, path in zip(numbers, paths, strict=True)
            },
            "faces": storage.uri(faces_key(source.episode)),
            "seconds": round(seconds, 2),
            "seconds_per_window_second": round(seconds / window_seconds, 3) if window_seconds else 0.0,
            "degraded": dg.MetadataValue.json(degraded),
            "camera": dg.MetadataValue.md(camera_picture(list(zip(numbers, paths, strict=True)), scenes)),
        },
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
