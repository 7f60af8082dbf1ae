"""Walks a directory for changed files, at a few microseconds each."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from stat import S_ISREG

from clipper_assets.storage.stored import Listed


def walked(
    root: Path, pruned: Callable[[str], bool], wanted: Callable[[str], bool], is_inside: Callable[[str], bool]
) -> Iterator[Listed]:
    """The wanted files below `root`, as `Storage.walk`; `is_inside` tells whether a link stays inside the root."""
    folders = [("", 0)]
    while folders:
        prefix, moved_ns = folders.pop()
        try:
            entries = os.scandir(root / prefix)
        except (FileNotFoundError, NotADirectoryError):
            continue  # removed since its parent was read
        with entries:
            for entry in entries:
                key = prefix + entry.name
                if "\\" in entry.name:  # the only character of a file name that no key has
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if not pruned(key):
                        folders.append((f"{key}/", max(moved_ns, _moved_ns(entry))))
                elif wanted(key) and (not entry.is_symlink() or is_inside(key)) and (status := _status(entry)):
                    version = f"{status.st_size}-{status.st_mtime_ns}"
                    linked_ns = _linked_ns(entry) if entry.is_symlink() else 0
                    yield Listed(key, status.st_size, version, max(status.st_ctime_ns, moved_ns, linked_ns))


def _moved_ns(folder: os.DirEntry[str]) -> int:
    """When the folder was renamed, or 0: a rename sets its change time, but not its modification time."""
    try:
        status = folder.stat(follow_symlinks=False)
    except FileNotFoundError:
        return 0
    return status.st_ctime_ns if status.st_ctime_ns != status.st_mtime_ns else 0


def _linked_ns(link: os.DirEntry[str]) -> int:
    """When the link was made, which may be later than its target's last change; 0 if it is gone."""
    try:
        return link.stat(follow_symlinks=False).st_ctime_ns
    except FileNotFoundError:
        return 0


def _status(file: os.DirEntry[str]) -> os.stat_result | None:
    """The status of a regular file; None for anything else, and for a file that is gone."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status if S_ISREG(status.st_mode) else None
