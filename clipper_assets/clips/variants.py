"""`clip_variants`: the clips of an episode in another look than the default one, in a folder of their own."""

from dataclasses import asdict

import dagster as dg
import pyarrow as pa

from clipper_assets.captions.styles import load_style
from clipper_assets.clips.checks import clip_checks
from clipper_assets.clips.lineage import VARIANTS_SETTINGS, variants_read
from clipper_assets.clips.look import Look
from clipper_assets.clips.looks import LOOK_SET, Rendition, episodes_and_looks, parse_look
from clipper_assets.clips.making import Step, make_clips
from clipper_assets.clips.manifest import VARIANTS, Requested, clips_table
from clipper_assets.clips.planned import Planned, Tables, planned_clips
from clipper_assets.clips.rendering.encoders import Encoder, best_encoder
from clipper_assets.clips.translation.look import translated_look
from clipper_assets.clips.translation.model import UntranslatedError
from clipper_assets.clips.translation.translate import Translations
from clipper_assets.edits.lineage import READ_EDITS, edits_read_by
from clipper_assets.edits.looks import edits_in_look
from clipper_assets.edits.model import Edits
from clipper_assets.edits.store import latest_edits
from clipper_assets.episodes.partitions import per_episode
from clipper_assets.episodes.source import RawVideo
from clipper_assets.llm.language_model import LanguageModel
from clipper_assets.media.frame import FRAMES
from clipper_assets.runtime.asset_names import CAMERA_PATHS, CHAPTERS, CLIP_VARIANTS
from clipper_assets.runtime.gpus import encoding_on_a_gpu
from clipper_assets.runtime.partition_keys import dimensions
from clipper_assets.runtime.pools import ENCODE
from clipper_assets.runtime.progress import Progress
from clipper_assets.runtime.refusal import in_one_sentence
from clipper_assets.runtime.spend import metered
from clipper_assets.runtime.tenant import of_tenant
from clipper_assets.runtime.time_limit import time_limit
from clipper_assets.settings import Settings
from clipper_assets.shows.show import load_show
from clipper_assets.storage.base import Storage
from clipper_assets.storage.tables import LAKE_TABLE, TableResult
from clipper_assets.transcript.words import WORDS


@of_tenant
@dg.asset(
    partitions_def=episodes_and_looks,
    group_name="episodes",
    kinds={"ffmpeg", "parquet"},
    code_version="1",
    pool=ENCODE,
    io_manager_key="lake",
    dagster_type=LAKE_TABLE,
    metadata=VARIANTS.definition_metadata,
    check_specs=per_episode(*clip_checks(CLIP_VARIANTS), partitions_def=episodes_and_looks),
    ins={"camera": dg.AssetIn(CAMERA_PATHS)},
    deps=[CHAPTERS, READ_EDITS[CLIP_VARIANTS], VARIANTS_SETTINGS],
    description="The clips of an episode in a look, such as square-marker, beside the default ones, in "
    "clips/looks/<look>/.",
)
@metered
@in_one_sentence
@encoding_on_a_gpu
def clip_variants(
    context: dg.AssetExecutionContext,
    raw_video: pa.Table,
    aligned_transcript: pa.Table,
    ad_spans: pa.Table,
    highlight_windows: pa.Table,
    scenes: pa.Table,
    camera: pa.Table,
    storage: Storage,
    settings: dg.ResourceParam[Settings],
    progress: Progress,
    language_model: LanguageModel,
) -> TableResult:
    _, look = dimensions(context.partition_key)
    tables = Tables(raw_video, aligned_transcript, ad_spans, highlight_windows, scenes, camera)
    step = Step(context, storage, settings, progress)
    made = make_clips(
        step,
        tables,
        Requested(),
        best_encoder,
        lambda encoder: _planned(look, step, language_model, encoder, tables),
    )
    table = clips_table(made.source.episode, made.clips, VARIANTS)
    return TableResult(
        value=table,
        data_version=made.data_version,
        check_results=made.check_results(CLIP_VARIANTS, storage),
        metadata={"dagster/row_count": table.num_rows, "look": look, **made.facts},
        tags=made.lineage,
    )


def _planned(
    look: str, step: Step, language_model: LanguageModel, encoder: Encoder, tables: Tables
) -> tuple[Planned, dict[dg.AssetKey, str]]:
    """The clips of a look, and what was read.

    Raises ValueError as `parse_look` and `planned_clips`, and for a look that was removed since the run was launched.
    """
    named = parse_look(look)
    if not step.context.instance.has_dynamic_partition(LOOK_SET, look):
        raise ValueError(f"the look {look} was removed; add it again to make clips in it")
    storage, settings = step.storage, step.settings
    source = RawVideo.from_table(tables.raw_video)
    show, edits = load_show(storage, source.key), latest_edits(storage, source.episode)
    drawn = Look(
        style=load_style(named.style, show.captions),
        frame=FRAMES[named.aspect],
        tighten=show.tighten,
        hook_title=show.hook_title,
        fonts_dir=settings.fonts_dir,
    )
    rendition = Rendition(named.aspect, look)
    translations = _translations(look, step, language_model, tables, edits)
    planned = planned_clips(tables, rendition, drawn, show, edits_in_look(edits, look), encoder, translations)
    facts = asdict(translations.usage) if named.language else {}
    return planned._replace(facts={**planned.facts, **facts}), edits_read_by(CLIP_VARIANTS, edits) | variants_read(show)


def _translations(look: str, step: Step, language_model: LanguageModel, tables: Tables, edits: Edits) -> Translations:
    """The translations for a look. Raises ValueError without a key, and dg.Failure if not one clip is translated."""
    source, context = RawVideo.from_table(tables.raw_video), step.context
    try:
        with time_limit(context, source.duration_s, step.settings.time_limit_scale):
            return translated_look(
                step.storage,
                source.episode,
                look,
                WORDS.completed(tables.aligned_transcript),
                tables.highlight_windows,
                edits,
                language_model,
                step.progress.stage(context, "translating"),
            )
    except UntranslatedError as untranslated:
        raise dg.Failure(f"no clip of the look {look} has captions to show: {untranslated}") from None
