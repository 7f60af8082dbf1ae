"""States of episodes, runs and steps, as the API and webhooks show them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field

REPORTED_TAG = "clipper/reported"
"""Tag of a run of which a webhook was delivered, with the time of the delivery."""
Percent = Annotated[float, Field(ge=0, le=100)]


class EpisodeState(StrEnum):
    """The state of an episode. `waiting`: uploaded, but no run has been requested yet.

    `damaged`: a stored file of the episode cannot be read; `error` names it and says what to do.
    """

    waiting = "waiting"
    queued = "queued"
    running = "running"
    done = "done"
    failed = "failed"
    cancelled = "cancelled"
    damaged = "damaged"


class StepState(StrEnum):
    """The state of one step of a run; `kept` means that the run reuses an earlier result."""

    pending = "pending"
    running = "running"
    done = "done"
    failed = "failed"
    kept = "kept"


class Degraded(BaseModel):
    """A fallback that a step used, and the reason."""

    step: str
    reason: str


class Step(BaseModel):
    """One step of the latest run. `doing` is its current stage, such as "transcribing"."""

    name: str = Field(examples=["aligned_transcript"])
    state: StepState
    percent: Percent
    doing: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str | None = None
