"""The answers to beginning and completing an upload."""

from pydantic import BaseModel, Field


class UploadPart(BaseModel):
    """One part to upload: PUT the `size_bytes` bytes of the file from `offset` on to `url`."""

    number: int
    offset: int
    size_bytes: int
    url: str


class UploadStarted(BaseModel):
    """Where to send the parts; a failed part can be sent again. After the last one, complete the upload."""

    upload_id: str
    key: str
    parts: list[UploadPart]


class Uploaded(BaseModel):
    """A complete upload. A recording's run starts within seconds; a transcript belongs to the recording beside it."""

    key: str
    size_bytes: int
    status_url: str | None = Field(None, description="path of the episode; null for a transcript")
    events_url: str | None = None
