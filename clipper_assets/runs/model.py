"""The states of an episode, of its run and of the steps, as the API shows them and webhooks send them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field

Percent = Annotated[float, Field(ge=0, le=100)]


class EpisodeState(StrEnum):
    """Where an episode is. `waiting`: uploaded, and no run has been requested yet.

    `damaged`: what is stored of it cannot be read; `error` says what, where, and what to do.
    """

    waiting = "waiting"
    queued = "queued"
    running = "running"
    done = "done"
    failed = "failed"
    cancelled = "cancelled"
    damaged = "damaged"


class StepState(StrEnum):
    """Where one asset of a run is; `kept` is one that the run did not have to make again."""

    pending = "pending"
    running = "running"
    done = "done"
    failed = "failed"
    kept = "kept"


class Degraded(BaseModel):
    """Something that was done in a lesser way, and why."""

    step: str
    reason: str


class Step(BaseModel):
    """One asset of the episode's latest run. `doing` is what it does now ("transcribing")."""

    name: str = Field(examples=["aligned_transcript"])
    state: StepState
    percent: Percent
    doing: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str | None = None
