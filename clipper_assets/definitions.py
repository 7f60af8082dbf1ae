"""The deployment on one screen: assets with their checks, jobs, schedules, sensors, resources and executor."""

import gc

import dagster as dg

from clipper_assets.catalogue.definitions import build_catalogue
from clipper_assets.catalogue.inputs import INPUTS
from clipper_assets.catalogue.observing import observing
from clipper_assets.clips.variants import clip_variants
from clipper_assets.episodes.sensors import build_discovery
from clipper_assets.evaluation.assets import evaluate_pickers, every_night, picker_evaluation, show_taste
from clipper_assets.job import assets, build_resources, clip_episode, fixed, render_look
from clipper_assets.library.refreshing import refresh_library, refresh_library_every_hour
from clipper_assets.reports.assets import report_shows, report_shows_every_night, show_report
from clipper_assets.runs.retries import report_lost_retries
from clipper_assets.runtime.executor import pool_executor
from clipper_assets.runtime.labels import labelled
from clipper_assets.runtime.logs import log_runs_as
from clipper_assets.setting_types import ExecutorName
from clipper_assets.settings import Settings
from clipper_assets.storage.root import storage_at

settings = Settings()
log_runs_as(settings.log_format)


def webhooks() -> list[dg.SensorDefinition]:
    """The webhook sensor; its HTTP client is imported only if there are URLs to call."""
    if not settings.webhook_urls:
        return []
    from clipper_assets.webhooks.sensor import build_webhooks

    return build_webhooks(settings)


def executor() -> dg.ExecutorDefinition:
    """The executor of a run's steps; launch/ is imported only for Kubernetes and ECS."""
    if settings.executor is ExecutorName.in_process:
        return pool_executor
    if settings.executor is ExecutorName.ecs:
        from clipper_assets.launch.ecs_executor import ecs_executor

        return ecs_executor()
    from clipper_assets.launch.kubernetes import kubernetes_executor

    return kubernetes_executor(settings, assets)


defs = dg.Definitions.merge(
    dg.Definitions(
        assets=labelled([*INPUTS, *assets, clip_variants, picker_evaluation, show_taste, show_report]),
        jobs=[clip_episode, render_look, refresh_library, evaluate_pickers, report_shows],
        schedules=[every_night, refresh_library_every_hour, report_shows_every_night],
        sensors=[*build_discovery(clip_episode, settings, observing(settings)), report_lost_retries, *webhooks()],
        resources=fixed(build_resources(settings, storage_at(settings.storage, settings.url_expiry_s))),
        executor=executor(),
    ),
    build_catalogue(settings),
)
gc.freeze()  # what was imported stays, so collecting garbage need not look at it in every tick
