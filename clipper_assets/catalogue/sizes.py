"""Sums what the storage root holds."""

from clipper_assets.catalogue.census import Census


def stored_sizes(census: Census) -> dict[str, int]:
    """Bytes of uploads, of clips with what lies beside them, and of what the lake holds of episodes, as metadata."""
    return {
        "upload_bytes": sum(stored.size_bytes for stored in census.uploads.values()),
        "clip_bytes": sum(amount.size_bytes for amount in census.clips.values()),
        "lake_bytes": sum(amount.size_bytes for amount in census.lake.values()),
    }
