"""What an engine is given, what it gives back, and how it says that it cannot."""

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
    """The engine cannot run here; the message says in one sentence why and how to get it."""


@dataclass(frozen=True)
class Recording:
    """One episode as an engine meets it.

    `speech` is 16 kHz mono, all voices together; `microphones` the same of each microphone on its own, where the source
    has them, with the cross-talk silenced; `language` an ISO 639-1 code or None to detect it; `transcript_file` a local
    copy of the SRT, VTT or JSON that lies beside the upload, if one does.
    """

    speech: Samples
    duration_s: float
    language: str | None = None
    transcript_file: Path | None = None
    microphones: Sequence[Samples] = ()

    @property
    def tracks(self) -> Sequence[Samples]:
        """What is transcribed on its own: each microphone, or all voices together where there is only that."""
        return self.microphones or (self.speech,)

    @cached_property
    def voice(self) -> list[list[Span]]:
        """Seconds of speech of each track, by the voice activity detector."""
        return [speech_spans(track) for track in self.tracks]

    def said_on(self, track: int, words: Sequence[Word]) -> list[Word]:
        """Words that were heard on a track, with its microphone and speaker where it is one."""
        if not self.microphones:
            return list(words)
        return [replace(word, channel=track, speaker=speaker_of(track)) for word in words]


@dataclass(frozen=True)
class Heard:
    """What an engine heard: words in time order with 0 <= start < end <= duration.

    `stages_s` are wall-clock seconds per stage ("load", "transcribe", "align"); `facts` what else a person may want to
    know of how it was heard (device, number format, aligner, ...).
    """

    words: Sequence[Word]
    language: str
    model: str
    stages_s: Mapping[str, float]
    degraded: Sequence[Degraded] = field(default_factory=tuple)
    facts: Mapping[str, str | int | float] = field(default_factory=dict)


class Clock:
    """Wall-clock seconds of the stages of one piece of work."""

    def __init__(self) -> None:
        self.stages_s: dict[str, float] = {}
        self._last = time.perf_counter()

    def stage(self, name: str) -> None:
        """The stage `name` ends here."""
        now = time.perf_counter()
        self.stages_s[name], self._last = now - self._last, now


class Engine(dg.ConfigurableResource[None], ABC):
    """One way of getting words out of an episode; docs/CONTRIBUTING.md says how to add one.

    Attributes:
        name: How `EngineName` calls it; its module has the same name.
    """

    name: ClassVar[str]

    @classmethod
    def configured(cls, settings: Settings) -> Self:
        """The engine as the environment configures it; a key or token is never a field, because the UI shows those."""
        del settings
        return cls()

    @abstractmethod
    def transcribe(self, recording: Recording, stage: Stage) -> Heard:
        """Words of the whole recording; `stage` gives a reporter for each long stage of the work.

        Raises `EngineUnavailableError`, before any long work, where the engine cannot run on this machine or recording.
        """
