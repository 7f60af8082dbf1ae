"""The four engines behind one door: the best one that can run here, or the one that was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import dagster as dg

from clipper_assets.media.speech import Samples
from clipper_assets.runtime.asset_names import ALIGNED_TRANSCRIPT
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Stage
from clipper_assets.settings import EngineName
from clipper_assets.transcript.crosstalk import from_channel, without_doubles
from clipper_assets.transcript.engines.base import Engine, EngineUnavailableError, Heard, Recording
from clipper_assets.transcript.engines.faster_whisper import FasterWhisper
from clipper_assets.transcript.engines.pocketsphinx import PocketSphinx
from clipper_assets.transcript.engines.transcript_file import TranscriptFile
from clipper_assets.transcript.engines.whisperx import WhisperX
from clipper_assets.transcript.words import Word


@dataclass(frozen=True)
class Transcription:
    """What was heard, by which engine, and why the better ones were passed over (a sentence each)."""

    engine: str
    heard: Heard
    passed_over: Sequence[str]


class Engines(dg.ConfigurableResource[None]):
    """Every engine, configured."""

    transcript_file: TranscriptFile
    whisperx: WhisperX
    faster_whisper: FasterWhisper
    pocketsphinx: PocketSphinx

    def transcribe(self, name: EngineName, recording: Recording, stage: Stage) -> Transcription:
        """Transcribe with the engine `name`; `auto` takes the first of the four, in their order, that can run.

        A transcript that lies beside the upload and cannot be used is on record in `degraded`: somebody put it there.
        Raises EngineUnavailableError where the engine that was asked for, or every one of them, cannot.
        """
        ordered: list[Engine] = [self.transcript_file, self.whisperx, self.faster_whisper, self.pocketsphinx]
        passed_over: list[str] = []
        unused: list[Degraded] = []
        for engine in ordered:
            if name not in (EngineName.auto, engine.name):
                continue
            try:
                heard = engine.transcribe(recording, stage)
            except EngineUnavailableError as error:
                passed_over.append(f"{engine.name}: {error}")
                if engine is self.transcript_file and recording.transcript_file:
                    unused.append(Degraded(ALIGNED_TRANSCRIPT, f"the transcript was not used: {error}"))
                continue
            words = on_microphones(heard.words, recording.microphones)
            return Transcription(
                engine.name, replace(heard, words=words, degraded=[*unused, *heard.degraded]), passed_over
            )
        raise EngineUnavailableError("; ".join(passed_over))


def on_microphones(words: Sequence[Word], microphones: Sequence[Samples]) -> Sequence[Word]:
    """Words with the microphone that they were said into, each once."""
    if not microphones:
        return words
    if all(word.channel is None for word in words):
        return from_channel(words, microphones)
    return without_doubles(words, microphones)
