"""What the Whisper engines have in common: chunks of speech, the language, the aligner, doubts, and microphones."""

import gc
import sys
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

import numpy as np

from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.runtime.asset_names import ALIGNED_TRANSCRIPT
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Report, Stage, part
from clipper_assets.settings import Device, Settings
from clipper_assets.transcript.aligners.auto import Aligners
from clipper_assets.transcript.aligners.base import Aligner, Block, with_times
from clipper_assets.transcript.doubt import Decoded, doubtful, left_out, marked
from clipper_assets.transcript.engines.base import Clock, Engine, EngineUnavailableError, Heard, Recording
from clipper_assets.transcript.models import ModelMissingError, ctranslate2_device, find_whisper
from clipper_assets.transcript.timing import Span, fit, interpolation
from clipper_assets.transcript.transcript_files import Cue, cue_words
from clipper_assets.transcript.vad import CHUNK_S, chunks
from clipper_assets.transcript.words import Word

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

LANGUAGE_PLACES = 5
UNDETERMINED = "und"
"""ISO 639-2's code for a language that cannot be told."""

Result = TypeVar("Result")


class Recogniser(Protocol):
    """A loaded model."""

    @property
    def whisper(self) -> "WhisperModel":
        """The model itself, which knows languages."""

    def decode(
        self, speech: Samples, spans: Sequence[Span], language: str, batch_size: int, report: Report
    ) -> list[tuple[Cue, float, float | None]]:
        """What is said in each of the spans: the cue, the mean log probability and the probability of silence.

        Raises RuntimeError where the GPU has no memory for the batch.
        """


class WhisperEngine(Engine):
    """Speech is cut at pauses into chunks of up to 30 s, decoded in batches, and placed by the language's aligner.

    Every microphone is heard on its own. A model is loaded once for all of them and given back before the next one is
    loaded, so that a GPU holds one at a time.
    """

    aligners: Aligners
    model: str = "small"
    models_dir: str | None = None
    device: Device = Device.auto
    compute_type: str | None = None
    batch_size: int = 8
    beam_size: int = 5

    @classmethod
    def configured(cls, settings: Settings) -> Self:
        return cls(
            aligners=Aligners.configured(settings),
            model=settings.whisper_model,
            models_dir=str(settings.models_dir) if settings.models_dir else None,
            device=settings.device,
            compute_type=settings.compute_type,
            batch_size=settings.batch_size,
            beam_size=settings.beam_size,
        )

    @abstractmethod
    def load(self, directory: Path, device: str, compute_type: str) -> Recogniser:
        """Raises RuntimeError, ValueError or OSError where the files are no model that runs on the device."""

    def transcribe(self, recording: Recording, stage: Stage) -> Heard:
        clock = Clock()
        try:
            directory = find_whisper(self.model, Path(self.models_dir) if self.models_dir else None)
        except ModelMissingError as missing:
            raise EngineUnavailableError(str(missing)) from None
        device, compute_type = ctranslate2_device(self.device, self.compute_type)
        with self._loaded(directory, device, compute_type) as recogniser:
            clock.stage("load")
            if recording.language not in (None, *recogniser.whisper.supported_languages):
                raise EngineUnavailableError(
                    f"the Whisper model {self.model!r} does not know the language {recording.language!r}"
                )
            spans = [chunks(voice) for voice in recording.voice]
            clock.stage("find speech")
            language, places = detect_language(recogniser.whisper, recording, spans)
            report = stage("transcribing")
            decoded, batch_size = smaller_batches(
                lambda size: _decode(recogniser, recording, spans, language, size, report), self.batch_size
            )
            clock.stage("transcribe")
        heard = [chunk for chunk in decoded if not chunk.is_invented]
        aligner, why = self.aligners.choose(language) if heard else (None, "")
        clock.stage("load aligner")
        cues, unplaced = _placed(aligner, recording, heard, stage("aligning"))
        words = fit(_words(recording, heard, cues), recording.duration_s)
        clock.stage("align")
        degraded = left_out([chunk for chunk in decoded if chunk.is_invented])
        if heard and not aligner:
            degraded.append(Degraded(ALIGNED_TRANSCRIPT, f"words are not aligned with the sound: {why}"))
        return Heard(
            words=words,
            language=language,
            model=self.model,
            stages_s=clock.stages_s,
            degraded=[*degraded, *doubtful(words), *unplaced, *interpolation(words)],
            facts={
                "device": device,
                "compute_type": compute_type,
                "batch_size": batch_size,
                "language_detection": places,
                "aligner": f"{aligner.name if aligner else 'none'}{f' ({why})' if why else ''}",
            },
        )

    @contextmanager
    def _loaded(self, directory: Path, device: str, compute_type: str) -> Iterator[Recogniser]:
        """The model, whose memory is given back afterwards."""
        try:
            recogniser = self.load(directory, device, compute_type)
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineUnavailableError(
                f"the Whisper model in {directory} does not load on {device}: {error}"
            ) from error
        try:
            yield recogniser
        finally:
            recogniser.whisper.model.unload_model()
            del recogniser
            free_gpu()


