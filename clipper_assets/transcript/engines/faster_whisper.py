"""Engine `faster_whisper`: Whisper on CTranslate2, on a CPU or a GPU, without torch."""

import time
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from clipper_assets.episodes.degraded import Degraded
from clipper_assets.episodes.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.progress import Report
from clipper_assets.transcript.alignment import Block, align
from clipper_assets.transcript.engines.base import Engine, EngineUnavailableError, Heard, Recording
from clipper_assets.transcript.engines.models import device, find_whisper
from clipper_assets.transcript.pronunciation import is_said
from clipper_assets.transcript.timing import Span, fit
from clipper_assets.transcript.words import Word

if TYPE_CHECKING:
    from faster_whisper import BatchedInferencePipeline
    from faster_whisper.transcribe import Segment

CHUNK_S = 30.0
MIN_SILENCE_MS = 160
BATCH_SIZE = 8

# The limits by which Whisper's own decoder judges its output (Radford et al. 2022, section 4.5). faster-whisper
# ignores them when it decodes in batches.
SILENT_PROBABILITY = 0.6
SILENT_LOG_PROBABILITY = -1.0
REPEATED_COMPRESSION = 2.4

_UNSPACED = {"zh", "ja", "th", "lo", "my", "yue"}  # as in faster_whisper.tokenizer.Tokenizer.split_to_word_tokens


class FasterWhisper(Engine):
    """Speech is cut at pauses into chunks of up to 30 s, decoded in batches (as WhisperX does: Bain et al. 2023).

    English words are then placed by forced alignment; elsewhere their times are Whisper's own, from its attention.
    """

    name: ClassVar[str] = "faster_whisper"

    model: str = "small"
    models_dir: str | None = None
    beam_size: int = 5

    def transcribe(self, recording: Recording, report: Report) -> Heard:
        began = time.perf_counter()
        directory = find_whisper(self.model, Path(self.models_dir) if self.models_dir else None)
        pipeline = _load(directory, *device())
        if recording.language not in (None, *pipeline.model.supported_languages):
            raise EngineUnavailableError(
                f"the Whisper model {self.model!r} does not know the language {recording.language!r}"
            )
        loaded = time.perf_counter()
        chunks = speech_chunks(recording.speech)
        if not chunks:
            return Heard((), recording.language or "en", self.model, {"load": loaded - began})
        found, info = pipeline.transcribe(
            recording.speech,
            language=recording.language,
            beam_size=self.beam_size,
            batch_size=BATCH_SIZE,
            word_timestamps=True,
            clip_timestamps=[{"start": start, "end": end} for start, end in chunks],
        )
        segments = []
        for segment in found:
            report(0.9 * segment.end / recording.duration_s)
            segments.append(segment)
        decoded = time.perf_counter()
        words = segment_words(segments, chunks, info.language)
        degraded = repetitions(segments)
        if info.language == "en":
            words, unplaced = realigned(recording.speech, words, chunks, lambda share: report(0.9 + share / 10))
            degraded += unplaced
        report(1.0)
        return Heard(
            words=fit(words, recording.duration_s),
            language=info.language,
            model=self.model,
            stages_s={"load": loaded - began, "transcribe": decoded - loaded, "align": time.perf_counter() - decoded},
            degraded=degraded,
        )


@cache
def _load(directory: Path, device: str, compute_type: str) -> "BatchedInferencePipeline":
    """One model per process. Raises EngineUnavailableError where the files are not a model that runs on this device."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    try:
        return BatchedInferencePipeline(WhisperModel(str(directory), device=device, compute_type=compute_type))
    except (RuntimeError, ValueError) as error:
        raise EngineUnavailableError(f"the Whisper model in {directory} does not load on {device}: {error}") from error


def speech_chunks(speech: Samples) -> list[Span]:
    """Seconds of speech by Silero's voice activity detector, merged over pauses into chunks of at most `CHUNK_S`."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(max_speech_duration_s=CHUNK_S, min_silence_duration_ms=MIN_SILENCE_MS)
    chunks: list[Span] = []
    for piece in get_speech_timestamps(speech, options):
        start, end = piece["start"] / SPEECH_RATE_HZ, piece["end"] / SPEECH_RATE_HZ
        if chunks and end - chunks[-1][0] <= CHUNK_S:
            chunks[-1] = (chunks[-1][0], end)
        else:
            chunks.append((start, end))
    return chunks


def segment_words(segments: Iterable["Segment"], chunks: Sequence[Span], language: str) -> list[Word]:
    """The words of what was decoded, `segment` being the number of the chunk; chunks that were silent are left out.

    A mark belongs to the word before it, and so does a piece without a space before it ("-known" after "well"), except
    in languages that are written without spaces.
    """
    starts = [start for start, _ in chunks]
    words: list[Word] = []
    for segment in segments:
        if segment.no_speech_prob > SILENT_PROBABILITY and segment.avg_logprob < SILENT_LOG_PROBABILITY:
            continue
        chunk = bisect_right(starts, segment.seek / 100 + 0.02) - 1
        for heard in segment.words or ():
            text, start, end = heard.word.strip(), float(heard.start), float(heard.end)
            piece = language not in _UNSPACED and not heard.word.startswith(" ")
            follows = bool(words) and words[-1].segment == chunk
            if follows and (piece or not is_said(text)):
                words[-1] = replace(words[-1], text=words[-1].text + heard.word.rstrip(), end=end)
            elif is_said(text):
                words.append(Word(text, start, end, chunk, confidence=float(heard.probability)))
    return words


def realigned(
    speech: Samples, words: Sequence[Word], chunks: Sequence[Span], report: Report
) -> tuple[list[Word], list[Degraded]]:
    """The words placed by forced alignment inside their chunks; where that fails, Whisper's own times stay.

    The record says how many stayed; it is empty if none did.
    """
    groups = [list(group) for _, group in groupby(words, key=lambda word: word.segment)]
    blocks = [Block([word.text for word in group], chunks[group[0].segment]) for group in groups]
    placed: list[Word] = []
    kept = 0
    for group, spans in zip(groups, align(speech, blocks, report), strict=True):
        for word, span in zip(group, spans or [None] * len(group), strict=True):
            placed.append(replace(word, start=span[0], end=span[1]) if span else word)
            kept += span is None
    reason = f"{kept} of {len(words)} words could not be aligned with the sound and keep Whisper's own, rougher times"
    return placed, [Degraded("aligned_transcript", reason)] if kept else []


def repetitions(segments: Iterable["Segment"]) -> list[Degraded]:
    """A record of each stretch where the model repeated itself, which it does on music and noise."""
    return [
        Degraded(
            "aligned_transcript",
            f"Whisper repeats itself between {segment.start:.0f} s and {segment.end:.0f} s; what it heard is doubtful",
        )
        for segment in segments
        if segment.compression_ratio > REPEATED_COMPRESSION
    ]
