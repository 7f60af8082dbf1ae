"""How many files and sockets the process may have open; gRPC ends a process that has none left."""

import resource

MOST_FILES = 65536
"""More than that nobody needs, and some limits are so high that tables of that size cost memory."""
PENDING_SHARE = 16
"""Connections accepted at once, before any is counted, are at most one in so many files."""


def raise_limit() -> None:
    """Lets the process open as many files as the system allows, `MOST_FILES` at most; lowers nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def most_connections() -> int:
    """Half of the files: the rest is for the storage, the database, the code server and files."""
    return _files() // 2


def most_pending() -> int:
    """The backlog of the listening socket."""
    return min(_files() // PENDING_SHARE, 2048)


def _files() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_FILES if soft == resource.RLIM_INFINITY else soft
