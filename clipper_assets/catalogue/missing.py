"""Remembers since when the upload of an episode is missing: `lake/missing_uploads/missing.json`.

The file lies in the storage root, beside what it is about, and not in a cursor of Dagster's: where another root is
mounted by mistake, nothing counts as missing for long.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.lake import LAKE

KEY = f"{LAKE}/missing_uploads/missing.json"
LONGEST_BLIND = timedelta(days=7)
"""An upload that is missing at two looks this far apart may have been there in between, so its time starts again."""
MOST_VANISHED = 0.5
"""Share of the uploads that people plausibly delete between two looks. If more vanish, it is more likely that another
disk is mounted, that the prefix is wrong or that the bucket has moved."""


class VanishedError(StorageError):
    """Implausibly many uploads vanished at once; the message says how many and what to do."""


class Missing(BaseModel):
    """The episodes whose upload is missing, by partition key, and since when; `looked_at` is the last look."""

    model_config = ConfigDict(frozen=True)

    looked_at: AwareDatetime
    since: Mapping[str, AwareDatetime] = {}


def read_missing(storage: Storage, now: datetime) -> Missing:
    """What the last look found; nothing if there was none. Raises DamagedError if the file cannot be read."""
    if not storage.exists(KEY):
        return Missing(looked_at=now)
    try:
        return Missing.model_validate_json(storage.read_bytes(KEY))
    except ValidationError:
        raise DamagedError(
            f"{KEY} cannot be read; delete it, and the uploads that are missing now count as missing from now on"
        ) from None


def write_missing(storage: Storage, missing: Missing) -> None:
    """Replace what the last look found."""
    storage.put_bytes(KEY, missing.model_dump_json(indent=2).encode())


def look_again(
    last: Missing, known: Collection[str], uploads: Collection[str], now: datetime, most_vanished: float = MOST_VANISHED
) -> Missing:
    """The episodes among `known` whose upload is missing now; one that came back is forgotten. None since a later time.

    Raises VanishedError if more than the share `most_vanished` of the uploads vanished since the last look, or if all
    of them did, unless `most_vanished` is 1.
    """
    remembered = last.since if now - last.looked_at <= LONGEST_BLIND else {}
    missing = set(known) - set(uploads)
    vanished, expected = missing - last.since.keys(), set(known) - last.since.keys()
    if most_vanished < 1 and vanished and (not uploads or len(vanished) > most_vanished * len(expected)):
        raise VanishedError(
            f"{len(vanished)} of {len(expected)} uploads vanished at once, so nothing is removed; check that "
            "CLIPPER_STORAGE names the right place, or run collect_garbage with `most_vanished: 1` if they were deleted"
        )
    return Missing(
        looked_at=now, since={partition: min(remembered.get(partition, now), now) for partition in sorted(missing)}
    )
