"""What the API takes and gives, as its OpenAPI document shows it: seconds of the episode, keys below the root."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from clipper_assets.clips.manifest import Clip, Review
from clipper_assets.edits.model import MAX_WORD, Decision
from clipper_assets.highlights.windows import MAX_HOOK, MAX_TITLE
from clipper_assets.runs.model import Degraded, EpisodeState, Percent, Step
from clipper_assets.shows.show import Layout


class Access(StrEnum):
    """The role of a token: an operator may do everything, a creator what a frontend needs, a reader only look."""

    read = "read"
    creator = "creator"
    operator = "operator"


class Asked(BaseModel):
    """A body: what it does not name is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(BaseModel):
    """Why a request was refused, in one sentence."""

    detail: str = Field(examples=["there is no upload test1/sample.mp4 below the storage root"])


class Links(BaseModel):
    """Where to go on, as paths of this API."""

    status: str
    events: str
    transcript: str | None = Field(None, description="null before there is one")


class EpisodeSummary(BaseModel):
    """One line of the list of episodes. `percent` and `doing` are of the latest run."""

    key: str = Field(examples=["test1/sample.mp4"])
    state: EpisodeState
    percent: Percent
    doing: str | None = Field(None, examples=["aligned_transcript: transcribing"])
    run_id: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str | None = Field(None, description="why the latest run failed, or what is damaged, in one sentence")
    clips: int | None = Field(None, description="clips in 9:16, or in the newest aspect; null before the first")
    publishable: int | None = Field(None, description="those of them that may be posted")
    thumbnail_url: str | None = Field(None, description="presigned; of the best clip")


class Episodes(BaseModel):
    """A page of episodes, the newest first."""

    episodes: list[EpisodeSummary]
    next_cursor: str | None = Field(None, description="give it back as `cursor` for the next page")


class ClipView(Clip):
    """A clip of the manifest, with URLs that a browser can open until they expire, and what a person made of it."""

    video_url: str
    thumbnail_url: str
    srt_url: str
    vtt_url: str
    is_publishable: bool = Field(description="passed every gate that blocks, and was not rejected")
    held_back: list[str] = Field(description="why it must not be posted, a phrase each")
    verdict: Review | None = None
    first_sentence: int = Field(description="first sentence of the clip as edited, in the transcript as it is now")
    last_sentence: int
    wanted: dict[str, Any] = Field(
        description="what edits ask for that is not rendered yet, by field: `start_time`, `end_time`, `hook`, "
        "`title`, `caption_style`, `layout`, `words`",
    )


class Edits(BaseModel):
    """Where the edits of an episode are. Version 0 is the picker's work, untouched."""

    version: int
    can_undo: bool
    is_rendered: bool = Field(description="whether the clips show all of it")


class Episode(EpisodeSummary):
    """One episode: its latest run step by step, its clips in every aspect that was rendered, 9:16 first, and edits."""

    duration: float | None = None
    etag: str | None = None
    steps: list[Step]
    degraded: list[Degraded] = Field(description="of all steps; each clip has its own beside")
    edits: Edits
    clip_views: list[ClipView]
    links: Links


class TranscriptWord(BaseModel):
    """One word as captions show it; `edited` where a person corrected it."""

    word: int
    sentence: int
    text: str
    start: float
    end: float
    speaker: str | None = None
    confidence: float | None = None
    edited: bool = False


class TranscriptSentence(BaseModel):
    """A sentence; clips begin and end on these. No clip may hold a `doubtful` one."""

    number: int
    text: str
    start: float
    end: float
    speaker: str | None = None
    doubtful: bool


class Transcript(BaseModel):
    """Every word of an episode with its time."""

    key: str
    language: str | None
    words: list[TranscriptWord]
    sentences: list[TranscriptSentence]


class WordAsked(Asked):
    """Another text for a word of the transcript; an empty one leaves it out of the captions."""

    word: int = Field(ge=0)
    text: str = Field(max_length=MAX_WORD)


class ClipEdit(Asked):
    """What to change about a clip; what is left out or null stays. Nothing is rendered until that is asked for."""

    base_version: int = Field(ge=0, description="the version of the edits that this was made on; another one is a 409")
    first_sentence: int | None = Field(None, ge=0)
    last_sentence: int | None = Field(None, ge=0)
    hook: str | None = Field(None, max_length=MAX_HOOK)
    title: str | None = Field(None, max_length=MAX_TITLE)
    caption_style: str | None = Field(None, max_length=60, examples=["classic"])
    layout: Layout | None = None
    decision: Decision | None = None
    words: list[WordAsked] = Field([], max_length=500)


class EditsAsked(Asked):
    """For undo and for giving all edits up."""

    base_version: int = Field(ge=0)


class Accepted(BaseModel):
    """A run that was started, or that is at it already."""

    status: Literal["accepted"] = "accepted"
    s3_key: str
    run_id: str
    status_url: str = Field(examples=["/episodes/test1/sample.mp4"])
    events_url: str


class ProcessRequest(Asked):
    """The upload to make clips of."""

    s3_key: str = Field(min_length=1, max_length=1024, examples=["test1/sample.mp4"])


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


class UploadAsked(Asked):
    """A file that a browser wants to bring."""

    key: str = Field(min_length=1, max_length=1024, examples=["test1/sample.mp4"])
    size_bytes: int = Field(gt=0, examples=[1_500_000_000])
    content_type: str | None = Field(None, max_length=100, examples=["video/mp4"])
    overwrite: bool = Field(False, description="replace an upload of the same key")


class UploadPart(BaseModel):
    """PUT `size_bytes` bytes of the file, from `offset` on, to `url`."""

    number: int
    offset: int
    size_bytes: int
    url: str


class UploadStarted(BaseModel):
    """Where the parts go; each can be tried again. Then complete the upload."""

    upload_id: str
    key: str
    parts: list[UploadPart]


class UploadFinish(Asked):
    """Names the upload to complete or to give up."""

    key: str = Field(min_length=1, max_length=1024)
    upload_id: str = Field(min_length=1, max_length=2048)


class Uploaded(BaseModel):
    """The upload is whole; a recording's run starts by itself within seconds, a transcript is for the one beside it."""

    key: str
    size_bytes: int
    status_url: str | None = Field(None, description="of the episode; null for a transcript")
    events_url: str | None = None


class Session(BaseModel):
    """What the token may do."""

    access: Access


class Options(BaseModel):
    """What an editor can choose from."""

    caption_styles: list[str]
    layouts: list[Layout]
