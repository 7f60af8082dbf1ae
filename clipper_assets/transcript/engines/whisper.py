"""Base of the Whisper engines: splits speech into chunks, detects the language, decodes, aligns and marks doubts."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

import numpy as np

from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.models.fetch import writable_home
from clipper_assets.runtime.asset_names import ALIGNED_TRANSCRIPT
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.gpus import free_gpu_memory
from clipper_assets.runtime.progress import Report, Stage, part
from clipper_assets.setting_types import Device
from clipper_assets.settings import Settings
from clipper_assets.text.scripts import UNSPACED
from clipper_assets.transcript.aligners.auto import Aligners
from clipper_assets.transcript.aligners.base import Aligner, Block, with_times
from clipper_assets.transcript.doubt import Decoded, doubt_records, mark_doubts, removal_records
from clipper_assets.transcript.engines.base import Clock, Engine, EngineResult, EngineUnavailableError, Recording
from clipper_assets.transcript.engines.sequence import decode_in_sequence
from clipper_assets.transcript.models import ModelMissingError, ctranslate2_device
from clipper_assets.transcript.timing import Span, fit, interpolation_records
from clipper_assets.transcript.transcript_files import Cue, cue_words
from clipper_assets.transcript.vad import CHUNK_S, STRETCH_S, chunks
from clipper_assets.transcript.whisper_models import AUTO, ChosenWhisper, choose_whisper, fetch_whisper
from clipper_assets.transcript.words import Word

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

LANGUAGE_PLACES = 5
"""Number of places in an episode at which the language is detected."""
BATCH_SIZE = 8
UNDETERMINED = "und"
"""ISO 639-2 code for an undetermined language."""

Result = TypeVar("Result")


class Recogniser(Protocol):
    """A loaded Whisper model."""

    @property
    def whisper(self) -> "WhisperModel":
        """The faster-whisper model, which detects languages."""

    def decode(
        self, speech: Samples, spans: Sequence[Span], language: str, batch_size: int, report: Report
    ) -> list[tuple[Cue, float, float | None]]:
        """Decode the spans into tuples: the cue, the mean log probability, and the probability of silence if known.

        Raises RuntimeError if the batch does not fit into the GPU's memory.
        """


class WhisperEngine(Engine):
    """Finds speech, decodes it in sequence or in batches of chunks of up to 30 s, and times words with an aligner.

    A batch size of 1 decodes in sequence (see `decode_in_sequence`). Each microphone is transcribed separately. A model
    is loaded once for all microphones and unloaded before the next model is loaded, so that the GPU holds only one.
    """

    aligners: Aligners
    model: str = AUTO
    models_dir: str | None = None
    device: Device = Device.auto
    compute_type: str | None = None
    batch_size: int | None = None
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
        """Load the model in `directory`.

        Raises RuntimeError, ValueError or OSError if the files are not a model that runs on the device.
        """

    def transcribe(self, recording: Recording, stage: Stage) -> EngineResult:
        clock = Clock()
        device, compute_type = ctranslate2_device(self.device, self.compute_type)
        model = self._choose(device, stage)
        clock.stage("find model")
        with self._loaded(model, device, compute_type) as recogniser:
            clock.stage("load")
            if recording.language not in (None, *recogniser.whisper.supported_languages):
                raise EngineUnavailableError(
                    f"the Whisper model {model.name!r} does not know the language {recording.language!r}"
                )
            spans = [chunks(speech_spans) for speech_spans in recording.speech_by_track]
            clock.stage("find speech")
            language, places = detect_language(recogniser.whisper, recording, spans)
            report = stage("transcribing")
            decoded, batch_size = retry_with_smaller_batches(
                lambda size: self._decode(recogniser, recording, language, size, report),
                self.batch_size or default_batch_size(device, language),
            )
            clock.stage("transcribe")
        kept_chunks = [chunk for chunk in decoded if not chunk.is_invented]
        aligner, why = self.aligners.choose(language) if kept_chunks else (None, "")
        clock.stage("load aligner")
        cues, unaligned = _align(aligner, recording, kept_chunks, stage("aligning"))
        words = fit(_words(recording, kept_chunks, cues), recording.duration_s)
        clock.stage("align")
        degraded = removal_records([chunk for chunk in decoded if chunk.is_invented])
        if kept_chunks and not aligner:
            degraded.append(Degraded(ALIGNED_TRANSCRIPT, f"words are not aligned with the sound: {why}"))
        return EngineResult(
            words=words,
            language=language,
            model=model.name,
            stages_s=clock.stages_s,
            degraded=[*degraded, *doubt_records(words), *unaligned, *interpolation_records(words)],
            facts={
                "whisper_model": model.name,
                "whisper_model_why": model.why,
                "device": device,
                "compute_type": compute_type,
                "batch_size": batch_size,
                "language_detection": places,
                "aligner": f"{aligner.name if aligner else 'none'}{f' ({why})' if why else ''}",
            },
        )

    def _choose(self, device: str, stage: Stage) -> ChosenWhisper[Path]:
        """The model for this machine, fetched if necessary."""
        models_dir = Path(self.models_dir) if self.models_dir else None
        try:
            return choose_whisper(
                self.model,
                device,
                models_dir,
                lambda name: fetch_whisper(name, writable_home(models_dir), lambda: stage(f"fetching Whisper {name}")),
            )
        except ModelMissingError as missing:
            raise EngineUnavailableError(str(missing)) from None

    def _decode(
        self, recogniser: Recogniser, recording: Recording, language: str, batch_size: int, report: Report
    ) -> list[Decoded]:
        decoded = []
        for number, (track, speech_spans) in enumerate(zip(recording.tracks, recording.speech_by_track, strict=True)):
            track_report = part(report, number, len(recording.tracks))
            if batch_size == 1:
                stretches = chunks(speech_spans, STRETCH_S)
                passages = decode_in_sequence(
                    recogniser.whisper, track, stretches, language, self.beam_size, track_report
                )
            elif speech_spans:
                passages = recogniser.decode(track, chunks(speech_spans), language, batch_size, track_report)
            else:
                passages = []
            decoded += [
                Decoded(number, cue, log_probability, silence)
                for cue, log_probability, silence in passages
                if cue.words
            ]
            track_report(1.0)
        return decoded

    @contextmanager
    def _loaded(self, model: ChosenWhisper[Path], device: str, compute_type: str) -> Iterator[Recogniser]:
        """Load the model, and unload it at the end of the block."""
        try:
            recogniser = self.load(model.folder, device, compute_type)
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineUnavailableError(
                f"the Whisper model in {model.folder} does not load on {device}: {error}"
            ) from error
        try:
            yield recogniser
        finally:
            recogniser.whisper.model.unload_model()
            del recogniser
            free_gpu_memory()


def default_batch_size(device: str, language: str) -> int:
    """1, which decodes in sequence, on a CPU; `BATCH_SIZE` on a GPU and for languages written without spaces.

    Where Whisper writes times, as it does in sequence, it leaves out the full stops of these languages: `base` wrote 4
    of 12 in Japanese (a synthetic voice), and all 12 in batches.
    """
    return BATCH_SIZE if device == "cuda" or language in UNSPACED else 1


def retry_with_smaller_batches(work: Callable[[int], Result], batch_size: int) -> tuple[Result, int]:
    """Call `work` with `batch_size`, and halve it as long as the GPU runs out of memory.

    Returns the result of `work` and the batch size that fitted.
    """
    while True:
        try:
            return work(batch_size), batch_size
        except RuntimeError as error:  # torch's subclass, or CTranslate2's "CUDA failed with error out of memory"
            if "out of memory" not in str(error).lower() or batch_size == 1:
                raise
        free_gpu_memory()
        batch_size //= 2


def detect_language(whisper: "WhisperModel", recording: Recording, spans: Sequence[Sequence[Span]]) -> tuple[str, str]:
    """The language of an episode, and how it was determined.

    Whisper gives the probability of each language for up to 30 s of speech at `LANGUAGE_PLACES` places, spread evenly
    over all chunks. The language with the highest mean wins, so that a jingle or a greeting in another language does
    not decide for a whole episode.
    """
    if recording.language:
        return recording.language, "given"
    chunk_starts = [
        (track, start) for track, chunked in zip(recording.tracks, spans, strict=True) for start, _ in chunked
    ]
    if not chunk_starts:
        return UNDETERMINED, "no speech"
    if not whisper.model.is_multilingual:
        return "en", "the model is English"
    places = sorted({round(place) for place in np.linspace(0, len(chunk_starts) - 1, LANGUAGE_PLACES + 2)[1:-1]})
    totals: dict[str, float] = {}
    for track, start in (chunk_starts[place] for place in places):
        first = round(start * SPEECH_RATE_HZ)
        _, _, probabilities = whisper.detect_language(track[first : first + round(CHUNK_S * SPEECH_RATE_HZ)])
        for language, probability in probabilities:
            totals[language] = totals.get(language, 0.0) + probability / len(places)
    best = max(totals, key=totals.__getitem__)
    return best, f"{totals[best]:.0%} over {len(places)} places"


def _align(
    aligner: Aligner | None, recording: Recording, decoded: Sequence[Decoded], report: Report
) -> tuple[list[Cue], list[Degraded]]:
    """The decoded cues with aligned word times, and a fallback record if words keep Whisper's rougher times."""
    cues = [chunk.cue for chunk in decoded]
    if aligner is None:
        report(1.0)
        return cues, []
    rough = 0
    for track, speech in enumerate(recording.tracks):
        numbers = [number for number, chunk in enumerate(decoded) if chunk.track == track]
        blocks = [Block(cues[number].texts, cues[number].span) for number in numbers]
        placements = aligner.align(speech, blocks, part(report, track, len(recording.tracks)))
        for number, placement in zip(numbers, placements, strict=True):
            spans = placement or [None] * len(cues[number].words)
            rough += sum(
                not span and word.span is not None for word, span in zip(cues[number].words, spans, strict=True)
            )
            cues[number] = with_times(cues[number], spans)
    total = sum(len(cue.words) for cue in cues)
    reason = f"{rough} of {total} words could not be aligned with the sound and keep Whisper's own, rougher times"
    return cues, [Degraded(ALIGNED_TRANSCRIPT, reason)] if rough else []


def _words(recording: Recording, decoded: Sequence[Decoded], cues: Sequence[Cue]) -> list[Word]:
    """The words of the cues with their doubts and, if there are microphones, their speakers."""
    words = cue_words(cues, [[word.span for word in cue.words] for cue in cues])
    return [
        word
        for track, _ in enumerate(recording.tracks)
        for word in recording.with_microphone(
            track, mark_doubts([word for word in words if decoded[word.segment].track == track], decoded)
        )
    ]
