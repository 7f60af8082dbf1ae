"""`camera_paths`: where the crop of each clip looks, and at whom. Directed from tables alone, without the picture."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import pyarrow as pa
from pydantic import Field

from clipper_assets.camera.analysis.observation import read_scenes
from clipper_assets.camera.direction.path import CAMERA, CameraPath, camera_table, still
from clipper_assets.camera.direction.plot import camera_plot
from clipper_assets.camera.scene import Scene, scene_of
from clipper_assets.edits.store import EDITS, latest_edits
from clipper_assets.episodes.partitions import episodes
from clipper_assets.episodes.source import RawVideo
from clipper_assets.runtime.degraded import Degraded, not_degraded, not_degraded_spec
from clipper_assets.runtime.refusal import in_one_sentence, refusal
from clipper_assets.runtime.time_limit import time_limit
from clipper_assets.shows.show import STILL, Layout, load_show
from clipper_assets.storage.base import Storage
from clipper_assets.storage.tables import LAKE_TABLE, TableResult


class CameraConfig(dg.Config):
    """What one run decides about the camera."""

    layout: Layout | None = Field(
        default=None,
        description="`auto` decides shot by shot; `speaker`, `split`, `screen`, `fit` (whole picture over a blurred "
        "copy) or `center` (crop of the middle). Default: the show's, or `auto`",
    )


@dg.asset(
    partitions_def=episodes,
    group_name="episodes",
    kinds={"parquet"},
    code_version="2",
    io_manager_key="lake",
    dagster_type=LAKE_TABLE,
    metadata=CAMERA.definition_metadata,
    check_specs=[not_degraded_spec("camera_paths")],
    deps=[EDITS],
    description="Where the crop of each clip looks: keyframes, which the renderer replays. Edit the table to correct "
    "it and materialize rendered_clips alone; camera_paths writes the table anew whenever it is materialized.",
)
@in_one_sentence
def camera_paths(
    context: dg.AssetExecutionContext,
    config: CameraConfig,
    raw_video: pa.Table,
    highlight_windows: pa.Table,
    scenes: pa.Table,
    storage: Storage,
) -> TableResult:
    from clipper_assets.camera.direction.director import direct

    source = RawVideo.from_table(raw_video)
    windows = highlight_windows.to_pylist()
    try:
        edits = latest_edits(storage, source.episode)
        usual = config.layout or load_show(storage, source.key).layout
        layouts = {window["clip"]: edits.layout(window["clip"], usual) for window in windows}
        followed = _followed(windows, layouts, read_scenes(scenes)) if not source.audio_only else {}
    except ValueError as refused:
        raise refusal(context, str(refused)) from None
    paths: list[tuple[int, CameraPath]] = []
    with time_limit(context, source.duration_s):
        for window in windows:
            clip, layout = window["clip"], layouts[window["clip"]]
            if scene := followed.get(clip):
                paths.append((clip, direct(scene, layout)))
            else:
                shown = layout if layout in STILL else Layout.fit
                paths.append((clip, still(shown, source, "as asked", window["start"])))
    table = camera_table(source.episode, paths)
    degraded = _fallbacks(list(followed.values()))
    return TableResult(
        value=table,
        data_version=dg.DataVersion(hashlib.sha256(json.dumps(table.to_pylist()).encode()).hexdigest()),
        check_results=[not_degraded("camera_paths", degraded)],
        metadata={
            "dagster/row_count": table.num_rows,
            "layout": usual.value,
            "layouts": {f"clip_{clip}": [layout.value for layout in path.layouts] for clip, path in paths},
            "degraded": dg.MetadataValue.json(degraded),
            "camera": dg.MetadataValue.md(camera_plot(paths, list(followed.items()))),
        },
    )


def _followed(
    windows: Sequence[Mapping[str, Any]], layouts: Mapping[int, Layout], scenes: Sequence[Scene]
) -> dict[int, Scene]:
    """By clip, what is seen and heard in the windows in which people are followed.

    Raises ValueError where a window was not looked at.
    """
    followed = {}
    for window in windows:
        clip, start_s, end_s = window["clip"], window["start"], window["end"]
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
    reason = f"no face was found in {blind} of {len(scenes)} windows: nobody to follow there"
    return [Degraded("camera_paths", reason).as_dict()]
