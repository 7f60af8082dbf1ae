"""Uploads from a browser, as they begin and end."""

from pydantic import BaseModel, Field


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


class Uploaded(BaseModel):
    """The upload is whole; a recording's run starts by itself within seconds, a transcript is for the one beside it."""

    key: str
    size_bytes: int
    status_url: str | None = Field(None, description="of the episode; null for a transcript")
    events_url: str | None = None
