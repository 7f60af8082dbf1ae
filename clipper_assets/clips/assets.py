"""`rendered_clips`: a video file for each window, and the manifest that frontends read."""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import dagster as dg
import pyarrow as pa
from pydantic import Field

from clipper_assets.adverts.spans import SpanKind, read_spans
from clipper_assets.camera.analysis.observation import read_scenes
from clipper_assets.camera.direction.path import read_paths, read_requested_layout
from clipper_assets.captions.styles import load_style
from clipper_assets.clips.chapter_files import publish_chapters
from clipper_assets.clips.checks import GATE_CHECKS, PUBLISHED, gate_results, published
from clipper_assets.clips.comparison import why_produced_again
from clipper_assets.clips.gates.verdicts import Limits, read_limits
from clipper_assets.clips.lineage import SHOW_SETTINGS, clips_read
from clipper_assets.clips.look import Look
from clipper_assets.clips.manifest import (
    CLIPS,
    Clip,
    Manifest,
    Requested,
    Source,
    clip_folder,
    clips_table,
    manifests_beside,
)
from clipper_assets.clips.preview import clips_preview
from clipper_assets.clips.records import read_record, record_key, whole_clips
from clipper_assets.clips.rendering.encoders import X264, Encoder, best_encoder
from clipper_assets.edits.adverts import spans_in_force, times
from clipper_assets.edits.lineage import READ_EDITS, edits_read_by
from clipper_assets.edits.model import Edits
from clipper_assets.edits.store import latest_edits
from clipper_assets.episodes.automation import on_changes_of
from clipper_assets.episodes.partitions import episodes, per_episode
from clipper_assets.episodes.source import RawVideo
from clipper_assets.episodes.watch import UploadWatch
from clipper_assets.highlights.window import read_windows
from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets.runtime.asset_names import CAMERA_PATHS, CHAPTERS, RENDERED_CLIPS
from clipper_assets.runtime.degraded import not_degraded, not_degraded_spec
from clipper_assets.runtime.errors import StorageError, UploadRefusedError
from clipper_assets.runtime.gpus import encoding_on_a_gpu
from clipper_assets.runtime.lineage import reads
from clipper_assets.runtime.pools import ENCODE, clips_at_once
from clipper_assets.runtime.progress import Progress
from clipper_assets.runtime.refusal import in_one_sentence, refusal
from clipper_assets.runtime.time_limit import time_limit
from clipper_assets.settings import Settings
from clipper_assets.shows.clip_options import MAX_CLIPS
from clipper_assets.shows.show import Show, load_show, show_key
from clipper_assets.storage.base import Storage
from clipper_assets.storage.tables import LAKE_TABLE, TableResult, provenance

if TYPE_CHECKING:
    from clipper_assets.clips.produce import Job, Produced


class RenderConfig(dg.Config):
    """Run config of the clips; a field without a value takes the show's setting (`show.toml`)."""

    caption_style: str | None = Field(default=None, description="name of a caption style (`clipper styles`)")
    aspect: Aspect | None = Field(
        default=None,
        description="`portrait` (9:16), `square` (1:1), `feed` (4:5) or `landscape` (16:9); all but the first go to a "
        "folder of their own",
    )
    tighten: bool | None = Field(default=None, description="cut out fillers and long pauses")
    hook_title: bool | None = Field(default=None, description="show the hook as a title in the first seconds")

    def look(self, show: Show, settings: Settings) -> Look:
        """Raises ValueError for an unknown caption style, or one that the show overrides with invalid values."""
        return Look(
            style=load_style(self.caption_style or show.caption_style, show.captions),
            frame=FRAMES[self.aspect or show.aspect],
            tighten=show.tighten if self.tighten is None else self.tighten,
            hook_title=show.hook_title if self.hook_title is None else self.hook_title,
            fonts_dir=settings.fonts_dir,
        )


