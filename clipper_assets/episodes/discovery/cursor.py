"""The cursor of `new_uploads`: a high-water mark and what waits, whose size does not grow with the catalogue."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clipper_assets.storage.stored import Listed

MAX_WAITING = 200
"""How many waiting uploads, and as many inputs, a cursor remembers; the mark does not pass the others."""


class Cursor(BaseModel):
    """What earlier ticks have handled. Times are nanoseconds since 1970 by the clock of the storage.

    Attributes:
        listing: Digest of the last listing, or empty if a tick had to leave more than it could remember. As long as it
            is the same, there is nothing to do but for what waits.
        uploads_ns: Uploads that changed before this time have been handled.
        inputs_ns: The same for the other inputs; None before the first tick.
        waiting: Versions by key of uploads that have no run yet: still being copied, over the limit of a tick, or
            claimed by another process.
        changed_inputs: Keys of changed inputs that are still to be observed.
        requested: Uploads and versions of a cursor of an earlier release, which held the whole listing. They have been
            handled. The first tick uses them and drops them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    listing: str = ""
    uploads_ns: int = 0
    inputs_ns: int | None = None
    waiting: dict[str, str] = Field({})
    changed_inputs: list[str] = Field([])
    requested: dict[str, str] = Field({}, exclude=True)

    @classmethod
    def read(cls, text: str | None) -> Self:
        """Parse a cursor, also one of an earlier release. Raises ValueError for any other text."""
        if not text:
            return cls()
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            earlier = EarlierCursor.model_validate_json(text)
            return cls(waiting=earlier.settling, requested=earlier.requested)

    def write(self) -> str:
        return self.model_dump_json(exclude_defaults=True)

    def handled(self, upload: Listed) -> bool:
        """Whether an earlier release has requested the upload. Before it had versions, it had ETags."""
        version = self.requested.get(upload.key)
        return version is not None and version in (upload.version, upload.stored.content)


class EarlierCursor(BaseModel):
    """The cursor of earlier releases: versions by key of every upload."""

    requested: dict[str, str]
    settling: dict[str, str] = Field({})
    gone: dict[str, str] = Field({})
