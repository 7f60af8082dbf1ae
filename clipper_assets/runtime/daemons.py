"""Whether Dagster's daemons are alive, as their heartbeats say."""

import dagster as dg
from dagster._daemon.controller import get_daemon_statuses

SILENCE_S = 120
"""Daemons report every 30 s; one that has been silent for longer than this is not healthy."""


def heartbeats(instance: dg.DagsterInstance) -> str:
    """Raises RuntimeError where a daemon that the instance requires has no recent heartbeat, or one with errors."""
    needed = instance.get_required_daemon_types()
    statuses = get_daemon_statuses(instance, needed, heartbeat_tolerance_seconds=SILENCE_S)
    if silent := sorted(name for name, status in statuses.items() if not status.healthy):
        raise RuntimeError(f"no healthy heartbeat of {', '.join(silent)}")
    return ", ".join(sorted(statuses))
