"""Engine `whisperx`: WhisperX 3.8, batched Whisper with a wav2vec2 aligner; suits a GPU.

It is optional (`pip install 'clipper_assets[whisperx]'`: torch, several gigabytes).
"""

from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from clipper_assets.media.speech import Samples
from clipper_assets.runtime.progress import Report, Stage
from clipper_assets.text.clean import clean_text
from clipper_assets.transcript.engines.base import EngineResult, EngineUnavailableError, Recording
from clipper_assets.transcript.engines.whisper import Recogniser, WhisperEngine
from clipper_assets.transcript.library import NOT_INSTALLED, import_whisperx, whisperx_installed
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.transcript_files import Cue, CueWord, split_words

if TYPE_CHECKING:
    from faster_whisper import WhisperModel


class WhisperX(WhisperEngine):
    """Runs Whisper with WhisperX. It decodes without word times, so words that no aligner can time are interpolated."""

    name: ClassVar[str] = "whisperx"

    def transcribe(self, recording: Recording, stage: Stage) -> EngineResult:
        if not whisperx_installed():
            raise EngineUnavailableError(NOT_INSTALLED)
        return super().transcribe(recording, stage)

    def load(self, directory: Path, device: str, compute_type: str) -> Recogniser:
        whisperx = import_whisperx()
        detector = _fixed_chunks()
        with redirect_stdout(None):  # WhisperX prints a note about the custom detector
            pipeline = whisperx.load_model(
                str(directory),
                device=device,
                compute_type=compute_type,
                asr_options={"beam_size": self.beam_size},
                vad_model=detector,
                local_files_only=True,
            )
        return _Pipeline(pipeline, detector)


def _fixed_chunks() -> Any:
    """A voice activity detector for WhisperX (`vad_model`) that returns the `spans` set on it.

    WhisperX has two detectors: an older one by pyannote, and the same Silero model, which it downloads from GitHub.
    """
    from whisperx.vads import Vad

    class FixedChunks(Vad):  # type: ignore[misc]  # WhisperX has no types
        spans: Sequence[Span] = ()

        def __call__(self, audio: Any) -> Sequence[Span]:
            del audio
            return self.spans

        @staticmethod
        def preprocess_audio(audio: Samples) -> Samples:
            return audio

        @staticmethod
        def merge_chunks(segments: Sequence[Span], chunk_size: float, onset: float, offset: float) -> list[Any]:
            del chunk_size, onset, offset
            return [{"start": start, "end": end, "segments": [(start, end)]} for start, end in segments]

    return FixedChunks(vad_onset=0.5)


class _Pipeline:
    def __init__(self, pipeline: Any, detector: Any):
        self.pipeline = pipeline
        self.detector = detector

    @property
    def whisper(self) -> "WhisperModel":
        model: WhisperModel = self.pipeline.model
        return model

    def decode(
        self, speech: Samples, spans: Sequence[Span], language: str, batch_size: int, report: Report
    ) -> list[tuple[Cue, float, float | None]]:
        self.detector.spans = spans
        result = self.pipeline.transcribe(
            speech, batch_size=batch_size, language=language, progress_callback=lambda percent: report(percent / 100)
        )
        return [
            (
                Cue([CueWord(word) for word in split_words(clean_text(segment["text"]), language)], span),
                segment["avg_logprob"],
                None,
            )
            for segment, span in zip(result["segments"], spans, strict=True)
        ]
