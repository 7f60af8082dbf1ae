"""Chooses the engine: the first that can run here, or the one that is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module

from clipper_assets.media.speech import Samples
from clipper_assets.runtime.asset_names import ALIGNED_TRANSCRIPT
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Stage
from clipper_assets.settings import EngineName, Settings
from clipper_assets.transcript.crosstalk import from_channel, without_doubles
from clipper_assets.transcript.engines.base import Engine, EngineUnavailableError, Heard, Recording
from clipper_assets.transcript.words import Word

ENGINES = tuple(name for name in EngineName if name is not EngineName.auto)


@dataclass(frozen=True)
class Transcription:
    """What was heard, by which engine, and why the better ones were passed over (a sentence each)."""

    engine: str
    heard: Heard
    passed_over: Sequence[str]


@dataclass(frozen=True)
class Engines:
    """Every engine, configured, in the order in which `auto` tries them."""

    engines: Sequence[Engine]

    @classmethod
    def configured(cls, settings: Settings, names: Sequence[str] = ENGINES) -> "Engines":
        """The engines of these names, as the environment configures them."""
        return cls([engine_class(name).configured(settings) for name in names])

    def transcribe(self, name: str, recording: Recording, stage: Stage) -> Transcription:
        """Transcribe with the engine `name`; `auto` takes the first that can run.

        A transcript that lies beside the upload and cannot be used is on record in `degraded`: somebody put it there.
        Raises EngineUnavailableError where the engine that was asked for, or every one of them, cannot.
        """
        passed_over: list[str] = []
        unused: list[Degraded] = []
        for engine in self.engines:
            if name not in (EngineName.auto, engine.name):
                continue
            try:
                heard = engine.transcribe(recording, stage)
            except EngineUnavailableError as error:
                passed_over.append(f"{engine.name}: {error}")
                if engine.name == EngineName.transcript_file and recording.transcript_file:
                    unused.append(Degraded(ALIGNED_TRANSCRIPT, f"the transcript was not used: {error}"))
                continue
            words = on_microphones(heard.words, recording.microphones)
            return Transcription(
                engine.name, replace(heard, words=words, degraded=[*unused, *heard.degraded]), passed_over
            )
        raise EngineUnavailableError("; ".join(passed_over))


def engine_class(name: str) -> type[Engine]:
    """The engine in the module of that name in this package."""
    module = import_module(f"{__package__}.{name}")
    (engine,) = (
        member
        for member in vars(module).values()
        if isinstance(member, type) and issubclass(member, Engine) and getattr(member, "name", None) == name
    )
    return engine


def on_microphones(words: Sequence[Word], microphones: Sequence[Samples]) -> Sequence[Word]:
    """Words with the microphone that they were said into, each once."""
    if not microphones:
        return words
    if all(word.channel is None for word in words):
        return from_channel(words, microphones)
    return without_doubles(words, microphones)
