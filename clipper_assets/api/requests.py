"""Request bodies. Keys of uploads are relative to the storage root."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from clipper_assets.edits.model import MAX_WORD, Decision, MarkedSpan, UnmarkedSpan
from clipper_assets.highlights.rules import MAX_HOOK, MAX_TITLE
from clipper_assets.shows.clip_options import (
    CLIPS,
    LENGTH,
    RANGE,
    TOPICS,
    Length,
    MaxClips,
    Range,
    Topics,
)
from clipper_assets.shows.show import Layout


class RequestBody(BaseModel):
    """Base of request bodies: unknown fields are refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WordCorrection(RequestBody):
    """A new text for a word of the transcript; an empty text removes the word from the captions."""

    word: int = Field(ge=0)
    text: str = Field(max_length=MAX_WORD)


class ClipEdit(RequestBody):
    """Changes to a clip; fields that are missing or null stay as they are. To see the changes, render again."""

    base_version: int = Field(
        ge=0, description="version of the edits that this is based on; 409 if it is not the latest"
    )
    first_sentence: int | None = Field(None, ge=0)
    last_sentence: int | None = Field(None, ge=0)
    hook: str | None = Field(None, max_length=MAX_HOOK)
    title: str | None = Field(None, max_length=MAX_TITLE)
    caption_style: str | None = Field(None, max_length=60, examples=["classic"])
    layout: Layout | None = None
    decision: Decision | None = None
    words: list[WordCorrection] = Field([], max_length=500)


class NewClip(RequestBody):
    """A clip that a person makes of sentences of the transcript."""

    base_version: int = Field(
        ge=0, description="version of the edits that this is based on; 409 if it is not the latest"
    )
    first_sentence: int = Field(ge=0, description="number of its first sentence in the transcript")
    last_sentence: int = Field(ge=0, description="number of its last sentence")
    title: str | None = Field(
        None, max_length=MAX_TITLE, description="default: its first sentence", examples=["How bees find home"]
    )


class AdvertEdit(RequestBody):
    """Passages to mark as adverts, intros, outros or calls to subscribe, and passages to unmark, in seconds.

    `unmark` applies before `mark`. Windows avoid what is marked; render again to apply the change.
    """

    base_version: int = Field(
        ge=0, description="version of the edits that this is based on; 409 if it is not the latest"
    )
    mark: list[MarkedSpan] = Field([], max_length=100, examples=[[{"start": 612.4, "end": 671.9, "kind": "advert"}]])
    unmark: list[UnmarkedSpan] = Field([], max_length=100)


class ShotPreview(RequestBody):
    """A layout and people for a stretch of a clip, in seconds of the episode.

    `people` are numbers of the answer of `GET`. Without any, the automatic camera chooses whom a layout shows; with the
    layout `auto` and without people, the camera of the stretch is automatic.
    """

    start: float = Field(ge=0, allow_inf_nan=False, examples=[63.2])
    end: float = Field(ge=0, allow_inf_nan=False, examples=[68.9])
    layout: Layout = Layout.auto
    people: list[int] = Field([], max_length=4, examples=[[1]])


class ShotEdit(ShotPreview):
    """What to show in a stretch of a clip. A later choice replaces it; clips show it once they are rendered again."""

    base_version: int = Field(
        ge=0, description="version of the edits that this is based on; 409 if it is not the latest"
    )


class EditsRequest(RequestBody):
    """The version of the edits that an undo or a reset is based on."""

    base_version: int = Field(ge=0)


class ProcessRequest(RequestBody):
    """Names the upload to make clips of, and which clips."""

    s3_key: str = Field(min_length=1, max_length=1024, examples=["test1/sample.mp4"])
    length: Length | None = Field(None, description=f"{LENGTH}; default: the show's", examples=["standard"])
    range: Range | None = Field(None, description=RANGE, examples=["12:30-45:00"])
    max_clips: MaxClips | None = Field(None, description=CLIPS)
    topics: Topics | None = Field(None, description=f"{TOPICS}; default: the show's")

    def options(self) -> dict[str, Any]:
        """The run config of `highlight_windows`: the options that were given."""
        return self.model_dump(exclude={"s3_key"}, exclude_none=True)


class UploadRequest(RequestBody):
    """Describes a file to upload."""

    key: str = Field(min_length=1, max_length=1024, examples=["test1/sample.mp4"])
    size_bytes: int = Field(gt=0, examples=[1_500_000_000])
    content_type: str | None = Field(None, max_length=100, examples=["video/mp4"])
    overwrite: bool = Field(False, description="replace an existing upload of the same key")


class UploadReference(RequestBody):
    """Names the upload to complete or to abort."""

    key: str = Field(min_length=1, max_length=1024)
    upload_id: str = Field(min_length=1, max_length=2048)
