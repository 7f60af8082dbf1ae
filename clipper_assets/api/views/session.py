"""What a token may do."""

from pydantic import BaseModel

from clipper_assets.api.auth import Access


class Session(BaseModel):
    """What the token may do."""

    access: Access