def free_gpu() -> None:
    """Give memory that nothing holds any more back to the GPU, where torch keeps it."""
    gc.collect()
    if torch := sys.modules.get("torch"):
        torch.cuda.empty_cache()


def smaller_batches(work: Callable[[int], Result], batch_size: int) -> tuple[Result, int]:
    """What `work` does with `batch_size`, or half of it, and so on, as long as the GPU runs out of memory.

    Also returns the size that fitted.
    """
    while True:
        try:
            return work(batch_size), batch_size
        except RuntimeError as error:  # torch's own kind of it, or CTranslate2's "CUDA failed with error out of memory"
            if "out of memory" not in str(error).lower() or batch_size == 1:
                raise
        free_gpu()
        batch_size //= 2


def detect_language(whisper: "WhisperModel", recording: Recording, spans: Sequence[Sequence[Span]]) -> tuple[str, str]:
    """The language of an episode, and how it was found.

    Whisper listens to up to 30 s of speech at `LANGUAGE_PLACES` places, evenly spread over all chunks: a jingle, a
    trailer or a guest's greeting does not decide for two hours. The mean of the probabilities does.
    """
    if recording.language:
        return recording.language, "given"
    found = [(track, start) for track, chunked in zip(recording.tracks, spans, strict=True) for start, _ in chunked]
    if not found:
        return UNDETERMINED, "no speech"
    if not whisper.model.is_multilingual:
        return "en", "the model is English"
    chosen = sorted({round(at) for at in np.linspace(0, len(found) - 1, LANGUAGE_PLACES + 2)[1:-1]})
    totals: dict[str, float] = {}
    for track, start in (found[place] for place in chosen):
        first = round(start * SPEECH_RATE_HZ)
        heard = whisper.detect_language(track[first : first + round(CHUNK_S * SPEECH_RATE_HZ)])
        for language, probability in heard[2]:
            totals[language] = totals.get(language, 0.0) + probability / len(chosen)
    best = max(totals, key=totals.__getitem__)
    return best, f"{totals[best]:.0%} over {len(chosen)} places"


def _decode(
    recogniser: Recogniser,
    recording: Recording,
    spans: Sequence[Sequence[Span]],
    language: str,
    batch_size: int,
    report: Report,
) -> list[Decoded]:
    decoded = []
    for number, (track, chunked) in enumerate(zip(recording.tracks, spans, strict=True)):
        reports = part(report, number, len(spans))
        if chunked:
            decoded += [
                Decoded(number, cue, log_probability, silence)
                for cue, log_probability, silence in recogniser.decode(track, chunked, language, batch_size, reports)
                if cue.words
            ]
        reports(1.0)
    return decoded


def _placed(
    aligner: Aligner | None, recording: Recording, heard: Sequence[Decoded], report: Report
) -> tuple[list[Cue], list[Degraded]]:
    """The cues of what was heard, their words placed in the sound, and a record of those that keep rougher times."""
    cues = [chunk.cue for chunk in heard]
    if aligner is None:
        report(1.0)
        return cues, []
    rough = 0
    for track, speech in enumerate(recording.tracks):
        mine = [number for number, chunk in enumerate(heard) if chunk.track == track]
        blocks = [Block(cues[number].texts, cues[number].span) for number in mine]
        placements = aligner.align(speech, blocks, part(report, track, len(recording.tracks)))
        for number, placement in zip(mine, placements, strict=True):
            found = placement or [None] * len(cues[number].words)
            rough += sum(not at and word.span is not None for word, at in zip(cues[number].words, found, strict=True))
            cues[number] = with_times(cues[number], found)
    total = sum(len(cue.words) for cue in cues)
    reason = f"{rough} of {total} words could not be aligned with the sound and keep Whisper's own, rougher times"
    return cues, [Degraded(ALIGNED_TRANSCRIPT, reason)] if rough else []


def _words(recording: Recording, heard: Sequence[Decoded], cues: Sequence[Cue]) -> list[Word]:
    """Every word of the cues, with its doubt and, where microphones are heard on their own, with its speaker."""
    words = cue_words(cues, [[word.span for word in cue.words] for cue in cues])
    return [
        word
        for track, _ in enumerate(recording.tracks)
        for word in recording.said_on(
            track, marked([word for word in words if heard[word.segment].track == track], heard)
        )
    ]
