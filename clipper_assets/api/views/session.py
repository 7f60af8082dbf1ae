"""The role of a token."""

from pydantic import BaseModel

from clipper_assets.api.auth import Access


class Session(BaseModel):
    """The role of the token that was sent."""

    access: Access
