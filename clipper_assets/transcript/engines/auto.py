"""The four engines behind one door: the best one that can run here, or the one that was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from clipper_assets.progress import Report
from clipper_assets.settings import EngineName
from clipper_assets.transcript.engines.base import Engine, EngineUnavailableError, Heard, Recording
from clipper_assets.transcript.engines.faster_whisper import FasterWhisper
from clipper_assets.transcript.engines.pocketsphinx import PocketSphinx
from clipper_assets.transcript.engines.transcript_file import TranscriptFile
from clipper_assets.transcript.engines.whisperx import WhisperX


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

    def transcribe(self, name: EngineName, recording: Recording, report: Report) -> Transcription:
        """Transcribe with the engine `name`; `auto` takes the first of the four, in their order, that can run.

        Raises EngineUnavailableError where the engine that was asked for, or every one of them, cannot.
        """
        ordered: list[Engine] = [self.transcript_file, self.whisperx, self.faster_whisper, self.pocketsphinx]
        passed_over: list[str] = []
        for engine in ordered:
            if name not in (EngineName.auto, engine.name):
                continue
            try:
                return Transcription(engine.name, engine.transcribe(recording, report), passed_over)
            except EngineUnavailableError as error:
                passed_over.append(f"{engine.name}: {error}")
        raise EngineUnavailableError("; ".join(passed_over))