@dg.asset(
    partitions_def=episodes,
    group_name="episodes",
    kinds={"ffmpeg", "parquet"},
    code_version="3",
    pool=ENCODE,
    io_manager_key="lake",
    dagster_type=LAKE_TABLE,
    metadata=CLIPS.definition_metadata,
    check_specs=per_episode(*GATE_CHECKS, PUBLISHED, not_degraded_spec(RENDERED_CLIPS)),
    ins={"camera": dg.AssetIn(CAMERA_PATHS)},
    deps=[CHAPTERS, READ_EDITS[RENDERED_CLIPS], SHOW_SETTINGS],
    automation_condition=on_changes_of(READ_EDITS[RENDERED_CLIPS], SHOW_SETTINGS),
    description="Vertical captioned clips (mp4, srt, vtt, jpg) beside the upload, manifest.json and chapters.",
)
@in_one_sentence
@encoding_on_a_gpu
def rendered_clips(
    context: dg.AssetExecutionContext,
    config: RenderConfig,
    raw_video: pa.Table,
    aligned_transcript: pa.Table,
    ad_spans: pa.Table,
    highlight_windows: pa.Table,
    scenes: pa.Table,
    camera: pa.Table,
    storage: Storage,
    settings: dg.ResourceParam[Settings],
    progress: Progress,
) -> TableResult:
    from clipper_assets.clips.produce import produce_clips

    source = RawVideo.from_table(raw_video)
    manifest = _claim(source, config, camera, aligned_transcript, context.run.run_id)
    tables = Tables(raw_video, aligned_transcript, ad_spans, highlight_windows, scenes, camera)
    try:
        watch = UploadWatch(storage, source.key, source.etag)
        watch.refuse_if_changed()
        encoder = best_encoder()
        planned = _planned(config, storage, settings, encoder, tables)
        edits, look, aspect = planned.edits, planned.look, planned.aspect
        lineage = reads(context, planned.read)
        folder = clip_folder(storage, source, aspect, claim=manifest)
    except (StorageError, UploadRefusedError, ValueError) as refused:
        raise refusal(context, str(refused)) from None
    began = time.monotonic()
    with watch.reading(), time_limit(context, source.duration_s, settings.time_limit_scale):
        produced = produce_clips(
            planned.jobs,
            source,
            storage,
            folder,
            aspect=aspect,
            limits=planned.limits,
            workers=clips_at_once(settings),
            report=progress.stage(context, "rendering"),
            log=context.log.info,
            check_upload=watch.check,
        )
    seconds = time.monotonic() - began
    finished = manifest.finished(produced.clips, edits.version, produced.failed)
    finished = publish_chapters(storage, folder, finished, context.log.warning)
    storage.put_bytes(f"{folder}/manifest.json", finished.to_bytes())
    _remove_others(storage, source.episode, aspect, produced.clips)
    facts = {
        **_metadata(finished, produced, seconds),
        "clips": dg.MetadataValue.md(clips_preview(storage, produced.clips)),
        "encoder": encoder.name,
        "caption_style": look.style.name,
        "edits": edits.version,
    }
    return _result(context, storage, source, aspect, folder, produced, facts, lineage)


class Tables(NamedTuple):
    """The tables that clips are rendered from, named after their assets."""

    raw_video: pa.Table
    aligned_transcript: pa.Table
    ad_spans: pa.Table
    highlight_windows: pa.Table
    scenes: pa.Table
    camera_paths: pa.Table


class _Planned(NamedTuple):
    look: Look
    limits: Limits
    edits: Edits
    read: dict[dg.AssetKey, str]
    aspect: Aspect
    jobs: "Sequence[Job]"


def _planned(config: RenderConfig, storage: Storage, settings: Settings, encoder: Encoder, tables: Tables) -> _Planned:
    """The clips to be produced. Raises ValueError for a show, edits, a style or a camera that cannot be used."""
    from clipper_assets.clips.jobs import Episode, clip_job

    source = RawVideo.from_table(tables.raw_video)
    show, edits = load_show(storage, source.key), latest_edits(storage, source.episode)
    limits, look = read_limits(show.gates, show_key(source.key)), config.look(show, settings)
    adverts = times(spans_in_force(read_spans(tables.ad_spans), edits), SpanKind.advert)
    scenes, paths = read_scenes(tables.scenes), read_paths(tables.camera_paths)
    episode = Episode(source, tables.aligned_transcript, scenes, paths, edits, adverts)
    jobs = [clip_job(window, episode, look, show, encoder) for window in read_windows(tables.highlight_windows)]
    read = edits_read_by(RENDERED_CLIPS, edits) | clips_read(show)
    return _Planned(look, limits, edits, read, config.aspect or show.aspect, jobs)


