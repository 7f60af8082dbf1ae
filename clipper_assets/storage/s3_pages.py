"""Lists a bucket page by page and jumps over folders that nobody asked for.

With a delimiter, each folder costs a LIST of its own, and a catalogue has a folder for each episode or two. Jumping
lists all keys in order, 1,000 in a LIST; where a page ends inside a pruned folder, the next LIST starts behind that
folder (`StartAfter`). That never takes more LISTs than a flat listing.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from clipper_assets.storage.stored import Listed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

BEHIND = "\U0010ffff"
"""Sorts behind every other character, in UTF-8 as well."""


class Page(NamedTuple):
    """Wanted objects of one LIST; `last` is where the next one starts, or None after the last."""

    objects: list[Listed]
    last: str | None


class Entries(NamedTuple):
    """What one LIST returned, as keys below the prefix with S3's entries; `last` as in `Page`."""

    entries: list[tuple[str, "ObjectTypeDef"]]
    last: str | None


def jumping_pages(
    client: "S3Client", bucket: str, prefix: str, after: str, pruned: Callable[[str], bool]
) -> Iterator[Entries]:
    """The objects below `prefix` that lie in no `pruned` folder, from the key behind `after`."""
    position: str | None = after
    while position is not None:
        start = {"StartAfter": prefix + position} if position else {}
        page = client.list_objects_v2(Bucket=bucket, Prefix=prefix, **start)  # type: ignore[arg-type]  # the stubs do not take keywords from a mapping
        folders: dict[str, str | None] = {}
        entries = []
        for entry in page.get("Contents", []):
            key = entry["Key"].removeprefix(prefix)
            folder = key.rpartition("/")[0]
            if folder not in folders:
                folders[folder] = _pruned_folder(folder, pruned)
            if folders[folder] is None:
                entries.append((key, entry))
        position = None
        if page["IsTruncated"]:
            last_folder = folders[folder]
            position = key if last_folder is None else max(key, f"{last_folder}/{BEHIND}")
        yield Entries(entries, position)


def _pruned_folder(folder: str, pruned: Callable[[str], bool]) -> str | None:
    """The topmost pruned folder on the way to `folder`, itself included."""
    end = -1
    while end < len(folder):
        end = folder.find("/", end + 1)
        end = len(folder) if end < 0 else end
        if folder and pruned(folder[:end]):
            return folder[:end]
    return None
