"""Pydantic models of a model server's answers: the requested JSON schema, and the parts of a chat completion."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from clipper_assets.highlights.rules import MAX_HOOK, MAX_TITLE

MAX_REASON = 2000
MAX_HASHTAGS = 30
"""Most hashtags that Instagram accepts (Instagram Help, "How to use hashtags")."""
MAX_HASHTAG = 100
MOST_TOKENS = 100_000_000
"""Most tokens of one request; an answer that reports more, or a negative number, is rejected."""

Score = Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]


class Strict(BaseModel):
    """A model with all fields required and no others allowed, as strict structured outputs demand."""

    model_config = ConfigDict(extra="forbid")


class Highlight(Strict):
    first_sentence: int
    last_sentence: int
    score: Score
    hook: str
    title: str
    reason: str
    hashtags: list[str]

    @property
    def is_wordy(self) -> bool:
        """Whether a text is too long for a clip; strict schemas cannot limit the length."""
        return (
            len(self.hook) > MAX_HOOK
            or len(self.title) > MAX_TITLE
            or len(self.reason) > MAX_REASON
            or len(self.hashtags) > MAX_HASHTAGS
            or any(len(tag) > MAX_HASHTAG for tag in self.hashtags)
        )


class Highlights(Strict):
    highlights: list[Highlight]


class Rank(Strict):
    number: int
    score: Score


class Ranking(Strict):
    ranking: list[Rank]


class Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class Choice(BaseModel):
    message: Message
    finish_reason: str | None = None


class Tokens(BaseModel):
    prompt_tokens: int = Field(0, ge=0, le=MOST_TOKENS)
    completion_tokens: int = Field(0, ge=0, le=MOST_TOKENS)


class Reply(BaseModel):
    """The fields of a chat completion that are used; servers differ in the others."""

    choices: Annotated[list[Choice], Field(min_length=1)]
    usage: Tokens | None = None
