"""`aligned_transcript`: every spoken word of an episode with its time."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
from pydantic import Field

from clipper_assets.episodes.partitions import episodes, per_episode
from clipper_assets.episodes.source import RawVideo
from clipper_assets.episodes.watch import UploadWatch
from clipper_assets.media.speech import load_speech
from clipper_assets.runtime.asset_names import ALIGNED_TRANSCRIPT
from clipper_assets.runtime.degraded import not_degraded, not_degraded_spec
from clipper_assets.runtime.gpus import on_own_gpu
from clipper_assets.runtime.lineage import reads
from clipper_assets.runtime.pools import GPU, GPU_STEP
from clipper_assets.runtime.progress import Progress
from clipper_assets.runtime.refusal import in_one_sentence, refusal
from clipper_assets.runtime.spend import metered
from clipper_assets.runtime.tenant import of_tenant
from clipper_assets.runtime.time_limit import time_limit
from clipper_assets.setting_types import Device, EngineName
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Show, load_show, spoken_language
from clipper_assets.shows.speakers import read_names
from clipper_assets.shows.speech_options import MAX_SPEAKERS
from clipper_assets.storage.base import Storage
from clipper_assets.storage.pictures import store_picture
from clipper_assets.storage.recipes import Recipe, StepConfig, difference, new_result, recipe_of, stored_result
from clipper_assets.storage.tables import LAKE_TABLE, TableResult, provenance
from clipper_assets.transcript.checks import CHECKS, check_words
from clipper_assets.transcript.companions import Companions, companions_in
from clipper_assets.transcript.crosstalk import silence_crosstalk
from clipper_assets.transcript.diarization import Diarizer
from clipper_assets.transcript.engines.auto import ENGINES, Engines, Transcription
from clipper_assets.transcript.engines.base import EngineResult, EngineUnavailableError, Recording
from clipper_assets.transcript.library import versions
from clipper_assets.transcript.lineage import SIDECARS, SPEECH_MODEL, transcript_reads
from clipper_assets.transcript.memory import PeakMemory
from clipper_assets.transcript.plot import pace_plot
from clipper_assets.transcript.preview import preview
from clipper_assets.transcript.sentences import split_sentences
from clipper_assets.transcript.speakers import name_speakers
from clipper_assets.transcript.whisper_models import AUTO, has_better
from clipper_assets.transcript.wordless import WORDLESS, wordless_spans
from clipper_assets.transcript.words import WORDS, sentences, words_table

CODE_VERSION = "3"


class TranscriptConfig(StepConfig):
    """Run config of the transcript."""

    engine: EngineName | None = Field(
        default=None,
        description=f"`auto` takes the first that can run of {', '.join(ENGINES)}; default: CLIPPER_TRANSCRIPT_ENGINE",
    )
    language: str | None = Field(
        default=None,
        description="ISO 639-1 code of the speech; default: the show's, else CLIPPER_LANGUAGE, else detected",
    )
    speakers: int | None = Field(
        default=None,
        ge=1,
        le=MAX_SPEAKERS,
        description="number of people who speak, for the diarization; default: the show's, else detected",
    )


def inputs(config: TranscriptConfig, show: Show, settings: Settings, sidecars: Mapping[str, str]) -> dict[str, Any]:
    """Everything beside the upstream table that decides the result; `sidecars` are ETags by object key.

    Device and number format are left out: the words from a GPU and from a CPU differ too little to transcribe a whole
    catalogue again.
    """
    return {
        "engine": config.engine or settings.transcript_engine,
        "language": spoken_language(config.language, show, settings),
        "speakers": config.speakers or show.speakers,
        "whisper_model": settings.whisper_model,
        "models_dir": str(settings.models_dir),
        "beam_size": settings.beam_size,
        "batch_size": settings.batch_size,
        "align_model": settings.align_model,
        "diarization_model": settings.diarization_model,
        "has_hub_token": settings.hf_token is not None,
        "sidecars": sidecars,
    }


@of_tenant
@dg.asset(
    partitions_def=episodes,
    kinds={"whisper", "parquet"},
    group_name="episodes",
    code_version=CODE_VERSION,
    pool=GPU,
    op_tags=GPU_STEP,
    metadata=WORDS.definition_metadata,
    deps=[SIDECARS, SPEECH_MODEL],
    check_specs=per_episode(*CHECKS, not_degraded_spec(ALIGNED_TRANSCRIPT)),
    io_manager_key="lake",
    dagster_type=LAKE_TABLE,
    description="One row per spoken word: its text, its time, its sentence and, where known, its speaker.",
)
@metered
@in_one_sentence
@on_own_gpu
def aligned_transcript(
    context: dg.AssetExecutionContext,
    config: TranscriptConfig,
    raw_video: pa.Table,
    storage: Storage,
    settings: dg.ResourceParam[Settings],
    engines: dg.ResourceParam[Engines],
    diarizer: Diarizer,
    progress: Progress,
) -> TableResult:
    source = RawVideo.from_table(raw_video)
    try:
        show, companions, read, recipe = _decisive(config, storage, settings, raw_video)
    except ValueError as unreadable:
        raise refusal(context, str(unreadable)) from None
    lineage = reads(context, read)
    stored = stored_result(context, config, storage, WORDS, recipe, lineage)
    if stored and not may_be_better(stored.value, settings):
        return stored
    stage = partial(progress.stage, context)
    watch = UploadWatch(storage, source.key, source.etag)  # a replaced upload also replaces the speech audio
    with (
        watch.reading(),
        time_limit(context, source.duration_s, settings.time_limit_scale),
        tempfile.TemporaryDirectory(prefix="clipper-") as folder,
        PeakMemory() as memory,
    ):
        language = spoken_language(config.language, show, settings)
        recording = _recording(source, storage, language, companions.transcript, Path(folder))
        try:
            names = read_names([storage.local_copy(key, Path(folder)) for key in companions.speakers])
            transcription = engines.transcribe(config.engine or settings.transcript_engine, recording, stage)
        except (EngineUnavailableError, ValueError) as mistake:
            raise refusal(context, f"{source.key} cannot be transcribed: {mistake}") from None
        diarization = diarizer.diarize(transcription.result.words, recording, config.speakers or show.speakers, stage)
        speech_spans = [span for spans in recording.speech_by_track for span in spans]
    result = transcription.result
    words, fallbacks = diarization.words, [*result.degraded, *diarization.degraded]
    _log(context, result, [*companions.warnings, *(fallback.reason for fallback in fallbacks)])
    degraded = [fallback.as_dict() for fallback in fallbacks]
    wordless = wordless_spans([(word.start, word.end) for word in words], speech_spans)
    table = words_table(
        context.partition_key,
        name_speakers(words, names),
        split_sentences(words, result.language),
        result.language,
        _provenance(transcription, source.etag, degraded) | {WORDLESS: json.dumps(wordless)},
    )
    return new_result(
        recipe,
        table,
        check_results=[
            *check_words(table, speech_spans, source.duration_s),
            not_degraded(ALIGNED_TRANSCRIPT, degraded),
        ],
        metadata={
            **_metadata(transcription, companions, table, source.duration_s),
            "pace": store_picture(storage, source.episode, "pace", pace_plot(table, speech_spans, source.duration_s)),
            "speakers": diarization.how,
            "peak_memory": memory.facts(),
            "degraded": dg.MetadataValue.json(degraded),
        },
        lineage=lineage,
    )


def _decisive(
    config: TranscriptConfig, storage: Storage, settings: Settings, raw_video: pa.Table
) -> tuple[Show, Companions, dict[dg.AssetKey, str], Recipe]:
    """The show, the files beside the upload, versions of what is read, and the recipe.

    Raises ValueError if `show.toml` cannot be read.
    """
    upload = RawVideo.from_table(raw_video).key
    show = load_show(storage, upload)
    language, usual_language = (spoken_language(asked, show, settings) for asked in (config.language, None))
    companions = companions_in(storage, upload, language)
    etags = companions.etags(storage.fingerprint)
    read = transcript_reads(show, settings, companions, etags)
    if language != usual_language:  # whoever observes files does not know the run config
        usual = companions_in(storage, upload, usual_language)
        read = transcript_reads(show, settings, usual, usual.etags(storage.fingerprint))
    return show, companions, read, recipe_of(config, CODE_VERSION, inputs(config, show, settings, etags), raw_video)


def why_again(
    stored: pa.Table, config: TranscriptConfig, storage: Storage, settings: Settings, raw_video: pa.Table
) -> str:
    """Why a run would make the stored table again, in words; empty if it would keep it. Raises as `_decisive`."""
    *_, recipe = _decisive(config, storage, settings, raw_video)
    better = "a better Whisper model is on this machine" if may_be_better(stored, settings) else ""
    return difference(stored, recipe, aligned_transcript) or better


def may_be_better(words: pa.Table, settings: Settings) -> bool:
    """Whether this machine has a better Whisper model on disk than the one that made the transcript.

    Only where the setting leaves the choice to the machine. A transcript is never made again with a lesser model, nor
    because a model could be downloaded.
    """
    made_by = provenance(words)
    by_whisper = made_by.get("engine") in (EngineName.whisperx, EngineName.faster_whisper)
    chosen = by_whisper and settings.whisper_model == AUTO
    # A process that shares GPUs sees one only in the step that takes it; `clip_stale` compares elsewhere.
    takes_gpu = settings.device is Device.auto and settings.gpu_locks is not None and bool(settings.gpus)
    return chosen and has_better(made_by["model"], Device.cuda if takes_gpu else settings.device, settings.models_dir)


def _provenance(transcription: Transcription, etag: str, degraded: list[dict[str, str]]) -> dict[str, str]:
    return {
        "engine": transcription.engine,
        "model": transcription.result.model,
        "language": transcription.result.language,
        "package_version": version("clipper_assets"),
        "etag": etag,
        "degraded": json.dumps(degraded),
    }


def _log(context: dg.AssetExecutionContext, result: EngineResult, warnings: Sequence[str]) -> None:
    if model := result.facts.get("whisper_model"):
        context.log.info(f"transcribed with Whisper {model}: {result.facts['whisper_model_why']}")
    for warning in warnings:
        context.log.warning(warning)


def _metadata(
    transcription: Transcription, companions: Companions, table: pa.Table, duration_s: float
) -> dict[str, Any]:
    """Metadata about the engine's work, with a preview of the transcript."""
    result, spoken = transcription.result, sentences(table)
    return {
        "engine": transcription.engine,
        "passed_over": list(transcription.passed_over),
        "transcript_file": companions.transcript or "none",
        "files_not_used": list(companions.warnings),
        "model": result.model,
        "language": result.language,
        **result.facts,
        "versions": versions(),
        "sentences": len(spoken),
        "speech_s": round(sum(sentence.end - sentence.start for sentence in spoken), 1),
        "seconds": {name: round(seconds, 2) for name, seconds in result.stages_s.items()},
        "real_time_factor": {name: round(seconds / duration_s, 4) for name, seconds in result.stages_s.items()},
        "transcript": dg.MetadataValue.md(preview(spoken)),
    }


def _recording(
    source: RawVideo, storage: Storage, language: str | None, transcript: str | None, folder: Path
) -> Recording:
    microphones = [load_speech(storage.local_copy(track.speech_key, folder)) for track in source.microphones]
    return Recording(
        speech=load_speech(storage.local_copy(source.speech_key, folder)),
        duration_s=source.duration_s,
        language=language,
        transcript_file=storage.local_copy(transcript, folder) if transcript else None,
        microphones=silence_crosstalk(microphones),
    )
