"""`highlight_windows`: the parts of an episode that become clips."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa
from pydantic import Field

from clipper_assets.adverts.spans import read_spans
from clipper_assets.edits.adverts import spans_in_force, times
from clipper_assets.edits.lineage import READ_EDITS, edits_read_by
from clipper_assets.edits.model import EDITOR, Edits
from clipper_assets.edits.store import latest_edits
from clipper_assets.edits.windows import edited_rows
from clipper_assets.episodes.automation import on_changes_of
from clipper_assets.episodes.partitions import episodes, per_episode
from clipper_assets.episodes.source import RawVideo
from clipper_assets.highlights.breaks import Breaks
from clipper_assets.highlights.checks import OBEY_THE_RULES, obey_the_rules
from clipper_assets.highlights.lineage import PICK_PROMPT, SHOW_SETTINGS, windows_read
from clipper_assets.highlights.pickers.auto import Pickers
from clipper_assets.highlights.pickers.base import Picked, Talk
from clipper_assets.highlights.pickers.heuristic import HEURISTIC, features_of
from clipper_assets.highlights.preview import preview
from clipper_assets.highlights.prompt import Prompt, prompt_for
from clipper_assets.highlights.repeats import Posted, load_posted, save_posted
from clipper_assets.highlights.rules import clip_count, place, windows_table
from clipper_assets.highlights.selection import Selection, ignored_options, selection
from clipper_assets.highlights.shortfall import fallbacks, shortfall
from clipper_assets.highlights.taste import Taste, taste_or_fallback
from clipper_assets.highlights.window import WINDOWS, read_windows
from clipper_assets.media.loudness import LoudnessTrack, load_loudness
from clipper_assets.runtime.asset_names import HIGHLIGHT_WINDOWS
from clipper_assets.runtime.degraded import Degraded, not_degraded, not_degraded_spec
from clipper_assets.runtime.lineage import reads
from clipper_assets.runtime.pools import LLM
from clipper_assets.runtime.progress import Progress
from clipper_assets.runtime.refusal import in_one_sentence, refusal
from clipper_assets.runtime.spend import metered
from clipper_assets.runtime.tenant import of_tenant
from clipper_assets.runtime.time_limit import time_limit
from clipper_assets.setting_types import PickerName
from clipper_assets.settings import Settings
from clipper_assets.shows.clip_options import CLIPS, LENGTH, MAX_CLIPS, RANGE, TOPICS
from clipper_assets.shows.show import load_show
from clipper_assets.storage.base import Storage
from clipper_assets.storage.recipes import Recipe, StepConfig, difference, new_result, recipe_of, stored_result
from clipper_assets.storage.tables import LAKE_TABLE, TableResult, provenance
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.wordless import read_wordless
from clipper_assets.transcript.words import WORDS, sentences

CODE_VERSION = "10"


class HighlightsConfig(StepConfig):
    """Run config of the highlights."""

    length: str | None = Field(default=None, description=f"{LENGTH}; default: the show's")
    range: str | None = Field(default=None, description=RANGE)
    max_clips: int | None = Field(default=None, ge=1, le=MAX_CLIPS, description=CLIPS)
    topics: str | None = Field(default=None, description=f"{TOPICS}; default: the show's")
    picker: PickerName | None = Field(
        default=None, description="`auto`, `openai` or `heuristic`; default: the show's, else CLIPPER_PICKER"
    )

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of `selection`."""
        return {"length": self.length, "within": self.range, "max_clips": self.max_clips, "topics": self.topics}


