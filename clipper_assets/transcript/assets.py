"""`aligned_transcript`: every word of an episode, with its time."""

import hashlib
import json
import tempfile
from importlib.metadata import version
from pathlib import Path

import dagster as dg
import pyarrow as pa
from pydantic import Field

from clipper_assets.episodes.degraded import not_degraded, not_degraded_spec
from clipper_assets.episodes.partitions import episodes
from clipper_assets.episodes.source import RawVideo
from clipper_assets.episodes.speech import load_speech
from clipper_assets.episodes.storage import Storage
from clipper_assets.episodes.tables import LAKE_TABLE, TableResult
from clipper_assets.progress import Progress
from clipper_assets.settings import EngineName, Settings
from clipper_assets.transcript.checks import IS_ORDERED, is_ordered
from clipper_assets.transcript.cues import transcript_keys
from clipper_assets.transcript.engines.auto import Engines
from clipper_assets.transcript.engines.base import EngineUnavailableError, Recording
from clipper_assets.transcript.preview import preview
from clipper_assets.transcript.sentences import split_sentences
from clipper_assets.transcript.words import WORDS, sentences, words_table


class TranscriptConfig(dg.Config):
    """What one run may decide about its transcript."""

    engine: EngineName | None = Field(
        default=None,
        description="`auto` takes the first that can run of transcript_file, whisperx, faster_whisper, pocketsphinx; "
        "default: CLIPPER_TRANSCRIPT_ENGINE",
    )
    language: str | None = Field(
        default=None, description="ISO 639-1 code of the speech; default: CLIPPER_LANGUAGE, or detected"
    )


@dg.asset(
    partitions_def=episodes,
    kinds={"whisper", "parquet"},
    group_name="episodes",
    code_version="1",
    pool="gpu",
    metadata=WORDS.definition_metadata,
    check_specs=[IS_ORDERED, not_degraded_spec("aligned_transcript")],
    io_manager_key="lake",
    dagster_type=LAKE_TABLE,
    description="One row per spoken word: its text, its time, its sentence and, where known, its speaker.",
)
def aligned_transcript(
    context: dg.AssetExecutionContext,
    config: TranscriptConfig,
    raw_video: pa.Table,
    storage: Storage,
    engines: Engines,
    progress: Progress,
) -> TableResult:
    settings = Settings()
    source = RawVideo.from_table(raw_video)
    language = config.language or settings.language
    beside = next((key for key in transcript_keys(source.key, language) if storage.exists(key)), None)
    with tempfile.TemporaryDirectory(prefix="clipper-") as folder:
        recording = Recording(
            speech=load_speech(storage.local_copy(source.speech_key, Path(folder))),
            duration_s=source.duration_s,
            language=language,
            transcript_file=storage.local_copy(beside, Path(folder)) if beside else None,
        )
        try:
            result = engines.transcribe(
                config.engine or settings.transcript_engine, recording, progress.stage(context, "transcribing")
            )
        except EngineUnavailableError as unavailable:
            raise dg.Failure(f"{source.key} cannot be transcribed: {unavailable}", allow_retries=False) from None
    heard = result.heard
    if not heard.words:
        raise dg.Failure(
            f"no speech was found in {source.key} by {result.engine}; check that the upload has the right audio "
            "track, or put its transcript (.srt or .vtt) beside it",
            allow_retries=False,
        )
    degraded = [fallback.as_dict() for fallback in heard.degraded]
    for fallback in heard.degraded:
        context.log.warning(fallback.reason)
    table = words_table(
        context.partition_key,
        heard.words,
        split_sentences(heard.words, heard.language),
        heard.language,
        {
            "engine": result.engine,
            "model": heard.model,
            "package_version": version("clipper_assets"),
            "etag": source.etag,
            "degraded": json.dumps(degraded),
        },
    )
    found = sentences(table)
    return TableResult(
        value=table,
        data_version=dg.DataVersion(hashlib.sha256(json.dumps(table.to_pylist()).encode()).hexdigest()),
        check_results=[is_ordered(table, source.duration_s), not_degraded("aligned_transcript", degraded)],
        metadata={
            "dagster/row_count": table.num_rows,
            "engine": result.engine,
            "passed_over": list(result.passed_over),
            "model": heard.model,
            "language": heard.language,
            "sentences": len(found),
            "speech_s": round(sum(sentence.end - sentence.start for sentence in found), 1),
            "seconds": {stage: round(seconds, 2) for stage, seconds in heard.stages_s.items()},
            "real_time_factor": {
                stage: round(seconds / source.duration_s, 4) for stage, seconds in heard.stages_s.items()
            },
            "degraded": dg.MetadataValue.json(degraded),
            "transcript": dg.MetadataValue.md(preview(found)),
        },
    )
