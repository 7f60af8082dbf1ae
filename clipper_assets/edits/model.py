"""What people changed about an episode's clips.

Windows and words are held by their times, not by their numbers in a transcript, so that they outlive the next one.
"""

from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from clipper_assets.shows.show import Layout

MAX_WORD = 80
"""Characters of a corrected word."""


class Decision(StrEnum):
    """What a person decided about a clip."""

    approved = "approved"
    rejected = "rejected"


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Review(BaseModel):
    """What a person decided about a clip, and whether that applies to its present file."""

    decision: Decision
    current: bool

    @property
    def rejects(self) -> bool:
        """Whether the clip must not be published."""
        return self.current and self.decision is Decision.rejected


class Judged(Frozen):
    """A decision as it is stored: with the SHA-256 of the mp4 that it was made about."""

    decision: Decision
    sha256: str

    def review(self, sha256: str) -> Review:
        """The review of the file of that SHA-256.

        A rejection is about the moment in the episode and applies to every rendering of it; an approval is about one
        file, since another rendering may look wrong.
        """
        return Review(decision=self.decision, current=self.decision is Decision.rejected or self.sha256 == sha256)


class EditedClip(Frozen):
    """A clip of an episode that has edits: its window, pinned from the first edit on, and what it is to look like.

    `window` is its row of highlight_windows without `episode`, `first_sentence` and `last_sentence`; its `picker` is
    `editor` once a person changed the row. `caption_style` and `layout` are null where the run or the show decides.
    """

    window: dict[str, Any]
    caption_style: str | None = None
    layout: str | None = None
    judged: Judged | None = None

    @field_validator("window")
    @classmethod
    def _is_a_window(cls, window: dict[str, Any]) -> dict[str, Any]:
        times = [window.get(name) for name in ("start", "end")]
        if type(window.get("clip")) is not int or not all(isinstance(at, int | float) and isfinite(at) for at in times):
            raise ValueError("a window has the number `clip`, and the times `start` and `end` in seconds")
        if not all(isinstance(window.get(name, ""), str) for name in ("hook", "title")):
            raise ValueError("hook and title of a window are text")
        return window

    @property
    def number(self) -> int:
        return int(self.window["clip"])

    def review(self, sha256: str) -> Review | None:
        """What was decided about this clip, for its file of that SHA-256; None while nobody decided."""
        return self.judged.review(sha256) if self.judged else None


class WordEdit(Frozen):
    """Another text for the word that was said from `start` to `end`, in seconds; an empty one is not captioned."""

    start: float
    end: float
    was: str
    text: str = Field(max_length=MAX_WORD)


class Edits(Frozen):
    """One version of an episode's edits; number 0 is none. Undoing goes back to the version `base`."""

    version: int
    base: int = 0
    what: str = ""
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    clips: list[EditedClip] = []
    words: list[WordEdit] = []

    def followed_by(self, what: str, clips: list[EditedClip], words: list[WordEdit]) -> "Edits":
        """The next version; `what` says in a phrase what was changed."""
        return Edits(version=self.version + 1, base=self.version, what=what, clips=clips, words=words)

    def clip(self, number: int) -> EditedClip | None:
        return next((clip for clip in self.clips if clip.number == number), None)

    def layout(self, number: int, usual: Layout) -> Layout:
        """The layout that a person chose for a clip, or else the `usual` one of its run or show.

        Raises ValueError where the edits name a layout that does not exist.
        """
        clip = self.clip(number)
        return Layout(clip.layout) if clip and clip.layout else usual
