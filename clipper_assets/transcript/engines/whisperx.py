"""Engine `whisperx`: WhisperX 3.8, Whisper in batches and a wav2vec2 aligner; the most exact word times, on a GPU.

An optional install (`pip install 'clipper_assets[whisperx]'`: torch, several gigabytes).
"""

import os
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from clipper_assets.progress import Report
from clipper_assets.transcript.cues import cue_words, transcript_of
from clipper_assets.transcript.engines.base import Engine, EngineUnavailableError, Heard, Recording
from clipper_assets.transcript.engines.models import device, find_whisper
from clipper_assets.transcript.timing import fit, interpolation
from clipper_assets.transcript.words import Word

BATCH_SIZE = 8


class WhisperX(Engine):
    """`align_model` is a directory or hub name of a wav2vec2 model; default: WhisperX's own for the language."""

    name: ClassVar[str] = "whisperx"

    model: str = "small"
    models_dir: str | None = None
    align_model: str | None = None
    beam_size: int = 5

    def transcribe(self, recording: Recording, report: Report) -> Heard:
        began = time.perf_counter()
        if not find_spec("whisperx"):
            raise EngineUnavailableError("WhisperX is not installed; pip install 'clipper_assets[whisperx]'")
        directory = find_whisper(self.model, Path(self.models_dir) if self.models_dir else None)
        os.environ.setdefault("PYANNOTE_METRICS_ENABLED", "0")  # pyannote 4 sends telemetry otherwise
        import whisperx

        where, compute_type = device()
        try:
            recogniser = whisperx.load_model(
                str(directory),
                device=where,
                compute_type=compute_type,
                asr_options={"beam_size": self.beam_size},
                language=recording.language,
                local_files_only=True,
            )
            language = recording.language or _detected(recogniser, recording)
            aligner, aligner_facts = whisperx.load_align_model(
                language_code=language, device=where, model_name=self._align_model()
            )
        except (OSError, RuntimeError, ValueError) as error:
            raise EngineUnavailableError(f"WhisperX's models do not load: {error}") from error
        loaded = time.perf_counter()
        result = recogniser.transcribe(
            recording.speech,
            batch_size=BATCH_SIZE,
            language=language,
            progress_callback=lambda percent: report(percent / 200),
        )
        transcribed = time.perf_counter()
        aligned = whisperx.align(
            result["segments"],
            aligner,
            aligner_facts,
            recording.speech,
            where,
            progress_callback=lambda percent: report(0.5 + percent / 200),
        )
        words = words_of(aligned, recording.duration_s)
        return Heard(
            words=words,
            language=language,
            model=self.model,
            stages_s={
                "load": loaded - began,
                "transcribe": transcribed - loaded,
                "align": time.perf_counter() - transcribed,
            },
            degraded=interpolation(words),
        )

    def _align_model(self) -> str | None:
        """`align_model` in the models directory, if it lies there."""
        if self.align_model and self.models_dir and (local := Path(self.models_dir) / self.align_model).is_dir():
            return str(local)
        return self.align_model


def _detected(recogniser: Any, recording: Recording) -> str:
    multilingual = recogniser.model.model.is_multilingual
    return str(recogniser.detect_language(recording.speech)) if multilingual else "en"


def words_of(aligned: Any, duration_s: float) -> list[Word]:
    """The words of what `whisperx.align` returns, every one of them, also those that it could not align."""
    cues = transcript_of(aligned).cues
    return fit(cue_words(cues, [[word.span for word in cue.words] for cue in cues]), duration_s)
