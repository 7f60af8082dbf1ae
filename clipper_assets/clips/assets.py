"""`rendered_clips`: each window as a file that can be posted, with the manifest that a frontend reads."""

import json
import os
import time
from datetime import UTC, datetime

import dagster as dg
import pyarrow as pa
from pydantic import Field

from clipper_assets.clips.captions.styles import DEFAULT_STYLE, load_style
from clipper_assets.clips.checks import AS_PROMISED, as_promised
from clipper_assets.clips.framing.camera import Layout, still_camera
from clipper_assets.clips.manifest import (
    CLIPS,
    Manifest,
    Source,
    clip_folder,
    clips_table,
    read_record,
    record_key,
)
from clipper_assets.clips.plan import plan_clip
from clipper_assets.clips.preview import clips_preview
from clipper_assets.clips.produce import Job, produce_clips
from clipper_assets.clips.rendering.encoders import best_encoder
from clipper_assets.episodes.degraded import not_degraded, not_degraded_spec
from clipper_assets.episodes.loudness import load_loudness
from clipper_assets.episodes.partitions import episodes
from clipper_assets.episodes.probe import UploadRefusedError, refuse_if_changed
from clipper_assets.episodes.source import RawVideo
from clipper_assets.episodes.storage import Storage, StorageError
from clipper_assets.episodes.tables import LAKE_TABLE, TableResult, provenance
from clipper_assets.highlights.windows import MAX_CLIPS
from clipper_assets.progress import Progress
from clipper_assets.settings import Settings

CORES_PER_ENCODE = 4
"""x264 at 1080x1920 keeps about this many cores busy."""


class RenderConfig(dg.Config):
    """What one run decides about its clips."""

    caption_style: str = Field(default=DEFAULT_STYLE, description="a caption style: boxed, classic or pop")
    layout: Layout = Field(default=Layout.fit, description="fit (whole picture over a blurred copy) or center (crop)")


@dg.asset(
    partitions_def=episodes,
    group_name="episodes",
    kinds={"ffmpeg", "parquet"},
    code_version="1",
    pool="gpu",
    io_manager_key="lake",
    dagster_type=LAKE_TABLE,
    metadata=CLIPS.definition_metadata,
    check_specs=[AS_PROMISED, not_degraded_spec("rendered_clips")],
    description="Vertical captioned clips (mp4, srt, vtt, jpg) beside the upload, and their manifest.json.",
)
def rendered_clips(
    context: dg.AssetExecutionContext,
    config: RenderConfig,
    raw_video: pa.Table,
    aligned_transcript: pa.Table,
    highlight_windows: pa.Table,
    storage: Storage,
    progress: Progress,
) -> TableResult:
    source = RawVideo.from_table(raw_video)
    try:
        style = load_style(config.caption_style)
    except ValueError as mistake:
        raise dg.Failure(str(mistake), allow_retries=False) from None
    camera = still_camera(config.layout, source)
    manifest = Manifest(
        episode=source.episode,
        status="rendering",
        source=Source(key=source.key, etag=source.etag, duration=source.duration_s),
        created_at=datetime.now(UTC),
        run_id=context.run.run_id,
        clips=[],
        degraded=json.loads(provenance(aligned_transcript)["degraded"]),
    )
    try:
        refuse_if_changed(storage, source.key, source.etag)
        folder = clip_folder(storage, source, claim=manifest)
    except (StorageError, UploadRefusedError) as refused:
        raise dg.Failure(str(refused), allow_retries=False) from None
    loudness = load_loudness(storage, source.loudness_key)
    began = time.monotonic()
    encoder = best_encoder()
    produced = produce_clips(
        [
            Job(plan_clip(window, aligned_transcript, source, loudness, style, camera), window, encoder)
            for window in highlight_windows.to_pylist()
        ],
        source,
        storage,
        folder,
        workers=Settings().render_workers or max((os.cpu_count() or 1) // CORES_PER_ENCODE, 1),
        report=progress.stage(context, "rendering"),
        log=context.log.info,
    )
    seconds = time.monotonic() - began
    storage.put_bytes(f"{folder}/manifest.json", manifest.finished(produced.clips).to_bytes())
    for index in range(len(produced.clips), MAX_CLIPS):
        if stale := read_record(storage, source.episode, index):
            for key in (*stale.keys, record_key(source.episode, index)):
                storage.delete(key)
    degraded = [
        {"clip": clip.clip_index, **fallback} for clip in produced.clips for fallback in clip.rendering_fallbacks
    ]
    clip_seconds = sum(clip.duration for clip in produced.clips)
    return TableResult(
        value=clips_table(source.episode, produced.clips),
        data_version=dg.DataVersion("-".join(clip.sha256[:12] for clip in produced.clips) or "no clips"),
        check_results=[as_promised(produced.clips, storage), not_degraded("rendered_clips", degraded)],
        metadata={
            "dagster/row_count": len(produced.clips),
            "dagster/uri": storage.uri(f"{folder}/manifest.json"),
            "clips": dg.MetadataValue.md(clips_preview(storage, produced.clips)),
            **{f"clip_{clip.clip_index}": dg.MetadataValue.url(clip.url) for clip in produced.clips},
            "rendered": produced.rendered,
            "unchanged": len(produced.clips) - produced.rendered,
            "seconds": round(seconds, 2),
            "speed": f"{clip_seconds / seconds:.2f}x real time" if produced.rendered else "nothing to render",
            "encoder": encoder.name,
            "caption_style": style.name,
            "layout": camera.layout.value,
            "degraded": dg.MetadataValue.json(degraded),
        },
    )
