"""Checks that Dagster's daemons are alive, by their heartbeats."""

import dagster as dg
from dagster._daemon.controller import get_daemon_statuses

SILENCE_S = 120
"""Daemons report every 30 s; one that has been silent for longer than this is not healthy."""


def heartbeats(instance: dg.DagsterInstance) -> str:
    """Names of the daemons that the instance requires, comma-separated.

    Raises RuntimeError if one of them has no recent heartbeat, or one with errors.
    """
    required = instance.get_required_daemon_types()
    statuses = get_daemon_statuses(instance, required, heartbeat_tolerance_seconds=SILENCE_S)
    if unhealthy := sorted(name for name, status in statuses.items() if not status.healthy):
        raise RuntimeError(f"no healthy heartbeat of {', '.join(unhealthy)}")
    return ", ".join(sorted(statuses))
