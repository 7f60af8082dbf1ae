"""Checks that Dagster's daemons are alive, by their heartbeats."""

import time

import dagster as dg

SILENCE_S = 150
"""Daemons report every 30 s; one that has been silent for longer than this is not healthy."""


def heartbeats(instance: dg.DagsterInstance) -> str:
    """Names of the daemons that the instance requires, comma-separated.

    Raises RuntimeError if one of them has no recent heartbeat, or one with errors.
    """
    required, beats = instance.get_required_daemon_types(), instance.get_daemon_heartbeats()
    earliest = time.time() - SILENCE_S
    unhealthy = [
        name for name in required if name not in beats or beats[name].errors or beats[name].timestamp < earliest
    ]
    if unhealthy:
        raise RuntimeError(f"no healthy heartbeat of {', '.join(sorted(unhealthy))}")
    return ", ".join(sorted(required))
