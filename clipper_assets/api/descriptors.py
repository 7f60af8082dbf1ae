"""Limits on open files and sockets, because gRPC aborts a process that has run out of file descriptors."""

import resource

MOST_FILES = 65536
"""The highest limit that is set: some systems allow so many files that tables of that size cost memory."""
PENDING_SHARE = 16
"""The backlog of the listening socket is the limit on open files divided by this, because uvicorn accepts all pending
connections at once, before it counts them."""


def raise_limit() -> None:
    """Raises the soft limit on open files to the hard limit, at most to `MOST_FILES`; never lowers it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < target:
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))


def most_connections() -> int:
    """Returns the most client connections to accept: half of the open files; storage and database need the rest."""
    return _open_files() // 2


def most_pending() -> int:
    """Returns the backlog of the listening socket."""
    return min(_open_files() // PENDING_SHARE, 2048)


def _open_files() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_FILES if soft == resource.RLIM_INFINITY else soft
