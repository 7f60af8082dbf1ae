"""Who answers for an episode."""

import logging

from clipper_assets.runtime.errors import StorageError
from clipper_assets.shows.show import load_show
from clipper_assets.storage.base import Storage

log = logging.getLogger(__name__)


def show_owner(storage: Storage, upload: str) -> str | None:
    """The owner of the show of an upload (an object key), by its `show.toml` as it is now.

    None if it names nobody, or cannot be read, which fails the runs of the show with one sentence.
    """
    try:
        return load_show(storage, upload).owner
    except (ValueError, StorageError) as mistake:
        log.warning("no owner of %s: %s", upload, mistake)
        return None
