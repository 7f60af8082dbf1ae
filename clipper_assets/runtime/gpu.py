"""Op tags of steps that need a GPU."""

CONFIG = "dagster-k8s/config"
GPU_STEP = {CONFIG: {"container_config": {"resources": {"limits": {"nvidia.com/gpu": "1"}}}}}
"""Requests a whole GPU for the step's Kubernetes pod. Other executors ignore it."""
