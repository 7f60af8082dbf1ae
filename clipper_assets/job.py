"""The job that the sensor, the UI, the API and the CLI run, and its resources."""

from collections.abc import Mapping

import dagster as dg

from clipper_assets.adverts.assets import ad_spans
from clipper_assets.camera.analysis.assets import scenes
from clipper_assets.camera.direction.assets import camera_paths
from clipper_assets.chapters.assets import chapters
from clipper_assets.clips.assets import rendered_clips
from clipper_assets.clips.variants import clip_variants
from clipper_assets.costs.assets import episode_costs
from clipper_assets.episodes.assets import raw_video
from clipper_assets.highlights.assets import highlight_windows
from clipper_assets.highlights.pickers.auto import Pickers
from clipper_assets.highlights.pickers.heuristic import HeuristicPicker
from clipper_assets.highlights.pickers.openai import OpenAIPicker
from clipper_assets.library.assets import library
from clipper_assets.llm.language_model import LanguageModel
from clipper_assets.runtime.progress import Progress
from clipper_assets.runtime.tenant import JOB_TAGS, refuse_run_of_another
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage
from clipper_assets.storage.lake import Lake
from clipper_assets.transcript.assets import aligned_transcript
from clipper_assets.transcript.diarization import Diarizer
from clipper_assets.transcript.engines.auto import Engines

assets = [
    raw_video,
    aligned_transcript,
    ad_spans,
    highlight_windows,
    chapters,
    scenes,
    camera_paths,
    rendered_clips,
    episode_costs,
    library,
]
clip_episode = dg.define_asset_job(
    "clip_episode",
    selection=dg.AssetSelection.assets(*assets),
    tags=JOB_TAGS,
    description="Makes clips of an upload: all assets of one episode, with their checks.",
)

render_look = dg.define_asset_job(
    "render_look",
    tags=JOB_TAGS,
    selection=dg.AssetSelection.assets(clip_variants),
    description="Makes the clips of an episode in a look: the asset clip_variants, with its checks.",
)


def build_resources(settings: Settings, storage: Storage) -> dict[str, object]:
    """Resources of the assets. They contain no key or token, because the UI shows their config."""
    models_dir = str(settings.models_dir) if settings.models_dir else None
    language_model = LanguageModel(
        model=settings.openai_model,
        base_url=settings.openai_base_url,
        timeout_s=settings.openai_timeout_s,
        max_retries=settings.openai_max_retries,
        context_tokens=settings.openai_context_tokens,
    )
    return {
        "storage": storage,
        "settings": settings,
        "lake": Lake(storage=storage),
        "progress": Progress(),
        # Made in the run, because importing them is a tenth of the time that the definitions take to load.
        "engines": dg.ResourceDefinition(
            lambda _: Engines.configured(settings), description=Engines.__doc__, config_schema={}
        ),
        "diarizer": Diarizer(model=settings.diarization_model, models_dir=models_dir, device=settings.device),
        "language_model": language_model,
        "pickers": Pickers(
            openai=OpenAIPicker(language_model=language_model),
            heuristic=HeuristicPicker(),
        ),
    }


def fixed(resources: Mapping[str, object]) -> dict[str, dg.ResourceDefinition]:
    """The same resources with an empty config schema, so that run config cannot change them.

    Otherwise whoever may start a run could read files outside the storage root, or name a model that holds code.
    """
    return {name: _fixed(resource) for name, resource in resources.items()}


def _fixed(resource: object) -> dg.ResourceDefinition:
    """The description, which the UI shows, replaces the config; that of the settings shows no values."""
    if isinstance(resource, dg.ResourceDefinition):
        return resource
    if isinstance(resource, dg.ConfigurableIOManagerFactory):
        return dg.IOManagerDefinition(
            resource_fn=resource.create_io_manager, description=repr(resource), config_schema={}
        )
    description = repr(resource) if isinstance(resource, dg.ConfigurableResource) else type(resource).__doc__
    return dg.ResourceDefinition(
        lambda context: _of_own_run(resource, context), description=description, config_schema={}
    )


def _of_own_run(resource: object, context: dg.InitResourceContext) -> object:
    """The resource for a run of this tenant, or for a sensor. Raises Failure for a run of another one."""
    if context.run:
        refuse_run_of_another(context.run)
    return resource
