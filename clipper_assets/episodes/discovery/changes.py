"""Which uploads and inputs of a listing a tick looks at, and the cursor that it leaves."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from clipper_assets.episodes.discovery.cursor import MAX_WAITING, Cursor
from clipper_assets.episodes.discovery.listing import Listing
from clipper_assets.storage.stored import Listed

S_IN_NS = 1_000_000_000
OVERLAP_NS = 24 * 3600 * S_IN_NS
"""Replaced uploads that changed this long before the mark are compared as well. S3 dates an object by the beginning of
its upload, which may take hours, and the clocks of two file systems below one root differ. They cost one query."""
LATEST_NS = 2 * S_IN_NS
"""An input of the last two seconds may change again at the same time: S3 counts seconds, ext4 steps of 4 ms."""


@dataclass(frozen=True)
class Changes:
    """What a tick looks at: uploads that may need a run, and keys of inputs to hand over, some of which may be gone."""

    uploads: list[Listed]
    inputs: list[str]


def changes(listing: Listing, cursor: Cursor, registered: Collection[str]) -> Changes:
    """The changes since the ticks that `cursor` describes; `registered` are the object keys of all episodes.

    An upload may need a run if it waits, is no episode yet, or has changed. Whether it needs one is decided by runs and
    claims, not here. If the listing is the same, only what waits is looked at.
    """
    if listing.digest == cursor.listing:
        uploads = [listing.uploads[key] for key in cursor.waiting if key in listing.uploads]
        return Changes(uploads, cursor.changed_inputs)
    uploads = [
        upload
        for key, upload in listing.uploads.items()
        if upload.changed_ns >= cursor.uploads_ns or key not in registered or key in cursor.waiting
    ]
    if cursor.requested:
        uploads = [upload for upload in uploads if not cursor.handled(upload)]
    changed = sorted(
        (each.changed_ns, each.key)
        for each in listing.inputs
        if cursor.inputs_ns is not None and each.changed_ns > cursor.inputs_ns and each.key not in cursor.changed_inputs
    )
    return Changes(uploads, [*cursor.changed_inputs, *(key for _, key in changed)])


def next_cursor(listing: Listing, cursor: Cursor, waiting: Sequence[Listed], inputs: Sequence[str]) -> Cursor:
    """The cursor after a tick that leaves `waiting` and `inputs` to later ticks.

    What it cannot remember stays behind the mark, or is found again because the digest is not kept; only the first tick
    after an earlier release remembers all. A time in the future does not move the mark: it is from a wrong clock.
    """
    remembered = [upload for upload in waiting if upload.key in cursor.waiting]
    others = [upload for upload in waiting if upload.key not in cursor.waiting]
    room = len(others) if cursor.requested else max(0, MAX_WAITING - len(remembered))
    left = others[room:]
    now_ns = time.time_ns()
    newest_ns = min(now_ns, max((upload.changed_ns for upload in listing.uploads.values()), default=0))
    mark_ns = max(min(cursor.uploads_ns, now_ns), newest_ns - (0 if cursor.requested else OVERLAP_NS))
    left_inputs = dict.fromkeys(inputs[MAX_WAITING:])
    return Cursor(
        listing="" if left or left_inputs else listing.digest,
        uploads_ns=min([mark_ns, *(upload.changed_ns for upload in left)]),
        inputs_ns=_inputs_mark(listing, cursor, left_inputs, now_ns),
        waiting={upload.key: upload.version for upload in [*remembered, *others[:room]]},
        changed_inputs=list(inputs[:MAX_WAITING]),
    )


def _inputs_mark(listing: Listing, cursor: Cursor, left: Collection[str], now_ns: int) -> int:
    newest_ns = max((each.changed_ns for each in listing.inputs), default=0)
    mark_ns = max(min(cursor.inputs_ns or 0, now_ns), min(newest_ns, now_ns - LATEST_NS))
    return min([mark_ns, *(each.changed_ns - 1 for each in listing.inputs if each.key in left)])
