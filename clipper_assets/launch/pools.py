"""Sets the limits of Dagster's pools from the machine and the settings, unless a person has set them."""

import json
import os
from collections.abc import Mapping

import dagster as dg

from clipper_assets.runtime.gpus import gpus_here
from clipper_assets.runtime.pools import CORES_PER_ENCODE, ENCODE, GPU, LLM, clips_at_once
from clipper_assets.settings import Settings

CURSOR = "clipper/pool-limits"
"""Key of the instance's storage under which the limits are kept that were last set here."""


def fitting_limits(settings: Settings) -> dict[str, int]:
    """How many steps of each pool this machine can execute at once, where the settings do not say.

    Without a GPU, one transcription keeps all cores busy, as far as they are worth it.
    """
    gpus, cores = len(gpus_here(settings.gpus)), os.cpu_count() or 1
    return {
        GPU: settings.pool_gpu or max(gpus * settings.runs_per_gpu, 1),
        ENCODE: settings.pool_encode or max(cores // (clips_at_once(settings) * CORES_PER_ENCODE), 1),
        LLM: settings.pool_llm,
    }


def set_limits(instance: dg.DagsterInstance, settings: Settings) -> Mapping[str, int]:
    """Sets each limit that nobody has changed since it was last set here; returns the limits in force."""
    storage, cursors = instance.event_log_storage, instance.daemon_cursor_storage
    fitting = fitting_limits(settings)
    in_force = {limit.name: limit.limit for limit in storage.get_pool_limits() if not limit.from_default}
    last_set = json.loads(cursors.get_cursor_values({CURSOR}).get(CURSOR, "{}"))
    changed_by_hand = {name for name in in_force if in_force[name] not in {last_set.get(name), fitting.get(name)}}
    for name, limit in fitting.items():
        if name not in changed_by_hand and in_force.get(name) != limit:
            storage.set_concurrency_slots(name, limit)
    cursors.set_cursor_values({CURSOR: json.dumps(fitting)})
    return fitting | {name: in_force[name] for name in changed_by_hand & set(fitting)}
