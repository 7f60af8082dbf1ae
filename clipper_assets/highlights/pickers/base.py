"""What a picker is given, what it gives back, and how it says that it cannot."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import dagster as dg
import numpy as np
from numpy.typing import NDArray

from clipper_assets.highlights.windows import Candidate, Rules, Run, runs
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Report
from clipper_assets.transcript.words import Sentence


@dataclass(frozen=True)
class Talk:
    """One episode as a picker meets it.

    `loudness` is the loudness of each sentence in LUFS, shape (sentences,), NaN where unknown; `language` an
    ISO 639-1 code; `count` the number of clips wanted.
    """

    sentences: Sequence[Sentence]
    loudness: NDArray[np.float64]
    duration_s: float
    language: str
    count: int
    rules: Rules

    @cached_property
    def runs(self) -> list[Run]:
        """Every run of sentences that may become a window."""
        return runs(self.sentences, self.rules, self.duration_s)


@dataclass(frozen=True)
class Usage:
    """What the pick took from a paid model; `cost_usd` is None where the model's price is not known."""

    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = 0.0
    retries: int = 0


@dataclass(frozen=True)
class Picked:
    """Candidates, the picker that found them (`heuristic`, `openai:gpt-4o-mini`, `none`) and what they took."""

    candidates: Sequence[Candidate]
    picker: str
    prompt_version: str | None = None
    degraded: Sequence[Degraded] = ()
    usage: Usage = Usage()


class PickerUnavailableError(Exception):
    """The picker cannot answer; the message says in one sentence why. `usage` is what the attempt took all the same."""

    def __init__(self, reason: str, usage: Usage | None = None):
        super().__init__(reason)
        self.usage = usage or Usage()


class Picker(dg.ConfigurableResource[None], ABC):
    """One way of finding the stretches that are worth a clip."""

    @abstractmethod
    def pick(self, talk: Talk, report: Report) -> Picked:
        """Candidates for `talk.count` windows.

        Raises `PickerUnavailableError` where no candidate comes out that can be placed.
        """
