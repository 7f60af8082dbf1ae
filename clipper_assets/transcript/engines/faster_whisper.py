"""Engine `faster_whisper`: Whisper on CTranslate2 without torch, on a CPU or a GPU; suits a laptop."""

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


def segment_words(segment: "Segment", language: str) -> list[CueWord]:
    """The words of a decoded segment, with Whisper's times.

    Punctuation belongs to the word before it, and so does a piece without a leading space ("-known" after "well"). In
    languages that are written without spaces, the pieces are regrouped into the words of `split_unspaced`.
    """
    pieces = [
        (piece.word, float(piece.start), float(piece.end), float(piece.probability)) for piece in segment.words or ()
    ]
    if language in UNSPACED:
        pieces = _regrouped(pieces, language)
    words: list[CueWord] = []
    for raw, start, end, probability in pieces:
        text = clean_text(raw)
        continues_word = language not in UNSPACED and not text.startswith(" ")
        if words and (continues_word or not is_said(text)):
            first = words[-1].span or (start, end)
            words[-1] = replace(words[-1], text=words[-1].text + text.rstrip(), span=(first[0], end))
        elif is_said(text):
            words.append(CueWord(text.strip(), (start, end), confidence=probability, timing="attention"))
    return words


def _regrouped(
    pieces: Sequence[tuple[str, float, float, float]], language: str
) -> list[tuple[str, float, float, float]]:
    """Regroup pieces (text, start, end, probability) into words.

    A word has the time span and the mean probability of its letters.
    """
    letters = [piece[1:] for piece in pieces for char in piece[0] if not char.isspace()]
    words = []
    for text in split_unspaced("".join(piece[0] for piece in pieces), language):
        word_letters, letters = letters[: len(text)], letters[len(text) :]
        probability = sum(letter[2] for letter in word_letters) / len(word_letters)
        words.append((text, word_letters[0][0], word_letters[-1][1], probability))
    return words
