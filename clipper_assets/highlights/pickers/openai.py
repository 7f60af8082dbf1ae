"""Picks highlights with a language model behind the OpenAI protocol; the model answers only with sentence numbers."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from clipper_assets.highlights.pickers.answers import Highlight, Highlights, Ranking, Reply, Tokens
from clipper_assets.highlights.pickers.base import Picked, Picker, PickerUnavailableError, Talk, Usage
from clipper_assets.highlights.rules import Candidate, fit
from clipper_assets.runtime.asset_names import HIGHLIGHT_WINDOWS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Report
from clipper_assets.settings import Settings
from clipper_assets.text.clean import clean_text
from clipper_assets.text.markdown import clock

if TYPE_CHECKING:
    from openai import OpenAI

USD_PER_MILLION_TOKENS = {
    "gpt-4o-mini": (0.15, 0.60),
    "gpt-4o": (2.50, 10.00),
    "gpt-4.1-nano": (0.10, 0.40),
    "gpt-4.1-mini": (0.40, 1.60),
    "gpt-4.1": (2.00, 8.00),
}
"""Input and output price per model: openai.com/api/pricing, as listed in 2025."""

BYTES_PER_TOKEN = 3
"""Bytes per token; OpenAI's rule of thumb is four characters of English, three bytes also suit other scripts."""

OVERLAP = 0.1
"""Share of a part's sentences that the next part repeats, so that no stretch is lost at the boundary."""

SPARE = 2
"""Number of stretches requested in addition, because some may not fit the rules."""

Answer = TypeVar("Answer", bound=BaseModel)


@cache
def prompt(name: Literal["pick", "rank"]) -> str:
    return resources.files("clipper_assets.highlights").joinpath(f"prompts/{name}.md").read_text(encoding="utf-8")


def prompt_version() -> str:
    """Twelve hex digits of a hash of all prompts."""
    return hashlib.sha256((prompt("pick") + prompt("rank")).encode()).hexdigest()[:12]


def cost_usd(model: str, tokens_in: int, tokens_out: int) -> float | None:
    """Price of the tokens in US dollars; None if the model's price is unknown."""
    if model not in USD_PER_MILLION_TOKENS:
        return None
    price_in, price_out = USD_PER_MILLION_TOKENS[model]
    return (tokens_in * price_in + tokens_out * price_out) / 1e6


def estimated_tokens(text: str) -> int:
    """Estimate the tokens of `text` without a tokenizer; rather too many than too few."""
    return len(text.encode()) // BYTES_PER_TOKEN + 1


def parts(lines: Sequence[str], budget_tokens: int) -> Iterator[range]:
    """Split lines into overlapping ranges that fit the token budget; each range has at least one line."""
    start = 0
    while start < len(lines):
        end, tokens = start, 0
        while end < len(lines) and (end == start or tokens + estimated_tokens(lines[end]) <= budget_tokens):
            tokens += estimated_tokens(lines[end])
            end += 1
        yield range(start, end)
        if end == len(lines):
            return
        start = max(start + 1, end - max(1, round(OVERLAP * (end - start))))


def distinct(highlights: Sequence[Highlight]) -> list[Highlight]:
    """Remove repeated stretches, keeping the best score: parts overlap, and a model may repeat itself."""
    best: dict[tuple[int, int], Highlight] = {}
    for highlight in highlights:
        stretch = (highlight.first_sentence, highlight.last_sentence)
        if stretch not in best or highlight.score > best[stretch].score:
            best[stretch] = highlight
    return list(best.values())


def one_line(text: str) -> str:
    return " ".join(clean_text(text).split())


@dataclass
class _Session:
    """A client and the accumulated usage of its requests."""

    client: "OpenAI"
    model: str
    usage: Usage

    def ask(self, system: str, user: str, answer: type[Answer]) -> Answer:
        """Send one request with a strict JSON schema, and return the parsed answer.

        Raises `PickerUnavailableError` if there is no valid answer; its message never quotes the server.
        """
        from openai import APIConnectionError, APIStatusError, APITimeoutError

        from clipper_assets.highlights.pickers.bounded import AnswerTooLargeError

        try:
            raw = self.client.chat.completions.with_raw_response.create(
                model=self.model,
                messages=[{"role": "system", "content": system}, {"role": "user", "content": user}],
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": answer.__name__, "strict": True, "schema": answer.model_json_schema()},
                },
            )
        except (APIConnectionError, APIStatusError) as error:
            if isinstance(error, APIStatusError):
                failure = f"answered with HTTP status {error.status_code}"
            elif isinstance(error, APITimeoutError):
                failure = f"did not answer within {self.client.timeout:g} s"
            elif isinstance(error.__cause__, AnswerTooLargeError):
                failure = "sent an answer of more than 1 MB"
            else:
                failure = "could not be reached"
            # In this header the client counts the retries of a request.
            retries = int(error.request.headers["x-stainless-retry-count"])
            self.usage = replace(self.usage, retries=self.usage.retries + retries)
            raise self.unavailable(f"{failure} ({retries} retries)") from error
        try:
            reply = Reply.model_validate_json(raw.content)
        except ValidationError as error:
            raise self.unavailable("sent an invalid answer: it is not a chat completion") from error
        tokens = reply.usage or Tokens()
        tokens_in = self.usage.tokens_in + tokens.prompt_tokens
        tokens_out = self.usage.tokens_out + tokens.completion_tokens
        self.usage = Usage(
            tokens_in, tokens_out, cost_usd(self.model, tokens_in, tokens_out), self.usage.retries + raw.retries_taken
        )
        choice = reply.choices[0]
        if choice.message.refusal:
            raise self.unavailable("refused to answer")
        if choice.finish_reason in ("length", "content_filter"):
            raise self.unavailable(f"sent an incomplete answer (finish reason {choice.finish_reason})")
        try:
            return answer.model_validate_json(choice.message.content or "")
        except ValidationError as error:
            kind = error.errors()[0]["type"]
            raise self.unavailable(f"sent an invalid answer: it does not match the JSON schema ({kind})") from error

    def unavailable(self, failure: str) -> PickerUnavailableError:
        return PickerUnavailableError(f"{self.model} {failure}", self.usage)


