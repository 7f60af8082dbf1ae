"""What a tick sees: the uploads and the other inputs below the storage root, and a digest of them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from clipper_assets.episodes.partitions import is_utf8
from clipper_assets.episodes.uploads import (
    INPUTS,
    RECORDINGS,
    is_pruned,
    is_visible,
    suffix_of,
    without_audio_of_videos,
)
from clipper_assets.storage.base import Storage
from clipper_assets.storage.stored import Listed

EITHER = RECORDINGS | INPUTS


@dataclass(frozen=True)
class Listing:
    """Uploads by key, and the other inputs; `digest` differs as soon as one of them was added, changed or removed."""

    uploads: dict[str, Listed]
    inputs: list[Listed]
    digest: str


def listing_of(storage: Storage) -> Listing:
    """List the storage without the lake and clips. Raises what `Storage.walk` raises."""
    listed = list(storage.walk(is_pruned, lambda key: is_visible(key, EITHER)))
    inputs = [each for each in listed if suffix_of(each.key) in INPUTS]
    uploads = listed if not inputs else [each for each in listed if suffix_of(each.key) in RECORDINGS]
    return Listing(
        uploads={each.key: each for each in without_audio_of_videos(uploads)},
        inputs=[each for each in inputs if is_utf8(each.key)],
        digest=_digest(listed),
    )


def _digest(listed: Iterable[Listed]) -> str:
    """The digest of a listing; the same files in another order are taken for a change, which costs a query."""
    lines = [f"{key}\0{version}\0{changed_ns}" for key, _, version, changed_ns in listed]
    return hashlib.blake2b("\n".join(lines).encode(errors="surrogateescape"), digest_size=16).hexdigest()
