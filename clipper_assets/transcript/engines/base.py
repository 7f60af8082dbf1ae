"""The interface of transcript engines: their input, their result, and the error of an engine that cannot run."""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self

import dagster as dg

from clipper_assets.media.speech import Samples
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Stage
from clipper_assets.settings import Settings
from clipper_assets.transcript.crosstalk import speaker_of
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.vad import speech_spans
from clipper_assets.transcript.words import Word


class EngineUnavailableError(Exception):
    """The engine cannot run; the message says in one sentence why and, where possible, what to do."""


@dataclass(frozen=True)
class Recording:
    """The audio of one episode, the input of an engine.

    Attributes:
        speech: All voices mixed, 16 kHz mono.
        duration_s: Length of the episode.
        language: ISO 639-1 code; None to detect it.
        transcript_file: Local copy of the SRT, VTT or JSON file next to the upload, if there is one.
        microphones: 16 kHz mono per microphone, with cross-talk silenced; empty if the source has only a mix.
    """

    speech: Samples
    duration_s: float
    language: str | None = None
    transcript_file: Path | None = None
    microphones: Sequence[Samples] = ()

    @property
    def tracks(self) -> Sequence[Samples]:
        """The tracks to transcribe separately: each microphone, or the mix if there are no microphones."""
        return self.microphones or (self.speech,)

    @cached_property
    def speech_by_track(self) -> list[list[Span]]:
        """Spans of speech in each track, in seconds, from the voice activity detector."""
        return [speech_spans(track) for track in self.tracks]

    def with_microphone(self, track: int, words: Sequence[Word]) -> list[Word]:
        """Words of a track with its microphone and speaker; unchanged if the track is a mix."""
        if not self.microphones:
            return list(words)
        return [replace(word, channel=track, speaker=speaker_of(track)) for word in words]


@dataclass(frozen=True)
class EngineResult:
    """The words that an engine recognised, and how.

    Attributes:
        words: In time order, with 0 <= start < end <= duration.
        language: ISO 639-1 code, or `und` if it could not be determined.
        model: Name of the model, or of the transcript file.
        stages_s: Wall-clock seconds per stage ("load", "transcribe", "align").
        degraded: Fallbacks that were used.
        facts: Further metadata for the asset's page (device, number format, aligner, ...).
    """

    words: Sequence[Word]
    language: str
    model: str
    stages_s: Mapping[str, float]
    degraded: Sequence[Degraded] = field(default_factory=tuple)
    facts: Mapping[str, str | int | float] = field(default_factory=dict)


class Clock:
    """Measures the wall-clock seconds of consecutive stages."""

    def __init__(self) -> None:
        self.stages_s: dict[str, float] = {}
        self._last = time.perf_counter()

    def stage(self, name: str) -> None:
        """End the stage `name`; the next one begins."""
        now = time.perf_counter()
        self.stages_s[name], self._last = now - self._last, now


class Engine(dg.ConfigurableResource[None], ABC):
    """Transcribes an episode; docs/CONTRIBUTING.md says how to add an engine.

    Attributes:
        name: The engine's name in `EngineName` and the name of its module.
    """

    name: ClassVar[str]

    @classmethod
    def configured(cls, settings: Settings) -> Self:
        """The engine, configured from the environment. Keys and tokens are never fields: the UI shows fields."""
        del settings
        return cls()

    @abstractmethod
    def transcribe(self, recording: Recording, stage: Stage) -> EngineResult:
        """Transcribe the whole recording; `stage` returns a progress reporter for each long stage.

        Raises `EngineUnavailableError`, before any long work, if the engine cannot run on this machine or recording.
        """