def inputs(
    picker: PickerName,
    settings: Settings,
    wanted: Selection,
    edits: Edits,
    prompt: Prompt,
    language: str,
    wordless: Sequence[Span],
    adverts: Sequence[Span],
) -> dict[str, Any]:
    """Everything beside the rows of the upstream tables that decides the result, except other episodes.

    A new episode of the show does not make the windows of the earlier ones outdated.
    """
    return {
        "language": language,
        "wordless": wordless,
        "adverts": adverts,
        "max_clips": wanted.max_clips,
        "topics": wanted.topics,
        "picker": picker,
        "model": [settings.openai_model, settings.openai_base_url, settings.openai_context_tokens],
        "prompt": [prompt.name, prompt.version],
        "has_key": settings.openai_api_key is not None,
        "seconds": [wanted.rules.min_s, wanted.rules.max_s, *wanted.rules.within_s],
        "edited_windows": edits.changed_windows,
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
    metadata=WINDOWS.definition_metadata,
    check_specs=per_episode(OBEY_THE_RULES, not_degraded_spec(HIGHLIGHT_WINDOWS)),
    deps=[READ_EDITS[HIGHLIGHT_WINDOWS], SHOW_SETTINGS, PICK_PROMPT],
    automation_condition=on_changes_of(READ_EDITS[HIGHLIGHT_WINDOWS], SHOW_SETTINGS),
    description="The parts of an episode that become clips, best first; each is a run of whole sentences.",
)
@metered
@in_one_sentence
def highlight_windows(
    context: dg.AssetExecutionContext,
    config: HighlightsConfig,
    raw_video: pa.Table,
    aligned_transcript: pa.Table,
    ad_spans: pa.Table,
    storage: Storage,
    settings: dg.ResourceParam[Settings],
    pickers: Pickers,
    progress: Progress,
) -> TableResult:
    began = time.monotonic()
    try:
        given = _given(config, storage, settings, raw_video, aligned_transcript, ad_spans)
    except ValueError as unreadable:
        raise refusal(context, str(unreadable)) from None
    source, edits, picker = given.source, given.edits, given.picker
    lineage = reads(context, given.read)
    stored = stored_result(context, config, storage, WINDOWS, given.recipe, lineage)
    if stored and not _may_be_better(stored.value, picker, settings):
        return stored
    words = WORDS.completed(aligned_transcript)
    taste, untasted = taste_or_fallback(storage, source.key)
    posted = load_posted(storage, source.episode)
    loudness = load_loudness(storage, source.loudness_key)
    talk = _talk(words, given, loudness, taste, posted)
    measured = time.monotonic()
    if edits.clips:
        windows, picked = _edited(edits, talk, source, config)
    else:
        with time_limit(context, source.duration_s, settings.time_limit_scale):
            picked = pickers.pick(picker, talk, progress.stage(context, "picking highlights"))
        windows, picked = _placed(picked, talk, source, [*posted.degraded, *untasted])
    chosen = read_windows(windows)
    used = [(each.first_sentence, each.last_sentence) for each in chosen]
    save_posted(storage, source.episode, talk.sentences, given.language, used)
    degraded = fallbacks(picked, chosen)
    for fallback in degraded:
        context.log.warning(fallback["reason"])
    return new_result(
        given.recipe,
        windows,
        check_results=[
            obey_the_rules(windows, words, talk.rules, source.duration_s, given.adverts, edited=bool(edits.clips)),
            not_degraded(HIGHLIGHT_WINDOWS, degraded),
        ],
        metadata={
            "windows": dg.MetadataValue.md(preview(chosen)),
            **_metadata(picked),
            "taste": taste.digest,
            "edits": edits.version,
            "seconds": {"loudness": round(measured - began, 2), "pick": round(time.monotonic() - measured, 2)},
            "degraded": degraded,
        },
        lineage=lineage,
    )


@dataclass(frozen=True)
class _Given:
    """What the windows of an episode are picked from and by, and the recipe that follows from it."""

    source: RawVideo
    language: str
    adverts: Sequence[Span]
    edits: Edits
    prompt: Prompt
    wanted: Selection
    picker: PickerName
    read: dict[dg.AssetKey, str]
    recipe: Recipe


