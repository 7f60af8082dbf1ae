"""`chapters`: the topics of an episode with titles, and its summary."""

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, NamedTuple

import dagster as dg
import pyarrow as pa
from pydantic import Field

from clipper_assets.adverts.spans import read_spans
from clipper_assets.chapters.chapter import CHAPTERS_TABLE, SPOKEN, Chapters, chapters_table, read_chapters
from clipper_assets.chapters.division import chapters_of
from clipper_assets.chapters.lineage import LANGUAGE_MODEL, chapters_read
from clipper_assets.chapters.model import prompt_version, worded
from clipper_assets.chapters.wording import said_in, spoken
from clipper_assets.edits.adverts import spans_in_force, times
from clipper_assets.edits.lineage import READ_EDITS, edits_read_by
from clipper_assets.edits.store import latest_edits
from clipper_assets.episodes.partitions import episodes, per_episode
from clipper_assets.episodes.source import RawVideo
from clipper_assets.llm.language_model import LanguageModel
from clipper_assets.llm.session import ModelUnavailableError, Usage
from clipper_assets.runtime.asset_names import CHAPTERS
from clipper_assets.runtime.degraded import Degraded, not_degraded, not_degraded_spec
from clipper_assets.runtime.lineage import reads
from clipper_assets.runtime.pools import LLM
from clipper_assets.runtime.refusal import in_one_sentence, refusal
from clipper_assets.runtime.spend import metered
from clipper_assets.runtime.tenant import of_tenant
from clipper_assets.runtime.time_limit import time_limit
from clipper_assets.setting_types import PickerName
from clipper_assets.settings import Settings
from clipper_assets.shows.show import load_show
from clipper_assets.storage.base import Storage
from clipper_assets.storage.recipes import Recipe, StepConfig, difference, new_result, recipe_of, stored_result
from clipper_assets.storage.tables import LAKE_TABLE, TableResult
from clipper_assets.text.markdown import clock, markdown_table
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.words import WORDS, Sentence, sentences

CODE_VERSION = "3"


class ChaptersConfig(StepConfig):
    """Run config of the chapters."""

    picker: PickerName | None = Field(
        default=None,
        description="`heuristic` asks no model; `auto` and `openai` ask one if there is a key; default: the show's",
    )


def inputs(
    settings: Settings, language: str, duration_s: float, adverts: Sequence[Span], *, asks_model: bool
) -> dict[str, Any]:
    """Everything beside the rows of the upstream tables that decides the result."""
    return {
        "language": language,
        "duration_s": duration_s,
        "adverts": adverts,
        "model": [settings.openai_model, settings.openai_base_url, prompt_version()] if asks_model else None,
    }


@of_tenant
@dg.asset(
    partitions_def=episodes,
    group_name="episodes",
    kinds={"openai", "parquet"},
    code_version=CODE_VERSION,
    pool=LLM,
    io_manager_key="lake",
    dagster_type=LAKE_TABLE,
    metadata=CHAPTERS_TABLE.definition_metadata,
    check_specs=per_episode(not_degraded_spec(CHAPTERS)),
    deps=[READ_EDITS[CHAPTERS], LANGUAGE_MODEL],
    description="The topics of an episode with start and title, and a summary of the episode.",
)
@metered
@in_one_sentence
def chapters(
    context: dg.AssetExecutionContext,
    config: ChaptersConfig,
    raw_video: pa.Table,
    aligned_transcript: pa.Table,
    ad_spans: pa.Table,
    storage: Storage,
    settings: dg.ResourceParam[Settings],
    language_model: LanguageModel,
) -> TableResult:
    source = RawVideo.from_table(raw_video)
    words = WORDS.completed(aligned_transcript)
    try:
        given = _decisive(config, storage, settings, raw_video, aligned_transcript, ad_spans)
    except ValueError as unreadable:
        raise refusal(context, str(unreadable)) from None
    lineage = reads(context, given.read)
    stored = stored_result(context, config, storage, CHAPTERS_TABLE, given.recipe, lineage)
    if stored and not _lacks_model(stored.value, asks_model=given.asks_model):
        return stored
    began = time.monotonic()
    model = language_model if given.asks_model else None
    with time_limit(context, source.duration_s, settings.time_limit_scale):
        made, usage = make_chapters(sentences(words), given.adverts, given.language, source.duration_s, model)
    degraded = [entry.as_dict() for entry in made.degraded]
    for entry in degraded:
        context.log.warning(entry["reason"])
    return new_result(
        given.recipe,
        chapters_table(context.partition_key, made),
        check_results=[not_degraded(CHAPTERS, degraded)],
        metadata={
            "chapters": dg.MetadataValue.md(_preview(made)),
            "summary": made.summary,
            "worded_by": made.worded_by,
            **asdict(usage),
            "seconds": {"chapters": round(time.monotonic() - began, 2)},
            "degraded": degraded,
        },
        lineage=lineage,
    )