def why_again(config: RenderConfig, storage: Storage, settings: Settings, tables: Tables) -> str:
    """Why a run would change the clips in the aspect of `config` or their manifest, in words; empty if it would not.

    Nothing is decoded or encoded. Raises as `_planned`.
    """
    planned = _planned(config, storage, settings, X264, tables)  # equal clips may have another encoder
    source = RawVideo.from_table(tables.raw_video)
    return why_produced_again(planned.jobs, source, storage, planned.aspect, planned.limits)


def _result(
    context: dg.AssetExecutionContext,
    storage: Storage,
    source: RawVideo,
    aspect: Aspect,
    folder: str,
    produced: "Produced",
    facts: Mapping[str, Any],
    lineage: Mapping[str, str],
) -> TableResult:
    """The table of the clips of all aspects, with the checks of these ones, `facts` in the metadata and the lineage."""
    clips = produced.clips
    degraded = [
        *({"clip": clip.clip_index, **fallback} for clip in clips for fallback in clip.rendering_fallbacks),
        *(
            {"clip": index, "step": RENDERED_CLIPS, "reason": f"clip_{index} could not be rendered: {error}"}
            for index, error in produced.failed.items()
        ),
    ]
    beside = manifests_beside(storage, source, aspect, context.log.warning)
    other_clips = [clip for _, other in beside.values() for clip in whole_clips(storage, other)]
    table = clips_table(source.episode, [*clips, *other_clips])
    return TableResult(
        value=table,
        data_version=dg.DataVersion("-".join(clip.sha256[:12] for clip in clips) or "no clips"),
        check_results=[
            *gate_results({clip.clip_index: clip.gates for clip in clips}),
            published(clips, storage),
            not_degraded(RENDERED_CLIPS, degraded),
        ],
        metadata={
            "dagster/row_count": table.num_rows,
            "dagster/uri": storage.uri(f"{folder}/manifest.json"),
            "manifest": f"{folder}/manifest.json",
            "manifests": dg.MetadataValue.json(
                {aspect.value: f"{folder}/manifest.json"} | {other.value: key for other, (key, _) in beside.items()}
            ),
            **facts,
            "aspect": aspect.value,
            "degraded": dg.MetadataValue.json(degraded),
        },
        tags=lineage,
    )


def _claim(source: RawVideo, config: RenderConfig, camera: pa.Table, words: pa.Table, run_id: str) -> Manifest:
    """The manifest before any clip is finished, which claims the folder."""
    return Manifest(
        episode=source.episode,
        status="rendering",
        source=Source(key=source.key, etag=source.etag, duration=source.duration_s),
        created_at=datetime.now(UTC),
        run_id=run_id,
        clips=[],
        requested=Requested(layout=read_requested_layout(camera), **config.model_dump(exclude={"aspect"})),
        degraded=[each.as_dict() for each in source.degraded] + json.loads(provenance(words)["degraded"]),
    )


def _metadata(manifest: Manifest, produced: "Produced", seconds: float) -> dict[str, Any]:
    clip_seconds = sum(clip.duration for clip in produced.clips)
    return {
        **{f"clip_{clip.clip_index}": dg.MetadataValue.url(clip.url) for clip in produced.clips},
        "publishable": len(manifest.publishable),
        "held_back": dg.MetadataValue.json({f"clip_{index}": reasons for index, reasons in manifest.held_back.items()}),
        "rendered": produced.rendered,
        "unchanged": len(produced.clips) - produced.rendered,
        "seconds": round(seconds, 2),
        "speed": f"{clip_seconds / seconds:.2f}x real time" if produced.rendered else "nothing to render",
    }


def _remove_others(storage: Storage, episode: str, aspect: Aspect, clips: Sequence[Clip]) -> None:
    """Remove clips of earlier runs whose numbers are no longer in use."""
    for index in set(range(MAX_CLIPS)) - {clip.clip_index for clip in clips}:
        if stale := read_record(storage, episode, aspect, index):
            for key in (*stale.keys, record_key(episode, aspect, index)):
                storage.delete(key)
