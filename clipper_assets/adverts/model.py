"""Asks the language model which sentences are not part of the conversation."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from clipper_assets.adverts.spans import SpanKind
from clipper_assets.adverts.support import Marked
from clipper_assets.llm.answers import INTEGER, MIDDLE_SCORE, SCORE, TEXT, Number, Scored, Text, schema
from clipper_assets.llm.language_model import LanguageModel
from clipper_assets.llm.parts import parts
from clipper_assets.llm.session import ModelUnavailableError, Usage, one_line
from clipper_assets.runtime.asset_names import AD_SPANS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Report
from clipper_assets.text.markdown import clock
from clipper_assets.transcript.words import Sentence

LONGEST_S = 600.0
"""A longer span is a mistake of the model: no podcast has breaks of ten minutes."""
LARGEST_SHARE = 0.5
"""A model that names more of the sentences than this has not understood the question."""
SPANS = schema("spans", first_sentence=INTEGER, last_sentence=INTEGER, kind=TEXT, score=SCORE)


class NamedSpan(Scored):
    """A span as the model gives it, by positions of sentences."""

    first_sentence: Number
    last_sentence: Number
    kind: Text = ""


@dataclass(frozen=True)
class Answer:
    """What the model said; `marked` is None where it gave no usable answer, and `degraded` says why."""

    marked: Sequence[Marked] | None = None
    degraded: Sequence[Degraded] = ()
    usage: Usage = field(default_factory=Usage)
    model: str | None = None


@cache
def prompt() -> str:
    return resources.files("clipper_assets.adverts").joinpath("prompts/spans.md").read_text(encoding="utf-8")


def prompt_version() -> str:
    """Twelve hex digits of a hash of the prompt."""
    return hashlib.sha256(prompt().encode()).hexdigest()[:12]


def ask_model(language_model: LanguageModel, sentences: Sequence[Sentence], report: Report) -> Answer:
    """Ask about all sentences, in overlapping parts where they do not fit into one request."""
    try:
        return _answer(language_model, sentences, report)
    except ModelUnavailableError as error:
        reason = f"adverts were found by rules only, not by a model: {error}"
        return Answer(degraded=[Degraded(AD_SPANS, reason)], usage=error.usage)


def _answer(language_model: LanguageModel, sentences: Sequence[Sentence], report: Report) -> Answer:
    lines = [
        f"{position} [{clock(s.start)}] {f'{s.speaker}: ' if s.speaker else ''}{one_line(s.text)}"
        for position, s in enumerate(sentences)
    ]
    with language_model.session() as session:
        pieces = list(parts(lines, language_model.context_tokens))
        named: list[NamedSpan] = []
        for number, piece in enumerate(pieces, start=1):
            named += session.ask(prompt(), "\n".join(lines[piece.start : piece.stop]), SPANS, NamedSpan)
            report(number / len(pieces))
        marked = [mark for span in named if (mark := _mark(span, sentences)) is not None]
        if len({n for mark in marked for n in range(mark.first, mark.last + 1)}) > LARGEST_SHARE * len(sentences):
            raise session.unavailable("named more than half of the episode as adverts")
        notes = list(session.flaws)
        if dropped := len(named) - len(marked):
            notes.append(
                f"{session.model} gave {dropped} of {len(named)} spans with an unknown kind, sentence numbers outside "
                f"the transcript (0 to {len(sentences) - 1}) or more than {LONGEST_S:g} s; these were dropped"
            )
        degraded = [Degraded(AD_SPANS, note) for note in dict.fromkeys(notes)]
        return Answer(marked, degraded, session.usage, session.model)


def _mark(span: NamedSpan, sentences: Sequence[Sentence]) -> Marked | None:
    """The span, if it is one that an episode can have."""
    first, last, kind = span.first_sentence, span.last_sentence, span.kind.strip().lower()
    if kind not in set(SpanKind) or not 0 <= first <= last < len(sentences):
        return None
    if sentences[last].end - sentences[first].start > LONGEST_S:
        return None
    return Marked(first, last, SpanKind(kind), (span.score or MIDDLE_SCORE) / 10)
