"""The camera path, a list of keyframes that say where the crop looks; the renderer replays it unchanged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pyarrow as pa

from clipper_assets.camera.direction.panels import PANELS
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.frame import Box
from clipper_assets.shows.show import Layout
from clipper_assets.storage.tables import Column, TableSpec, provenance


@dataclass(frozen=True)
class View:
    """What one panel shows: a rectangle with the panel's aspect ratio, in source pixels (square, after rotation).

    `zoom` 1 is the largest such rectangle inside the source, 2 one of half its width and height. `within` is the part
    of the source that the rectangle must not leave in any frame, such as a participant's tile; None for the whole
    source. A rectangle that is too large for it is made smaller, and one that crosses its edge is moved inside. `fit`
    ignores the view and shows the whole source.
    """

    center_x_px: float
    center_y_px: float
    zoom: float = 1.0
    within: Box | None = None


@dataclass(frozen=True)
class Keyframe:
    """From `time_s` until the next keyframe, the clip has this layout and shows these views, one per panel.

    With `ease_s` 0 the keyframe is a cut. Otherwise the views move from those of the previous keyframe, which must have
    the same layout, within `ease_s` seconds from `time_s` on. `why` is a phrase that gives the reason.
    """

    time_s: float
    layout: Layout
    views: tuple[View, ...]
    ease_s: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class CameraPath:
    """Keyframes in time order; the first one is at the start of the window or clip.

    Seconds count from the start of the episode in a table, and from the start of the clip in a plan.
    """

    keyframes: tuple[Keyframe, ...]

    @property
    def layouts(self) -> list[Layout]:
        """The distinct layouts, in order of first appearance."""
        return list(dict.fromkeys(key.layout for key in self.keyframes))

    def spans(self, layout: Layout, end_s: float) -> list[tuple[float, float]]:
        """Start and end of each stretch with that layout; the path ends at `end_s`."""
        ends = [*(key.time_s for key in self.keyframes[1:]), end_s]
        return [
            (key.time_s, until_s) for key, until_s in zip(self.keyframes, ends, strict=True) if key.layout is layout
        ]


REQUESTED_LAYOUT = "requested_layout"
"""Key-value metadata of the table's file."""
WITHIN = {"within_left": "left edge", "within_top": "top edge", "within_width": "width", "within_height": "height"}
"""Columns of a view's `within`, in source pixels."""
CAMERA = TableSpec(
    "camera",
    [
        Column("episode", pa.string(), "partition key of the episode"),
        Column("clip", pa.int32(), "clip, as in highlight_windows"),
        Column("time", pa.float64(), "start of the keyframe in seconds from the episode's start; lasts until the next"),
        Column(
            "panel", pa.int8(), "number of the panel, row by row from 0; `split` and `screen` have 2, `grid` 3 or 4"
        ),
        Column("layout", pa.string(), "`speaker`, `split`, `grid`, `screen`, `fit` or `center`"),
        Column("center_x", pa.float64(), "centre of the crop in source pixels (square, after rotation)"),
        Column("center_y", pa.float64(), "centre of the crop in source pixels (square, after rotation)"),
        Column("zoom", pa.float64(), "1: the largest crop of the panel's shape inside the source; 2: half its size"),
        *(
            Column(name, pa.float64(), f"{side} of the box that the crop stays inside; null: the source", nullable=True)
            for name, side in WITHIN.items()
        ),
        Column("ease", pa.float64(), "seconds that the crop takes to move there; 0: a cut"),
        Column("why", pa.string(), "reason for the keyframe"),
        Column("spec", pa.string(), "null; earlier versions wrote a hash of the path's inputs", nullable=True),
    ],
)


def camera_table(
    episode: str, paths: Sequence[tuple[int, CameraPath]], requested_layout: Layout | None = None
) -> pa.Table:
    """Camera paths, each with its clip number, as a lake table with one row per panel of each keyframe.

    `requested_layout` is that of the run config; `read_requested_layout` reads it from the table.
    """
    return CAMERA.table(
        [
            {
                "episode": episode,
                "clip": clip,
                "time": key.time_s,
                "panel": panel,
                "layout": key.layout.value,
                "center_x": view.center_x_px,
                "center_y": view.center_y_px,
                "zoom": view.zoom,
                **dict(zip(WITHIN, view.within or (None,) * len(WITHIN), strict=True)),
                "ease": key.ease_s,
                "why": key.why,
                "spec": None,
            }
            for clip, path in paths
            for key in path.keyframes
            for panel, view in enumerate(key.views)
        ],
        {REQUESTED_LAYOUT: requested_layout.value} if requested_layout else None,
    )


def read_requested_layout(table: pa.Table) -> Layout | None:
    """The layout that the run config asked for; None where the show decided."""
    layout = provenance(table).get(REQUESTED_LAYOUT)
    return Layout(layout) if layout else None


def read_paths(table: pa.Table) -> dict[int, CameraPath]:
    """Read the camera path of each clip from a table, which a person may have edited.

    Raises ValueError for empty cells, and for an unknown layout or a wrong number of panels, with clip and time.
    """
    required = [column.name for column in CAMERA.columns if not column.nullable and column.name in table.column_names]
    if empty := [name for name in required if table[name].null_count]:
        raise ValueError(f"the camera_paths table has empty cells in {', '.join(empty)}; fill them in")
    rows = sorted(table.to_pylist(), key=lambda row: (row["clip"], row["time"], row["panel"]))
    paths: dict[int, list[Keyframe]] = {}
    for (clip, time_s), group in groupby(rows, key=lambda row: (row["clip"], row["time"])):
        panels = list(group)
        name, ease_s, why = panels[0]["layout"], panels[0]["ease"], panels[0]["why"]
        layout = next((layout for layout in PANELS if layout.value == name), None)
        if layout is None or len(panels) not in PANELS[layout]:
            mistake = (
                f"{len(panels)} panels instead of the {' or '.join(map(str, PANELS[layout]))} of {name!r}"
                if layout
                else f"unknown layout {name!r}; use {', '.join(known.value for known in PANELS)}"
            )
            raise ValueError(f"camera path of clip {clip} at {time_s:.2f} s: {mistake}")
        views = tuple(View(panel["center_x"], panel["center_y"], panel["zoom"], _within(panel)) for panel in panels)
        paths.setdefault(clip, []).append(Keyframe(time_s, layout, views, ease_s, why))
    return {clip: CameraPath(tuple(keyframes)) for clip, keyframes in paths.items()}


def _within(row: Mapping[str, Any]) -> Box | None:
    """The box that a row's crop must not leave; None in rows without it and in tables of earlier versions."""
    sides = [side for name in WITHIN if (side := row.get(name)) is not None]
    return Box(*sides) if len(sides) == len(WITHIN) else None


def still(layout: Layout, source: RawVideo, why: str, time_s: float = 0.0) -> CameraPath:
    """A camera path with a single keyframe that looks at the middle of the source."""
    width_px, height_px = source.square_size_px
    view = View(width_px / 2, height_px / 2)
    return CameraPath((Keyframe(time_s, layout, (view,) * PANELS[layout][0], why=why),))
