"""Engine `whisperx`: WhisperX 3.8, Whisper in batches and a wav2vec2 aligner; what a GPU uses.

An optional install (`pip install 'clipper_assets[whisperx]'`: torch, several gigabytes).
"""

from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from clipper_assets.media.speech import Samples
from clipper_assets.runtime.progress import Report, Stage
from clipper_assets.text.clean import clean_text
from clipper_assets.transcript.engines.base import EngineUnavailableError, Heard, Recording
from clipper_assets.transcript.engines.whisper import Recogniser, WhisperEngine
from clipper_assets.transcript.library import NOT_INSTALLED, import_whisperx, whisperx_installed
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.transcript_files import Cue, CueWord, said_words

if TYPE_CHECKING:
    from faster_whisper import WhisperModel


class WhisperX(WhisperEngine):
    """Words that no aligner can place are interpolated inside their chunk: WhisperX decodes without times."""

    name: ClassVar[str] = "whisperx"

    def transcribe(self, recording: Recording, stage: Stage) -> Heard:
        if not whisperx_installed():
            raise EngineUnavailableError(NOT_INSTALLED)
        return super().transcribe(recording, stage)

    def load(self, directory: Path, device: str, compute_type: str) -> Recogniser:
        whisperx = import_whisperx()
        chunked = _given_chunks()
        with redirect_stdout(None):  # it prints that it takes the detector that it was given
            pipeline = whisperx.load_model(
                str(directory),
                device=device,
                compute_type=compute_type,
                asr_options={"beam_size": self.beam_size},
                vad_model=chunked,
                local_files_only=True,
            )
        return _Pipeline(pipeline, chunked)


def _given_chunks() -> Any:
    """WhisperX's door for another voice activity detector (`vad_model`): hands out the `spans` that it is given.

    WhisperX's own two are pyannote's older one and the same Silero model, which it fetches from GitHub.
    """
    from whisperx.vads import Vad

    class GivenChunks(Vad):  # type: ignore[misc]  # WhisperX has no types
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

    return GivenChunks(vad_onset=0.5)


class _Pipeline:
    def __init__(self, pipeline: Any, chunked: Any):
        self.pipeline = pipeline
        self.chunked = chunked

    @property
    def whisper(self) -> "WhisperModel":
        model: WhisperModel = self.pipeline.model
        return model

    def decode(
        self, speech: Samples, spans: Sequence[Span], language: str, batch_size: int, report: Report
    ) -> list[tuple[Cue, float, float | None]]:
        self.chunked.spans = spans
        result = self.pipeline.transcribe(
            speech, batch_size=batch_size, language=language, progress_callback=lambda percent: report(percent / 100)
        )
        return [
            (
                Cue([CueWord(word) for word in said_words(clean_text(segment["text"]), language)], span),
                segment["avg_logprob"],
                None,
            )
            for segment, span in zip(result["segments"], spans, strict=True)
        ]