class OpenAIPicker(Picker):
    """Picks highlights with any server that supports OpenAI chat completions with structured outputs.

    A `base_url` of None is OpenAI's server. `context_tokens` limits the transcript in one request; a longer one is
    picked in overlapping parts, whose stretches are ranked in a last request. The key is read from the environment for
    each pick and is not part of the configuration, which the UI shows.
    """

    model: str = "gpt-4o-mini"
    base_url: str | None = None
    timeout_s: float = 60.0
    max_retries: int = 3
    context_tokens: int = 100_000

    def pick(self, talk: Talk, report: Report) -> Picked:
        from openai import OpenAI

        from clipper_assets.highlights.pickers.bounded import BoundedClient

        secret = Settings().openai_api_key
        key = secret.get_secret_value().strip() if secret else ""
        if not key:
            raise PickerUnavailableError("OPENAI_API_KEY is not set; set it for better picks")
        if not key.isascii():
            raise PickerUnavailableError("OPENAI_API_KEY contains a character that is not ASCII; copy the key again")
        with OpenAI(
            api_key=key,
            base_url=self.base_url,
            timeout=self.timeout_s,
            max_retries=self.max_retries,
            http_client=BoundedClient(self.timeout_s),
        ) as client:
            session = _Session(client, self.model, Usage(cost_usd=cost_usd(self.model, 0, 0)))
            candidates, dropped = self._candidates(session, talk, report)
        report(1.0)
        return Picked(candidates, f"openai:{self.model}", prompt_version(), dropped, session.usage)

    def _candidates(self, session: _Session, talk: Talk, report: Report) -> tuple[list[Candidate], list[Degraded]]:
        lines = [
            f"{s.number} [{clock(s.start)}] {f'{s.speaker}: ' if s.speaker else ''}{one_line(s.text)}"
            for s in talk.sentences
            if not s.doubtful
        ]
        system = Template(prompt("pick")).substitute(
            count=talk.count + SPARE,
            min_s=f"{talk.rules.min_s:g}",
            max_s=f"{talk.rules.max_s:g}",
            language=talk.language,
        )
        pieces = list(parts(lines, self.context_tokens))
        highlights: list[Highlight] = []
        for number, piece in enumerate(pieces, start=1):
            highlights += session.ask(system, "\n".join(lines[piece.start : piece.stop]), Highlights).highlights
            report(number / (len(pieces) + 1))

        last = len(talk.sentences) - 1
        stretches = distinct(highlights)
        inside = [h for h in stretches if 0 <= h.first_sentence <= h.last_sentence <= last]
        concise = [h for h in inside if not h.is_wordy]
        candidates = [
            Candidate(
                first=h.first_sentence,
                last=h.last_sentence,
                score=float(h.score),
                hook=one_line(h.hook),
                title=one_line(h.title),
                reason=one_line(h.reason),
                hashtags=tuple(f"#{word}" for tag in h.hashtags if (word := re.sub(r"\W", "", tag))),
            )
            for h in concise
        ]
        placeable = [candidate for candidate in candidates if fit(candidate, talk.runs)]
        reasons = []
        if wordy := len(inside) - len(concise):
            reasons.append(f"wrote texts that are too long for a clip for {wordy} of {len(stretches)} stretches")
        if outside := len(stretches) - len(inside):
            reasons.append(
                f"gave sentence numbers outside the transcript (0 to {last}) or out of order "
                f"for {outside} of {len(stretches)} stretches"
            )
        if unfit := len(candidates) - len(placeable):
            reasons.append(f"chose {unfit} of {len(stretches)} stretches that do not fit the rules for windows")
        if not placeable:
            raise session.unavailable(" and ".join(reasons) or "found no highlights")
        degraded = [Degraded(HIGHLIGHT_WINDOWS, f"{self.model} {reason}; these were dropped") for reason in reasons]
        if len(pieces) == 1:
            return placeable, degraded
        ranked, unknown = self._ranked(session, talk, placeable)
        return ranked, degraded + unknown

    def _ranked(
        self, session: _Session, talk: Talk, candidates: Sequence[Candidate]
    ) -> tuple[list[Candidate], list[Degraded]]:
        """Rank the candidates of all parts against each other, as many as fit into one request; best first."""
        ordered = sorted(candidates, key=lambda candidate: -candidate.score)
        lines = [
            f"{number} [{clock(talk.sentences[c.first].start)}-{clock(talk.sentences[c.last].end)}] "
            f"{c.title} | {c.hook} | {c.reason}"
            for number, c in enumerate(ordered)
        ]
        shown = next(parts(lines, self.context_tokens))
        system = Template(prompt("rank")).substitute(count=talk.count + SPARE)
        ranking = session.ask(system, "\n".join(lines[: shown.stop]), Ranking).ranking
        ranked = [replace(ordered[r.number], score=float(r.score)) for r in ranking if r.number in shown]
        if not ranked:
            raise session.unavailable("ranked none of the given stretches")
        unknown = len(ranking) - len(ranked)
        reason = f"{self.model} ranked {unknown} of {len(ranking)} stretches that do not exist; these were dropped"
        return ranked, [Degraded(HIGHLIGHT_WINDOWS, reason)] if unknown else []
