"""`rendered_clips`: a video file for each window, and the manifest that frontends read."""

import dagster as dg
import pyarrow as pa
from pydantic import Field

from clipper_assets.captions.styles import load_style
from clipper_assets.clips.checks import clip_checks
from clipper_assets.clips.comparison import why_produced_again
from clipper_assets.clips.folders import MANIFEST
from clipper_assets.clips.lineage import SHOW_SETTINGS, clips_read
from clipper_assets.clips.look import Look
from clipper_assets.clips.looks import Rendition
from clipper_assets.clips.making import Step, make_clips
from clipper_assets.clips.manifest import CLIPS, Requested, clips_table
from clipper_assets.clips.manifests import manifests_beside
from clipper_assets.clips.planned import Planned, Tables, planned_clips
from clipper_assets.clips.records import whole_clips
from clipper_assets.clips.rendering.encoders import X264, Encoder, best_encoder
from clipper_assets.edits.lineage import READ_EDITS, edits_read_by
from clipper_assets.edits.store import latest_edits
from clipper_assets.episodes.automation import on_changes_of
from clipper_assets.episodes.partitions import episodes, per_episode
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets.runtime.asset_names import CAMERA_PATHS, CHAPTERS, RENDERED_CLIPS
from clipper_assets.runtime.gpus import encoding_on_a_gpu
from clipper_assets.runtime.pools import ENCODE
from clipper_assets.runtime.progress import Progress
from clipper_assets.runtime.refusal import in_one_sentence
from clipper_assets.runtime.spend import metered
from clipper_assets.runtime.tenant import of_tenant
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Show, load_show
from clipper_assets.storage.base import Storage
from clipper_assets.storage.tables import LAKE_TABLE, TableResult


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


@of_tenant
@dg.asset(
    partitions_def=episodes,
    group_name="episodes",
    kinds={"ffmpeg", "parquet"},
    code_version="3",
    pool=ENCODE,
    io_manager_key="lake",
    dagster_type=LAKE_TABLE,
    metadata=CLIPS.definition_metadata,
    check_specs=per_episode(*clip_checks(RENDERED_CLIPS)),
    ins={"camera": dg.AssetIn(CAMERA_PATHS)},
    deps=[CHAPTERS, READ_EDITS[RENDERED_CLIPS], SHOW_SETTINGS],
    automation_condition=on_changes_of(READ_EDITS[RENDERED_CLIPS], SHOW_SETTINGS),
    description="Vertical captioned clips (mp4, srt, vtt, jpg) beside the upload, manifest.json and chapters.",
)
@metered
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
    tables = Tables(raw_video, aligned_transcript, ad_spans, highlight_windows, scenes, camera)
    made = make_clips(
        Step(context, storage, settings, progress),
        tables,
        Requested(**config.model_dump(exclude={"aspect"})),
        best_encoder,
        lambda encoder: _planned(config, storage, settings, encoder, tables),
    )
    aspect, manifest = made.rendition.aspect, f"{made.folder}/{MANIFEST}"
    beside = manifests_beside(storage, made.source, aspect, context.log.warning)
    others = [clip for _, other in beside.values() for clip in whole_clips(storage, other)]
    table = clips_table(made.source.episode, [*made.clips, *others])
    return TableResult(
        value=table,
        data_version=made.data_version,
        check_results=made.check_results(RENDERED_CLIPS, storage),
        metadata={
            "dagster/row_count": table.num_rows,
            "manifests": dg.MetadataValue.json(
                {aspect.value: manifest} | {other.value: key for other, (key, _) in beside.items()}
            ),
            **made.facts,
        },
        tags=made.lineage,
    )


def _planned(
    config: RenderConfig, storage: Storage, settings: Settings, encoder: Encoder, tables: Tables
) -> tuple[Planned, dict[dg.AssetKey, str]]:
    """The clips to be produced, and what was read. Raises ValueError as `planned_clips` and `clips_read`."""
    source = RawVideo.from_table(tables.raw_video)
    show, edits = load_show(storage, source.key), latest_edits(storage, source.episode)
    rendition, look = Rendition(config.aspect or show.aspect), config.look(show, settings)
    planned = planned_clips(tables, rendition, look, show, edits, encoder)
    return planned, edits_read_by(RENDERED_CLIPS, edits) | clips_read(show)


def why_again(config: RenderConfig, storage: Storage, settings: Settings, tables: Tables) -> str:
    """Why a run would change the clips in the aspect of `config` or their manifest, in words; empty if it would not.

    Nothing is decoded or encoded. Raises as `_planned`.
    """
    planned, _ = _planned(config, storage, settings, X264, tables)  # equal clips may have another encoder
    source = RawVideo.from_table(tables.raw_video)
    return why_produced_again(planned.jobs, source, storage, planned.rendition, planned.limits)
