"""Engine `faster_whisper`: Whisper on CTranslate2, on a CPU or a GPU, without torch; what a laptop uses."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from clipper_assets.media.speech import Samples
from clipper_assets.runtime.progress import Report
from clipper_assets.text.clean import clean_text
from clipper_assets.text.scripts import UNSPACED, split_unspaced
from clipper_assets.transcript.engines.whisper import Recogniser, WhisperEngine
from clipper_assets.transcript.pronunciation import is_said
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.transcript_files import Cue, CueWord

if TYPE_CHECKING:
    from faster_whisper import BatchedInferencePipeline, WhisperModel
    from faster_whisper.transcribe import Segment


class FasterWhisper(WhisperEngine):
    """Words that no aligner can place keep Whisper's own times, from its attention."""

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
        found, _ = self.pipeline.transcribe(
            speech,
            language=language,
            beam_size=self.beam_size,
            batch_size=batch_size,
            word_timestamps=True,
            clip_timestamps=[{"start": start, "end": end} for start, end in spans],
        )
        starts = [start for start, _ in spans]
        decoded: list[tuple[Cue, float, float | None]] = []
        for segment in found:
            chunk = bisect_right(starts, segment.seek / 100 + 0.02) - 1
            cue = Cue(segment_words(segment, language), spans[chunk])
            decoded.append((cue, float(segment.avg_logprob), float(segment.no_speech_prob)))
            report((chunk + 1) / len(spans))
        return decoded


def segment_words(segment: "Segment", language: str) -> list[CueWord]:
    """The words of what was decoded, with Whisper's own times.

    A mark belongs to the word before it, and so does a piece without a space before it ("-known" after "well"); in
    languages that are written without spaces the pieces are put together to the words of `split_unspaced`.
    """
    heard = [
        (piece.word, float(piece.start), float(piece.end), float(piece.probability)) for piece in segment.words or ()
    ]
    if language in UNSPACED:
        heard = _regrouped(heard, language)
    words: list[CueWord] = []
    for raw, start, end, probability in heard:
        text = clean_text(raw)
        piece = language not in UNSPACED and not text.startswith(" ")
        if words and (piece or not is_said(text)):
            first = words[-1].span or (start, end)
            words[-1] = replace(words[-1], text=words[-1].text + text.rstrip(), span=(first[0], end))
        elif is_said(text):
            words.append(CueWord(text.strip(), (start, end), confidence=probability))
    return words


def _regrouped(
    heard: Sequence[tuple[str, float, float, float]], language: str
) -> list[tuple[str, float, float, float]]:
    """Pieces (text, start, end, probability) put together to words, each as long and as probable as its letters."""
    letters = [piece[1:] for piece in heard for char in piece[0] if not char.isspace()]
    words = []
    for text in split_unspaced("".join(piece[0] for piece in heard), language):
        mine, letters = letters[: len(text)], letters[len(text) :]
        words.append((text, mine[0][0], mine[-1][1], sum(letter[2] for letter in mine) / len(mine)))
    return words
