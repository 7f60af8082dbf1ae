"""Chooses the transcript engine: the requested one, or the first that can run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module

from clipper_assets.media.speech import Samples
from clipper_assets.runtime.asset_names import ALIGNED_TRANSCRIPT
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Stage
from clipper_assets.setting_types import EngineName
from clipper_assets.settings import Settings
from clipper_assets.transcript.crosstalk import assign_microphones, remove_echoes
from clipper_assets.transcript.engines.base import Engine, EngineResult, EngineUnavailableError, Recording
from clipper_assets.transcript.words import Word

ENGINES = tuple(name for name in EngineName if name is not EngineName.auto)


@dataclass(frozen=True)
class Transcription:
    """The result of the engine that ran, and for each engine tried before it, a sentence on why it could not run."""

    engine: str
    result: EngineResult
    passed_over: Sequence[str]


@dataclass(frozen=True)
class Engines:
    """The configured engines, in the order in which `auto` tries them."""

    engines: Sequence[Engine]

    @classmethod
    def configured(cls, settings: Settings, names: Sequence[str] = ENGINES) -> "Engines":
        """The engines with these names, configured from the environment."""
        return cls([engine_class(name).configured(settings) for name in names])

    def transcribe(self, name: str, recording: Recording, stage: Stage) -> Transcription:
        """Transcribe with the engine `name`; `auto` uses the first engine that can run.

        An unusable transcript file next to the upload is recorded in `degraded`, because somebody meant it to be used.
        Raises EngineUnavailableError if the requested engine, or with `auto` every engine, cannot run; the message
        is the reason of the last one, which needs the least.
        """
        passed_over: list[str] = []
        unused_file: list[Degraded] = []
        reason = f"there is no engine {name}"
        for engine in self.engines:
            if name not in (EngineName.auto, engine.name):
                continue
            try:
                result = engine.transcribe(recording, stage)
            except EngineUnavailableError as error:
                reason = str(error)
                passed_over.append(f"{engine.name}: {reason}")
                if engine.name == EngineName.transcript_file and recording.transcript_file:
                    unused_file.append(Degraded(ALIGNED_TRANSCRIPT, f"the transcript was not used: {error}"))
                continue
            words = with_microphones(result.words, recording.microphones)
            return Transcription(
                engine.name, replace(result, words=words, degraded=[*unused_file, *result.degraded]), passed_over
            )
        about_file = [file.reason for file in unused_file] if name == EngineName.auto else []
        raise EngineUnavailableError("; ".join([*about_file, reason]))


def engine_class(name: str) -> type[Engine]:
    """The engine class in the module `name` of this package."""
    module = import_module(f"{__package__}.{name}")
    (engine,) = (
        member
        for member in vars(module).values()
        if isinstance(member, type) and issubclass(member, Engine) and getattr(member, "name", None) == name
    )
    return engine


def with_microphones(words: Sequence[Word], microphones: Sequence[Samples]) -> Sequence[Word]:
    """The words with the microphone and speaker of each, without echoes from other microphones."""
    if not microphones:
        return words
    if all(word.channel is None for word in words):
        return assign_microphones(words, microphones)
    return remove_echoes(words, microphones)
