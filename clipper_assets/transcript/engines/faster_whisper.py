"""Engine `faster_whisper`: Whisper on CTranslate2 without torch, on a CPU or a GPU; suits a laptop."""

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from clipper_assets.media.speech import Samples
from clipper_assets.runtime.progress import Report
from clipper_assets.transcript.engines.segments import segment_words
from clipper_assets.transcript.engines.whisper import Recogniser, WhisperEngine
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.transcript_files import Cue

if TYPE_CHECKING:
    from faster_whisper import BatchedInferencePipeline, WhisperModel


class FasterWhisper(WhisperEngine):
    """Runs Whisper with faster-whisper. Words that no aligner can time keep Whisper's times, from its attention."""

    name: ClassVar[str] = "faster_whisper"

    def load(self, directory: Path, device: str, compute_type: str) -> Recogniser:
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        model = WhisperModel(str(directory), device=device, compute_type=compute_type)
        return _Pipeline(BatchedInferencePipeline(model), self.beam_size)


class _Pipeline:
    def __init__(self, pipeline: "BatchedInferencePipeline", beam_size: int):
        self.pipeline = pipeline
        self.beam_size = beam_size

    @property
    def whisper(self) -> "WhisperModel":
        return self.pipeline.model

    def decode(
        self, speech: Samples, spans: Sequence[Span], language: str, batch_size: int, report: Report
    ) -> list[tuple[Cue, float, float | None]]:
        segments, _ = self.pipeline.transcribe(
            speech,
            language=language,
            beam_size=self.beam_size,
            batch_size=batch_size,
            word_timestamps=True,
            clip_timestamps=[{"start": start, "end": end} for start, end in spans],
        )
        starts = [start for start, _ in spans]
        decoded: list[tuple[Cue, float, float | None]] = []
        for segment in segments:
            chunk = bisect_right(starts, segment.seek / 100 + 0.02) - 1
            cue = Cue(segment_words(segment, language), spans[chunk])
            decoded.append((cue, float(segment.avg_logprob), float(segment.no_speech_prob)))
            report((chunk + 1) / len(spans))
        return decoded
