"""What a model server answers: the schema that is asked for, and the part of a chat completion that is read."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from clipper_assets.highlights.windows import MAX_HOOK, MAX_TITLE

MAX_REASON = 2000
MAX_HASHTAGS = 30
"""Instagram takes no more (Instagram Help, "How to use hashtags")."""
MAX_HASHTAG = 100
MOST_TOKENS = 100_000_000
"""Of one request; a server that counts more, or less than none, does not count."""

Score = Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]


class Strict(BaseModel):
    """Every field required and none added, as strict structured output asks."""

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
        """Whether a text is longer than a clip can use; strict schemas cannot ask for less."""
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
    """The part of a chat completion that is read here; servers differ in the rest."""

    choices: Annotated[list[Choice], Field(min_length=1)]
    usage: Tokens | None = None
