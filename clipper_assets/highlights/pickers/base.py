"""The interface of pickers: their input, their result and their error."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import dagster as dg
import numpy as np
from numpy.typing import NDArray

from clipper_assets.highlights.breaks import Breaks
from clipper_assets.highlights.prompt import Prompt, standard_prompt
from clipper_assets.highlights.repeats import Moments, Posted
from clipper_assets.highlights.rules import Candidate, Rules, runs
from clipper_assets.highlights.run import Runs
from clipper_assets.highlights.taste import Taste
from clipper_assets.highlights.topics import TopicChange, topic_changes
from clipper_assets.llm.session import Usage
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Report
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.words import Sentence


@dataclass(frozen=True)
class Talk:
    """The input of a picker: the transcript of one episode and the rules for its windows.

    `loudness` is the loudness of each sentence in LUFS, shape (sentences,), NaN where unknown; `language` is an
    ISO 639-1 code; `count` is the requested number of clips; `wordless` are the spans of speech without words,
    `adverts` those that no window may contain; `prompt` is what a language model is asked with, `taste` what was
    learned about the show, `posted` the clips of its earlier episodes; clips about `topics` come first.
    """

    sentences: Sequence[Sentence]
    loudness: NDArray[np.float64]
    duration_s: float
    language: str
    count: int
    rules: Rules
    wordless: Sequence[Span] = ()
    adverts: Sequence[Span] = ()
    prompt: Prompt = field(default_factory=standard_prompt)
    taste: Taste = field(default_factory=Taste)
    posted: Posted = field(default_factory=Posted)
    topics: str = ""

    @cached_property
    def runs(self) -> Runs:
        """Every run of sentences that the rules allow as a window."""
        return runs(self.sentences, self.rules, self.duration_s, self.wordless, self.adverts, self.language)

    @cached_property
    def usable(self) -> list[bool]:
        """Whether each sentence may be part of a window: in the range, neither doubtful nor in an advert."""
        breaks = Breaks(self.adverts)
        return [self.rules.admit(sentence) and not breaks.hold(sentence) for sentence in self.sentences]

    @cached_property
    def moments(self) -> Moments:
        """What is said, to keep a moment from becoming a clip twice."""
        return Moments(self.sentences, self.language, self.posted)

    @cached_property
    def topic_changes(self) -> list[TopicChange]:
        """Where the subject changes; doubtful sentences do not count."""
        return topic_changes(["" if sentence.doubtful else sentence.text for sentence in self.sentences], self.language)


@dataclass(frozen=True)
class Picked:
    """The result of a picker; `picker` names it (`heuristic`, `openai:gpt-4o-mini`, `none`), `prompt` the prompt."""

    candidates: Sequence[Candidate]
    picker: str
    prompt_version: str | None = None
    degraded: Sequence[Degraded] = ()
    usage: Usage = field(default_factory=Usage)
    prompt: str | None = None


class Picker(dg.ConfigurableResource[None], ABC):
    """Base class of pickers, which find the stretches of an episode that are worth a clip.

    docs/CONTRIBUTING.md, "Add a highlight picker", says how to add one.
    """

    @abstractmethod
    def pick(self, talk: Talk, report: Report) -> Picked:
        """Pick candidates for `talk.count` windows.

        Raises `ModelUnavailableError` if there is no candidate that fits the rules.
        """
