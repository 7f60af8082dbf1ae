"""Op tags of steps that want a GPU."""

CONFIG = "dagster-k8s/config"
GPU_STEP = {CONFIG: {"container_config": {"resources": {"limits": {"nvidia.com/gpu": "1"}}}}}
"""Op tags of a step whose pod has a GPU to itself. Other executors do not look at them."""
