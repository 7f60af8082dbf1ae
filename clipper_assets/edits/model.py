"""The edits that people make to an episode's clips.

Edited windows, words, adverts and shots are identified by their times, not by their numbers in a transcript or scene,
so that edits still apply after the episode is transcribed or analysed again.
"""

from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from clipper_assets.adverts.spans import SpanKind
from clipper_assets.shows.show import Layout

EDITOR = "editor"
"""The value of `picker` for a window that a person changed."""
MAX_WORD = 80
"""Most characters that a corrected word can have."""


class Decision(StrEnum):
    """What a person decided about a clip."""

    approved = "approved"
    rejected = "rejected"


class StoredModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Review(BaseModel):
    """What a person decided about a clip, and whether the decision applies to its current file."""

    decision: Decision
    current: bool

    @property
    def rejects(self) -> bool:
        """Whether the clip must not be published."""
        return self.current and self.decision is Decision.rejected


class StoredDecision(StoredModel):
    """A decision, and the SHA-256 of the mp4 file that it was made about."""

    decision: Decision
    sha256: str

    def review(self, sha256: str) -> Review:
        """The review of the clip's file with this SHA-256.

        A rejection is about a moment of the episode, so it applies to every rendering of it. An approval applies to one
        file only, because another rendering may look wrong.
        """
        return Review(decision=self.decision, current=self.decision is Decision.rejected or self.sha256 == sha256)


class EditedClip(StoredModel):
    """A clip of an episode that has edits: its window, its look, and the decision about it.

    `window` is the clip's row of highlight_windows without `episode`, `first_sentence` and `last_sentence`. From the
    first edit of an episode on, runs keep the windows of all its clips. The row's `picker` is `editor` after a person
    changed the row; `picked` is then the row as the picker had it. `caption_style` and `layout` are None if the run or
    the show decides. `judged` is about the clip of `rendered_clips`, `judged_looks` about those of looks, by name.
    """

    window: dict[str, Any]
    picked: dict[str, Any] | None = None
    caption_style: str | None = None
    layout: str | None = None
    judged: StoredDecision | None = None
    judged_looks: dict[str, StoredDecision] = Field(
        {}, exclude_if=lambda decisions: not decisions
    )  # as earlier versions

    @field_validator("window", "picked")
    @classmethod
    def _is_a_window(cls, window: dict[str, Any] | None) -> dict[str, Any] | None:
        if window is None:
            return None
        times = [window.get(name) for name in ("start", "end")]
        if type(window.get("clip")) is not int or not all(
            isinstance(time, int | float) and isfinite(time) for time in times
        ):
            raise ValueError("a window must have the number `clip`, and the times `start` and `end` in seconds")
        if not all(isinstance(window.get(name, ""), str) for name in ("hook", "title")):
            raise ValueError("hook and title of a window must be text")
        return window

    @property
    def number(self) -> int:
        return int(self.window["clip"])

    @property
    def is_added(self) -> bool:
        """Whether no picker is known to have picked it: a person added it, or an earlier version edited it."""
        return self.window.get("picker") == EDITOR and self.picked is None

    def review(self, sha256: str) -> Review | None:
        """The review of the clip's file with this SHA-256; None if nobody decided about the clip yet."""
        return self.judged.review(sha256) if self.judged else None


class WordEdit(StoredModel):
    """A new text for the word spoken from `start` to `end` (in seconds); empty text leaves it out of the captions.

    `was` is the text in the transcript at the time of the edit.
    """

    start: float
    end: float
    was: str
    text: str = Field(max_length=MAX_WORD)


class EditedSpan(StoredModel):
    """A stretch of the episode, in seconds, that an edit is about."""

    start: float
    end: float

    @model_validator(mode="after")
    def _is_a_stretch(self) -> Self:
        if not 0 <= self.start < self.end:
            raise ValueError("a span must start at 0 s or later, and end after its start")
        return self


class UnmarkedSpan(EditedSpan):
    """A stretch of the episode, in seconds, that a person unmarked: it is not an advert, an intro or the like."""


class MarkedSpan(UnmarkedSpan):
    """A stretch of the episode, in seconds, that a person marked as an advert, an intro or the like."""

    kind: SpanKind = SpanKind.advert


class ChosenFace(StoredModel):
    """A face that a person chose: where the centre of its box is at `time`, in seconds of the episode.

    `x` and `y` are shares of the picture's width and height. The number of a person may change when the episode is
    analysed again; the place of a face at a time does not.
    """

    time: float = Field(ge=0)
    x: float = Field(ge=0, le=1)
    y: float = Field(ge=0, le=1)


class ShotChoice(EditedSpan):
    """What a person chose for the camera in a stretch of the episode: a layout, and the faces that it shows.

    Without `faces` the automatic camera chooses them. With the layout `auto` it chooses how to show one chosen face.
    """

    layout: Layout
    faces: tuple[ChosenFace, ...] = ()


class Edits(StoredModel):
    """One version of an episode's edits. Version 0 means no edits, and undoing restores the version `base`.

    `what` is a phrase that describes the change that made this version. No part of the episode is both in `marked` and
    in `unmarked`. The choices in `shots` are in order and do not overlap.
    """

    version: int
    base: int = 0
    what: str = ""
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    clips: list[EditedClip] = []
    words: list[WordEdit] = []
    marked: list[MarkedSpan] = []
    unmarked: list[UnmarkedSpan] = []
    shots: list[ShotChoice] = Field([], exclude_if=lambda choices: not choices)  # as earlier versions

    @property
    def is_empty(self) -> bool:
        return not (self.clips or self.words or self.marked or self.unmarked or self.shots)

    @property
    def changed_windows(self) -> list[dict[str, Any]]:
        """The windows of all clips if a person changed one; else none, because they are those that were picked.

        The first edit of an episode pins its windows, even if it is an approval.
        """
        windows = [clip.window for clip in self.clips]
        return windows if any(window.get("picker") == EDITOR for window in windows) else []

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to undo. Discarding all edits leaves none, and is one itself."""
        return not self.is_empty or self.base > 0

    def followed_by(self, what: str, **changes: Any) -> "Edits":
        """The next version, with `changes` to its fields; `what` is a phrase that describes them."""
        header = {"version": self.version + 1, "base": self.version, "what": what, "created_at": datetime.now(UTC)}
        return self.model_copy(update={**header, **changes})

    def discarded(self) -> "Edits":
        """The next version, without any edits."""
        return Edits(version=self.version + 1, base=self.version, what="discarded all edits")

    def clip(self, number: int) -> EditedClip | None:
        return next((clip for clip in self.clips if clip.number == number), None)

    def layout(self, number: int, default: Layout) -> Layout:
        """The layout that a person chose for the clip, or else `default`, the layout of its run or show.

        Raises ValueError if the edits name a layout that does not exist.
        """
        clip = self.clip(number)
        return Layout(clip.layout) if clip and clip.layout else default

    def shots_between(self, start_s: float, end_s: float) -> list[ShotChoice]:
        """The choices for shots that overlap the stretch between two times."""
        return [choice for choice in self.shots if choice.start < end_s and start_s < choice.end]
