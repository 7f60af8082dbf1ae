"""What an engine is given, what it gives back, and how it says that it cannot."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import dagster as dg

from clipper_assets.episodes.degraded import Degraded
from clipper_assets.episodes.speech import Samples
from clipper_assets.progress import Report
from clipper_assets.transcript.words import Word


class EngineUnavailableError(Exception):
    """The engine cannot run here; the message says in one sentence why and how to get it."""


@dataclass(frozen=True)
class Recording:
    """One episode as an engine meets it.

    `speech` is 16 kHz mono; `language` an ISO 639-1 code or None to detect it; `transcript_file` a local copy of
    the SRT, VTT or JSON that lies beside the upload, if one does.
    """

    speech: Samples
    duration_s: float
    language: str | None = None
    transcript_file: Path | None = None


@dataclass(frozen=True)
class Heard:
    """What an engine heard: words in time order with 0 <= start < end <= duration.

    `stages_s` are wall-clock seconds per stage ("load", "transcribe", "align").
    """

    words: Sequence[Word]
    language: str
    model: str
    stages_s: Mapping[str, float]
    degraded: Sequence[Degraded] = field(default_factory=tuple)


class Engine(dg.ConfigurableResource[None], ABC):
    """One way of getting words out of an episode."""

    name: ClassVar[str]

    @abstractmethod
    def transcribe(self, recording: Recording, report: Report) -> Heard:
        """Words of the whole recording.

        Raises `EngineUnavailableError`, before any long work, where the engine cannot run on this machine or recording.
        """
