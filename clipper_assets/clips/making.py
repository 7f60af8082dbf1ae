"""Makes the clips of an episode in one aspect or look: what the steps `rendered_clips` and `clip_variants` share."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import dagster as dg

from clipper_assets.camera.direction.path import read_requested_layout
from clipper_assets.clips.chapter_files import publish_chapters
from clipper_assets.clips.checks import gate_results, published
from clipper_assets.clips.folders import MANIFEST, clip_folder
from clipper_assets.clips.looks import Rendition
from clipper_assets.clips.manifest import Clip, Manifest, Requested, Source
from clipper_assets.clips.planned import Planned, Tables
from clipper_assets.clips.preview import clips_preview
from clipper_assets.clips.previews import remove_preview
from clipper_assets.clips.records import read_record, record_key
from clipper_assets.clips.rendering.encoders import Encoder
from clipper_assets.episodes.source import RawVideo
from clipper_assets.episodes.watch import UploadWatch
from clipper_assets.runtime.asset_names import RENDERED_CLIPS
from clipper_assets.runtime.degraded import not_degraded
from clipper_assets.runtime.errors import StorageError, UploadRefusedError
from clipper_assets.runtime.lineage import reads
from clipper_assets.runtime.pools import clips_at_once
from clipper_assets.runtime.progress import Progress
from clipper_assets.runtime.refusal import refusal
from clipper_assets.runtime.time_limit import time_limit
from clipper_assets.settings import Settings
from clipper_assets.shows.clip_options import MAX_CLIPS
from clipper_assets.storage.base import Storage
from clipper_assets.storage.tables import provenance

if TYPE_CHECKING:
    from clipper_assets.clips.produce import Produced


class Step(NamedTuple):
    """A running step and its resources."""

    context: dg.AssetExecutionContext
    storage: Storage
    settings: Settings
    progress: Progress


class Made(NamedTuple):
    """The clips of a rendition as they are stored in `folder`; `lineage` are tags of the materialization."""

    source: RawVideo
    rendition: Rendition
    folder: str
    produced: "Produced"
    lineage: dict[str, str]
    facts: dict[str, Any]
    """Metadata of the materialization."""

    @property
    def clips(self) -> list[Clip]:
        return self.produced.clips

    @property
    def data_version(self) -> dg.DataVersion:
        return dg.DataVersion("-".join(clip.sha256[:12] for clip in self.clips) or "no clips")

    @property
    def degraded(self) -> list[dict[str, Any]]:
        """The fallbacks of rendering, and the clips that could not be rendered."""
        fallbacks = ({"clip": clip.clip_index, **used} for clip in self.clips for used in clip.rendering_fallbacks)
        failed = (
            {"clip": index, "step": RENDERED_CLIPS, "reason": f"clip_{index} could not be rendered: {error}"}
            for index, error in self.produced.failed.items()
        )
        return [*fallbacks, *failed]

    def check_results(self, asset: str, storage: Storage) -> list[dg.AssetCheckResult]:
        """The results of all checks of the asset."""
        return [
            *gate_results({clip.clip_index: clip.gates for clip in self.clips}),
            published(self.clips, storage),
            not_degraded(asset, self.degraded),
        ]


def make_clips(
    step: Step,
    tables: Tables,
    requested: Requested,
    encoder: Callable[[], Encoder],
    plan: Callable[[Encoder], tuple[Planned, Mapping[dg.AssetKey, str]]],
) -> Made:
    """Claim the folder of the clips, render those that changed, and publish the manifest.

    `plan` returns the clips and the data versions of what was read to plan them. It may raise ValueError, which fails
    the step with that sentence. Raises as `produce_clips` besides.
    """
    from clipper_assets.clips.produce import produce_clips

    context, storage, settings = step.context, step.storage, step.settings
    source = RawVideo.from_table(tables.raw_video)
    manifest = _claim(source, tables, requested, context.run.run_id)
    try:
        watch = UploadWatch(storage, source.key, source.etag)
        watch.refuse_if_changed()
        chosen = encoder()
        planned, read = plan(chosen)
        lineage = reads(context, read)
        manifest = manifest.model_copy(update={"look": planned.rendition.look})
        folder = clip_folder(storage, source, planned.rendition, claim=manifest)
    except (StorageError, UploadRefusedError, ValueError) as refused:
        raise refusal(context, str(refused)) from None
    began = time.monotonic()
    with watch.reading(), time_limit(context, source.duration_s, settings.time_limit_scale):
        produced = produce_clips(
            planned.jobs,
            source,
            storage,
            folder,
            rendition=planned.rendition,
            limits=planned.limits,
            workers=clips_at_once(settings),
            report=step.progress.stage(context, "rendering"),
            log=context.log.info,
            check_upload=watch.check,
        )
    seconds = time.monotonic() - began
    produced = replace(produced, failed={**produced.failed, **planned.left_out})
    finished = manifest.finished(produced.clips, planned.edits.version, produced.failed)
    finished = publish_chapters(storage, folder, finished, context.log.warning)
    storage.put_bytes(f"{folder}/{MANIFEST}", finished.to_bytes())
    _remove_others(storage, source.episode, planned.rendition, produced.clips)
    facts = {
        **_metadata(finished, produced, seconds),
        "dagster/uri": storage.uri(f"{folder}/{MANIFEST}"),
        "manifest": f"{folder}/{MANIFEST}",
        "clips": dg.MetadataValue.md(clips_preview(storage, produced.clips)),
        "encoder": chosen.name,
        "caption_style": planned.look.style.name,
        "edits": planned.edits.version,
        "aspect": planned.rendition.aspect.value,
        **planned.facts,
    }
    made = Made(source, planned.rendition, folder, produced, lineage, facts)
    facts["degraded"] = dg.MetadataValue.json(made.degraded)
    return made


def _claim(source: RawVideo, tables: Tables, requested: Requested, run_id: str) -> Manifest:
    """The manifest before any clip is finished, which claims the folder."""
    layout = read_requested_layout(tables.camera_paths)
    degraded = [each.as_dict() for each in source.degraded]
    return Manifest(
        episode=source.episode,
        status="rendering",
        source=Source(key=source.key, etag=source.etag, duration=source.duration_s),
        created_at=datetime.now(UTC),
        run_id=run_id,
        clips=[],
        requested=requested.model_copy(update={"layout": layout}),
        degraded=degraded + json.loads(provenance(tables.aligned_transcript)["degraded"]),
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


def _remove_others(storage: Storage, episode: str, rendition: Rendition, clips: Sequence[Clip]) -> None:
    """Remove clips of earlier runs whose numbers are no longer in use."""
    for index in set(range(MAX_CLIPS)) - {clip.clip_index for clip in clips}:
        if stale := read_record(storage, episode, rendition, index):
            for key in (*stale.keys, record_key(episode, rendition, index)):
                storage.delete(key)
            remove_preview(storage, episode, rendition, index)
