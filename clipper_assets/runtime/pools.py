"""Dagster's pools: how many steps may use a scarce thing at once, over all runs."""

import json
import os
from collections.abc import Mapping
from typing import Any

from clipper_assets.settings import Settings

GPU, ENCODE, LLM = "gpu", "encode", "llm"
"""A step in `gpu` computes on a GPU, one in `encode` decodes or encodes video on all cores, one in `llm` asks
a model."""
CORES_PER_ENCODE = 2
"""A clip keeps about this many cores busy (1.4 to 1.7 measured): one thread encodes, others decode and filter."""
MOST_CLIPS_AT_ONCE = 8
"""A clip of a 4K source takes 450 MB, and a step on a large node of a cluster may have 8 GB."""
KUBERNETES, ECS_TASK = "dagster-k8s/config", "ecs/run_task_kwargs"
ON_ECS = {
    "taskDefinition": "clipper-transcript",
    "capacityProviderStrategy": [
        {"capacityProvider": "clipper-gpu-spot", "weight": 3},
        {"capacityProvider": "clipper-gpu", "weight": 1},
    ],
}
"""The task definition with a GPU and the capacity for it, as deploy/ecs names them."""
GPU_STEP: Mapping[str, Any] = {
    KUBERNETES: {"container_config": {"resources": {"limits": {"nvidia.com/gpu": "1"}}}},
    ECS_TASK: json.dumps(ON_ECS),
}
"""Op tags that request a whole GPU for the step's pod or task. Other executors ignore them."""


def clips_at_once(settings: Settings) -> int:
    """How many clips a step renders at once."""
    return settings.render_workers or min(max((os.cpu_count() or 1) // CORES_PER_ENCODE, 1), MOST_CLIPS_AT_ONCE)