def _given(
    config: HighlightsConfig,
    storage: Storage,
    settings: Settings,
    raw_video: pa.Table,
    aligned_transcript: pa.Table,
    ad_spans: pa.Table,
) -> _Given:
    """Raises ValueError if edits, show or prompt cannot be read, or an option is not allowed."""
    source, words = RawVideo.from_table(raw_video), WORDS.completed(aligned_transcript)
    show, language = load_show(storage, source.key), _language(words)
    prompt = prompt_for(storage, show, source.episode)
    edits, wanted = latest_edits(storage, source.episode), selection(show, settings, **config.options)
    adverts = times(spans_in_force(read_spans(ad_spans), edits))
    picker = config.picker or show.picker or settings.picker
    decisive = inputs(picker, settings, wanted, edits, prompt, language, read_wordless(words), adverts)
    recipe = recipe_of(config, CODE_VERSION, decisive, raw_video, aligned_transcript)
    read = edits_read_by(HIGHLIGHT_WINDOWS, edits) | windows_read(show, settings, prompt)
    return _Given(source, language, adverts, edits, prompt, wanted, picker, read, recipe)


def why_again(
    stored: pa.Table,
    config: HighlightsConfig,
    storage: Storage,
    settings: Settings,
    raw_video: pa.Table,
    aligned_transcript: pa.Table,
    ad_spans: pa.Table,
) -> str:
    """Why a run would make the stored table again, in words; empty if it would keep it. Raises as `_given`."""
    given = _given(config, storage, settings, raw_video, aligned_transcript, ad_spans)
    lacking = _may_be_better(stored, given.picker, settings)
    return difference(stored, given.recipe, highlight_windows) or (
        "the model did not answer the last time" if lacking else ""
    )


def _edited(edits: Edits, talk: Talk, source: RawVideo, config: HighlightsConfig) -> tuple[pa.Table, Picked]:
    """The windows table of the clips that people edited; nothing is picked."""
    rows, lost = edited_rows(edits, talk.sentences, source.episode, source.duration_s)
    return WINDOWS.table(rows), Picked((), EDITOR, degraded=[*lost, *ignored_options(config.options, len(edits.clips))])


def _placed(picked: Picked, talk: Talk, source: RawVideo, degraded: Sequence[Degraded]) -> tuple[pa.Table, Picked]:
    """The windows table of what was picked; `degraded` are the fallbacks of the picker's input."""
    placed = place(picked.candidates, talk.runs, talk.count)
    picked = replace(picked, degraded=[*degraded, *picked.degraded, *shortfall(talk, len(placed))])
    windows = windows_table(
        source.episode,
        placed,
        talk.rules,
        picker=picked.picker,
        prompt_version=picked.prompt_version,
        prompt=picked.prompt,
        degraded=picked.degraded,
        features=features_of(talk, [each.run for each in placed]),
    )
    return windows, picked


def _language(words: pa.Table) -> str:
    import pyarrow.compute as pc

    # Tables of earlier versions have the language only in their rows.
    return provenance(words).get("language") or pc.first(words["language"]).as_py() or ""


def _metadata(picked: Picked) -> dict[str, Any]:
    return {
        "picker": picked.picker,
        "prompt": picked.prompt,
        "prompt_version": picked.prompt_version,
        **asdict(picked.usage),
    }


def _talk(words: pa.Table, given: _Given, loudness: LoudnessTrack, taste: Taste, posted: Posted) -> Talk:
    wanted = given.wanted
    spoken, breaks = sentences(words), Breaks(given.adverts)
    speech_s = sum(s.end - s.start - breaks.within(s) for s in spoken if wanted.rules.admit(s))
    return Talk(
        sentences=spoken,
        loudness=np.array([loudness.integrated(sentence.start, sentence.end) for sentence in spoken]),
        duration_s=given.source.duration_s,
        language=given.language,
        count=clip_count(speech_s, wanted.max_clips),
        rules=wanted.rules,
        topics=wanted.topics,
        wordless=read_wordless(words),
        prompt=given.prompt,
        adverts=given.adverts,
        taste=taste,
        posted=posted,
    )


def _may_be_better(windows: pa.Table, picker: PickerName, settings: Settings) -> bool:
    """Whether the heuristic replaced a model that failed to answer but may answer now."""
    return settings.asks_model(picker) and HEURISTIC in windows["picker"].to_pylist()