class _Given(NamedTuple):
    """What the chapters are made from: language, adverts in force, whether to ask the model, versions, recipe."""

    language: str
    adverts: Sequence[Span]
    asks_model: bool
    read: dict[dg.AssetKey, str]
    recipe: Recipe


def _decisive(
    config: ChaptersConfig,
    storage: Storage,
    settings: Settings,
    raw_video: pa.Table,
    aligned_transcript: pa.Table,
    ad_spans: pa.Table,
) -> _Given:
    """Raises ValueError if the edits or `show.toml` cannot be read."""
    source, words = RawVideo.from_table(raw_video), WORDS.completed(aligned_transcript)
    language = str(words["language"][0]) if words.num_rows else ""
    show, edits = load_show(storage, source.key), latest_edits(storage, source.episode)
    asks_model = settings.asks_model(config.picker or show.picker)
    adverts = times(spans_in_force(read_spans(ad_spans), edits))
    decisive = inputs(settings, language, source.duration_s, adverts, asks_model=asks_model)
    recipe = recipe_of(config, CODE_VERSION, decisive, aligned_transcript)
    read = edits_read_by(CHAPTERS, edits) | chapters_read(show, settings)
    return _Given(language, adverts, asks_model, read, recipe)


def _lacks_model(stored: pa.Table, *, asks_model: bool) -> bool:
    """Whether the model gave no texts the last time but is asked again."""
    return asks_model and stored.num_rows > 0 and read_chapters(stored).worded_by == SPOKEN


def why_again(
    stored: pa.Table,
    config: ChaptersConfig,
    storage: Storage,
    settings: Settings,
    raw_video: pa.Table,
    aligned_transcript: pa.Table,
    ad_spans: pa.Table,
) -> str:
    """Why a run would make the stored table again, in words; empty if it would keep it. Raises as `_decisive`."""
    given = _decisive(config, storage, settings, raw_video, aligned_transcript, ad_spans)
    lacking = _lacks_model(stored, asks_model=given.asks_model)
    return difference(stored, given.recipe, chapters) or ("the model did not answer the last time" if lacking else "")


def make_chapters(
    spoken_sentences: Sequence[Sentence],
    adverts: Sequence[Span],
    language: str,
    duration_s: float,
    model: LanguageModel | None,
) -> tuple[Chapters, Usage]:
    """The chapters of an episode, with the texts of the model if there is one, and what it cost.

    Where the model gives no usable answer, the texts are spoken lines, and `degraded` says why.
    """
    bare = chapters_of(spoken_sentences, adverts, language, duration_s)
    said = said_in(bare, spoken_sentences, adverts, language)
    drafts = spoken(bare, said, language)
    if model is None or not bare:
        return drafts, Usage()
    try:
        with model.session() as session:
            return worded(session, drafts, said, language), session.usage
    except ModelUnavailableError as error:
        fallback = Degraded(CHAPTERS, f"chapters have spoken lines as titles, not titles by a model: {error}")
        return replace(drafts, degraded=[fallback]), error.usage


def _preview(made: Chapters) -> str:
    return markdown_table(["time", "title"], [(clock(chapter.start), chapter.title) for chapter in made.chapters])
