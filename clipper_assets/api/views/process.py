"""The answer of `POST /process-video` when it waits for the end of the run."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from clipper_assets.api.views.transcript import Transcript


class GeneratedVideo(BaseModel):
    """One clip, with the field names of the previous service."""

    clip_index: int
    start_time: float
    end_time: float
    duration: float
    hook: str
    reason: str
    virality_score: float
    video_url: str


class Processed(BaseModel):
    """The result of a run. `status` is `failed`, with `error`, if the run made no clips."""

    status: Literal["success", "failed", "cancelled"]
    error: str | None = None
    s3_key: str
    run_id: str
    total_clips_identified: int
    clips_processed: int
    generated_videos: list[GeneratedVideo]
    transcript: Transcript | None = None
    manifest: dict[str, Any] | None = Field(None, description="the content of manifest.json beside the clips")
