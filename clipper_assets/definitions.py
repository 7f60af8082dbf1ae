"""The deployment on one screen: assets with their checks, job, sensor, resources."""

import dagster as dg

from clipper_assets.api.webhooks import build_webhooks
from clipper_assets.edits.store import EDITS
from clipper_assets.episodes.sensors import build_new_uploads
from clipper_assets.job import assets, build_resources, clip_episode, fixed
from clipper_assets.launch.kubernetes import kubernetes_executor
from clipper_assets.runtime.logs import log_runs_as
from clipper_assets.settings import ExecutorName, Settings
from clipper_assets.storage.root import storage_at

settings = Settings()
log_runs_as(settings.log_format)

defs = dg.Definitions(
    assets=[EDITS, *assets],
    jobs=[clip_episode],
    sensors=[build_new_uploads(clip_episode, settings.sensor_interval_s), *build_webhooks(settings)],
    resources=fixed(build_resources(settings, storage_at(settings.storage, settings.url_expiry_s))),
    executor=kubernetes_executor(settings, assets)
    if settings.executor is ExecutorName.kubernetes
    else dg.in_process_executor,
)
