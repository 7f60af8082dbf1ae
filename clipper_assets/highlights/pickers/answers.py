"""What pickers ask of a model server, and what they read from its answers."""

from pydantic import AliasChoices, Field

from clipper_assets.highlights.rules import MAX_HOOK, MAX_TITLE
from clipper_assets.llm.answers import INTEGER, SCORE, TEXT, Number, Scored, Text, Texts, schema

MAX_REASON = 2000
MAX_HASHTAGS = 30
"""Most hashtags that Instagram accepts (Instagram Help, "How to use hashtags")."""
MAX_HASHTAG = 100

HIGHLIGHTS = schema(
    "highlights",
    first_sentence=INTEGER,
    last_sentence=INTEGER,
    score=SCORE,
    hook=TEXT,
    title=TEXT,
    reason=TEXT,
    hashtags={"type": "array", "items": TEXT},
)
RANKING = schema("ranking", number=INTEGER, score=SCORE)


class Highlight(Scored):
    """One stretch that the model chose; its texts are empty where the answer has none."""

    first_sentence: Number = Field(validation_alias=AliasChoices("first_sentence", "first", "start_sentence", "start"))
    last_sentence: Number = Field(validation_alias=AliasChoices("last_sentence", "last", "end_sentence", "end"))
    hook: Text = ""
    title: Text = ""
    reason: Text = ""
    hashtags: Texts = Field(default_factory=list)

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


class Rank(Scored):
    """The place of one stretch among those of all parts."""

    number: Number
