"""`camera_paths`: the crop of each clip over time. Computed from tables alone; decodes nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import pyarrow as pa
from pydantic import Field

from clipper_assets.camera.analysis.observation import read_scenes
from clipper_assets.camera.direction.path import CAMERA, CameraPath, camera_table
from clipper_assets.camera.direction.plot import camera_plot
from clipper_assets.camera.direction.windows import clip_path
from clipper_assets.camera.lineage import CAMERA_SETTINGS, camera_reads
from clipper_assets.camera.scene import Scene, scene_of
from clipper_assets.edits.lineage import READ_EDITS, edits_read_by
from clipper_assets.edits.model import ShotChoice
from clipper_assets.edits.store import latest_edits
from clipper_assets.episodes.automation import on_changes_of
from clipper_assets.episodes.partitions import episodes, per_episode
from clipper_assets.episodes.source import RawVideo
from clipper_assets.highlights.window import Window, read_windows
from clipper_assets.runtime.asset_names import CAMERA_PATHS
from clipper_assets.runtime.degraded import Degraded, not_degraded, not_degraded_spec
from clipper_assets.runtime.lineage import reads
from clipper_assets.runtime.refusal import in_one_sentence, refusal
from clipper_assets.runtime.spend import metered
from clipper_assets.runtime.tenant import of_tenant
from clipper_assets.runtime.time_limit import time_limit
from clipper_assets.settings import Settings
from clipper_assets.shows.show import STILL, Layout, load_show
from clipper_assets.storage.base import Storage
from clipper_assets.storage.pictures import store_picture
from clipper_assets.storage.recipes import Recipe, StepConfig, difference, new_result, recipe_of, stored_result
from clipper_assets.storage.tables import LAKE_TABLE, TableResult

CODE_VERSION = "3"


class CameraConfig(StepConfig):
    """Run config of the camera."""

    layout: Layout | None = Field(
        default=None,
        description="`auto` decides shot by shot; `speaker`, `split`, `grid`, `screen`, `fit` (whole picture over "
        "a blurred copy) or `center` (crop of the middle). Default: the show's, or `auto`",
    )


Choices = Mapping[int, Sequence[ShotChoice]]
"""What people chose for the shots of each clip, by its number."""


def inputs(config: CameraConfig, layouts: Mapping[int, Layout], choices: Choices) -> dict[str, Any]:
    """Everything beside the upstream tables that decides the result; `layouts` are those of the clips, by number."""
    return {
        "requested": config.layout and config.layout.value,
        "layouts": {str(clip): layout.value for clip, layout in layouts.items()},
        "choices": {str(clip): [each.model_dump(mode="json") for each in shots] for clip, shots in choices.items()},
    }


@of_tenant
@dg.asset(
    partitions_def=episodes,
    group_name="episodes",
    kinds={"parquet"},
    code_version=CODE_VERSION,
    io_manager_key="lake",
    dagster_type=LAKE_TABLE,
    metadata=CAMERA.definition_metadata,
    check_specs=per_episode(not_degraded_spec(CAMERA_PATHS)),
    deps=[READ_EDITS[CAMERA_PATHS], CAMERA_SETTINGS],
    automation_condition=on_changes_of(READ_EDITS[CAMERA_PATHS], CAMERA_SETTINGS),
    description="Where the crop of each clip looks: keyframes, which the renderer replays. Edit the table to correct "
    "it and materialize rendered_clips. An edited table is kept until windows, scenes or layouts change, or a run is "
    "configured with `afresh`.",
)
@metered
@in_one_sentence
def camera_paths(
    context: dg.AssetExecutionContext,
    config: CameraConfig,
    raw_video: pa.Table,
    highlight_windows: pa.Table,
    scenes: pa.Table,
    storage: Storage,
    settings: dg.ResourceParam[Settings],
) -> TableResult:
    source = RawVideo.from_table(raw_video)
    windows = read_windows(highlight_windows)
    try:
        usual, layouts, choices, read, recipe = _decisive(config, storage, raw_video, highlight_windows, scenes)
        followed = _followed(windows, layouts, read_scenes(scenes)) if not source.audio_only else {}
    except ValueError as refused:
        raise refusal(context, str(refused)) from None
    lineage = reads(context, read)
    if stored := stored_result(context, config, storage, CAMERA, recipe, lineage):
        return stored
    with time_limit(context, source.duration_s, settings.time_limit_scale):
        paths, unmet = _paths(windows, layouts, choices, followed, source)
    table = camera_table(source.episode, paths, config.layout)
    degraded = [*_fallbacks(list(followed.values())), *(each.as_dict() for each in unmet)]
    return new_result(
        recipe,
        table,
        check_results=[not_degraded(CAMERA_PATHS, degraded)],
        metadata={
            "layout": usual.value,
            "layouts": {f"clip_{clip}": [layout.value for layout in path.layouts] for clip, path in paths},
            "degraded": dg.MetadataValue.json(degraded),
            "camera": store_picture(storage, source.episode, "camera", camera_plot(paths, list(followed.items()))),
        },
        lineage=lineage,
    )


def _decisive(
    config: CameraConfig, storage: Storage, raw_video: pa.Table, highlight_windows: pa.Table, scenes: pa.Table
) -> tuple[Layout, dict[int, Layout], Choices, dict[dg.AssetKey, str], Recipe]:
    """The usual layout, that of each clip, the choices for their shots, versions of what is read, and the recipe.

    Raises ValueError for edits or a show that are damaged.
    """
    source = RawVideo.from_table(raw_video)
    show, edits = load_show(storage, source.key), latest_edits(storage, source.episode)
    usual = config.layout or show.layout
    windows = read_windows(highlight_windows)
    layouts = {window.clip: edits.layout(window.clip, usual) for window in windows}
    chosen = {window.clip: edits.shots_between(window.start, window.end) for window in windows}
    choices = {clip: shots for clip, shots in chosen.items() if shots}
    recipe = recipe_of(config, CODE_VERSION, inputs(config, layouts, choices), raw_video, highlight_windows, scenes)
    return usual, layouts, choices, edits_read_by(CAMERA_PATHS, edits) | camera_reads(show), recipe


def _paths(
    windows: Sequence[Window],
    layouts: Mapping[int, Layout],
    choices: Choices,
    followed: Mapping[int, Scene],
    source: RawVideo,
) -> tuple[list[tuple[int, CameraPath]], list[Degraded]]:
    """The path of each clip, by its scene where the camera follows people, and the choices that are not followed."""
    paths: list[tuple[int, CameraPath]] = []
    fallbacks: list[Degraded] = []
    for window in windows:
        clip = window.clip
        path, unmet = clip_path(window, layouts[clip], choices.get(clip, ()), followed.get(clip), source)
        paths.append((clip, path))
        fallbacks += [Degraded(CAMERA_PATHS, f"clip {clip}: {reason}") for reason in unmet]
    return paths, fallbacks


def table_by(
    config: CameraConfig, storage: Storage, raw_video: pa.Table, highlight_windows: pa.Table, scenes: pa.Table
) -> pa.Table:
    """The table that a run with `config` would make. Raises ValueError as `_decisive` and `_followed`."""
    source, windows = RawVideo.from_table(raw_video), read_windows(highlight_windows)
    _, layouts, choices, *_ = _decisive(config, storage, raw_video, highlight_windows, scenes)
    followed = _followed(windows, layouts, read_scenes(scenes)) if not source.audio_only else {}
    paths, _ = _paths(windows, layouts, choices, followed, source)
    return camera_table(source.episode, paths, config.layout)


def why_again(
    stored: pa.Table,
    config: CameraConfig,
    storage: Storage,
    raw_video: pa.Table,
    highlight_windows: pa.Table,
    scenes: pa.Table,
) -> str:
    """Why a run would make the stored table again, in words; empty if it would keep it. Raises as `_decisive`."""
    *_, recipe = _decisive(config, storage, raw_video, highlight_windows, scenes)
    return difference(stored, recipe, camera_paths)


def _followed(windows: Sequence[Window], layouts: Mapping[int, Layout], scenes: Sequence[Scene]) -> dict[int, Scene]:
    """The scenes of the windows in which the camera follows people, by clip.

    Raises ValueError if no scene covers a window that needs one.
    """
    followed = {}
    for window in windows:
        clip, start_s, end_s = window.clip, window.start, window.end
        if layouts[clip] in STILL:
            continue
        scene = scene_of(scenes, start_s, end_s)
        if scene is None:
            raise ValueError(
                f"the table of scenes does not cover clip {clip} ({start_s:.2f} to {end_s:.2f} s), which the layout "
                f"{layouts[clip].value} needs; materialize scenes with this layout, then camera_paths"
            )
        followed[clip] = scene
    return followed


def _fallbacks(scenes: Sequence[Scene]) -> list[dict[str, str]]:
    blind = sum(not scene.tracks for scene in scenes)
    if not blind:
        return []
    reason = f"no face was found in {blind} of {len(scenes)} windows, so the camera follows nobody there"
    return [Degraded(CAMERA_PATHS, reason).as_dict()]
