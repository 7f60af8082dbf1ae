"""The bodies of requests, as the OpenAPI document shows them; keys are below the storage root."""

from pydantic import BaseModel, ConfigDict, Field

from clipper_assets.edits.model import MAX_WORD, Decision
from clipper_assets.highlights.windows import MAX_HOOK, MAX_TITLE
from clipper_assets.shows.show import Layout


class RequestBody(BaseModel):
    """A body: what it does not name is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WordCorrection(RequestBody):
    """Another text for a word of the transcript; an empty one leaves it out of the captions."""

    word: int = Field(ge=0)
    text: str = Field(max_length=MAX_WORD)


class ClipEdit(RequestBody):
    """What to change about a clip; what is left out or null stays. Nothing is rendered until that is asked for."""

    base_version: int = Field(ge=0, description="the version of the edits that this was made on; another one is a 409")
    first_sentence: int | None = Field(None, ge=0)
    last_sentence: int | None = Field(None, ge=0)
    hook: str | None = Field(None, max_length=MAX_HOOK)
    title: str | None = Field(None, max_length=MAX_TITLE)
    caption_style: str | None = Field(None, max_length=60, examples=["classic"])
    layout: Layout | None = None
    decision: Decision | None = None
    words: list[WordCorrection] = Field([], max_length=500)


class EditsRequest(RequestBody):
    """For undo and for giving all edits up."""

    base_version: int = Field(ge=0)


class ProcessRequest(RequestBody):
    """The upload to make clips of."""

    s3_key: str = Field(min_length=1, max_length=1024, examples=["test1/sample.mp4"])


class UploadRequest(RequestBody):
    """A file that a browser wants to bring."""

    key: str = Field(min_length=1, max_length=1024, examples=["test1/sample.mp4"])
    size_bytes: int = Field(gt=0, examples=[1_500_000_000])
    content_type: str | None = Field(None, max_length=100, examples=["video/mp4"])
    overwrite: bool = Field(False, description="replace an upload of the same key")


class UploadReference(RequestBody):
    """Names the upload to complete or to give up."""

    key: str = Field(min_length=1, max_length=1024)
    upload_id: str = Field(min_length=1, max_length=2048)
