"""The answer of `POST /process-video` that waits for the clips."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from clipper_assets.api.views.transcript import Transcript


class GeneratedVideo(BaseModel):
    """One clip, in the names of the service that this replaces."""

    clip_index: int
    start_time: float
    end_time: float
    duration: float
    hook: str
    reason: str
    virality_score: float
    video_url: str


class Processed(BaseModel):
    """The payload at the end. `status` is `failed`, with `error`, where the run did not come to clips."""

    status: Literal["success", "failed", "cancelled"]
    error: str | None = None
    s3_key: str
    run_id: str
    total_clips_identified: int
    clips_processed: int
    generated_videos: list[GeneratedVideo]
    transcript: Transcript | None = None
    manifest: dict[str, Any] | None = Field(None, description="manifest.json as it lies beside the clips")
