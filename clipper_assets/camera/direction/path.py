"""Where the crop looks, as data: a camera path is a list of keyframes, and the renderer only replays it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import pyarrow as pa

from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.frame import Frame
from clipper_assets.shows.show import Layout
from clipper_assets.storage.tables import Column, TableSpec, provenance

PANELS = {Layout.speaker: 1, Layout.split: 2, Layout.screen: 2, Layout.fit: 1, Layout.center: 1}
"""How many rectangles of the source a layout shows: `split` and `screen` stack two, the first one above."""


TALL_FOR_TWO, TALL_FOR_SLIDES = 1.5, 1.0
"""Height over width that a frame needs for `split`, each panel no wider than 4:3, and for `screen`."""


@dataclass(frozen=True)
class View:
    """What one panel shows: a rectangle of the panel's own shape, in source pixels (square, after rotation).

    `zoom` 1 is the largest such rectangle inside the source, 2 one of half its width and height. A rectangle that
    would reach over the edge of the source is moved inside. `fit` shows the whole source, whatever the view.
    """

    center_x_px: float
    center_y_px: float
    zoom: float = 1.0


@dataclass(frozen=True)
class Keyframe:
    """From `time_s` on, until the next keyframe, the clip has this layout and shows these views, one per panel.

    With `ease_s` 0 that is a cut; else the views move there from those of the keyframe before, in so many seconds from
    `time_s` on, which only a keyframe of the same layout can. `why` says in a phrase what decided it.
    """

    time_s: float
    layout: Layout
    views: tuple[View, ...]
    ease_s: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class CameraPath:
    """Keyframes in time order; the first one is at the very start of what the path is for.

    Seconds count from the start of the episode in a table and from the start of the clip in a plan.
    """

    keyframes: tuple[Keyframe, ...]

    @property
    def layouts(self) -> list[Layout]:
        """The layouts that occur, each once, in order of their first appearance."""
        return list(dict.fromkeys(key.layout for key in self.keyframes))

    def spans(self, layout: Layout, end_s: float) -> list[tuple[float, float]]:
        """When the path, which goes on until `end_s`, has that layout."""
        ends = [*(key.time_s for key in self.keyframes[1:]), end_s]
        return [
            (key.time_s, until_s) for key, until_s in zip(self.keyframes, ends, strict=True) if key.layout is layout
        ]


REQUESTED_LAYOUT = "requested_layout"
"""Key-value metadata of the table's file."""
CAMERA = TableSpec(
    "camera",
    [
        Column("episode", pa.string(), "partition key of the episode"),
        Column("clip", pa.int32(), "clip, as in highlight_windows"),
        Column("time", pa.float64(), "from here on, until the clip's next keyframe: seconds from the episode's start"),
        Column("panel", pa.int8(), "0, or 1 for the lower panel of `split` and `screen`"),
        Column("layout", pa.string(), "`speaker`, `split`, `screen`, `fit` or `center`"),
        Column("center_x", pa.float64(), "centre of the crop in source pixels (square, after rotation)"),
        Column("center_y", pa.float64(), "centre of the crop in source pixels (square, after rotation)"),
        Column("zoom", pa.float64(), "1: the largest crop of the panel's shape inside the source; 2: half of that"),
        Column("ease", pa.float64(), "seconds in which the crop moves there; 0: a cut"),
        Column("why", pa.string(), "what decided it"),
        Column("spec", pa.string(), "null; earlier versions wrote a hash of what decided the path", nullable=True),
    ],
)


def camera_table(
    episode: str, paths: Sequence[tuple[int, CameraPath]], requested_layout: Layout | None = None
) -> pa.Table:
    """Camera paths by clip as a lake table: a row for each panel of each keyframe.

    `requested_layout` is that of the run config, which `read_requested_layout` reads again.
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
    """The camera path of each clip of a table, which a person may have edited.

    Raises ValueError, naming clip and time, for a layout or a number of panels that there is not, and for empty cells.
    """
    required = [column.name for column in CAMERA.columns if not column.nullable and column.name in table.column_names]
    if empty := [name for name in required if table[name].null_count]:
        raise ValueError(f"the table of camera paths has empty cells in {', '.join(empty)}; fill them")
    rows = sorted(table.to_pylist(), key=lambda row: (row["clip"], row["time"], row["panel"]))
    paths: dict[int, list[Keyframe]] = {}
    for (clip, time_s), panels in groupby(rows, key=lambda row: (row["clip"], row["time"])):
        found = list(panels)
        row = found[0]
        layout = next((each for each in PANELS if each.value == row["layout"]), None)
        if layout is None or PANELS[layout] != len(found):
            wrong = f"{len(found)} panels instead of {PANELS[layout]}" if layout else f"no layout {row['layout']!r}"
            raise ValueError(f"camera path of clip {clip} at {time_s:.2f} s: {wrong}")
        views = tuple(View(each["center_x"], each["center_y"], each["zoom"]) for each in found)
        paths.setdefault(clip, []).append(Keyframe(time_s, layout, views, row["ease"], row["why"]))
    return {clip: CameraPath(tuple(keyframes)) for clip, keyframes in paths.items()}


def still(layout: Layout, source: RawVideo, why: str, time_s: float = 0.0) -> CameraPath:
    """A camera that looks at the middle throughout."""
    width_px, height_px = source.square_size_px
    view = View(width_px / 2, height_px / 2)
    return CameraPath((Keyframe(time_s, layout, (view,) * PANELS[layout], why=why),))


def layout_in(frame: Frame, layout: Layout) -> Layout:
    """How a layout is shown in a frame: where it is not tall enough to stack two pictures, the whole source is."""
    needed = {Layout.split: TALL_FOR_TWO, Layout.screen: TALL_FOR_SLIDES}.get(layout, 0.0)
    return layout if frame.height_px >= needed * frame.width_px else Layout.fit


def panel_sizes_px(layout: Layout, frame: Frame) -> list[tuple[int, int]]:
    """Width and height of a layout's panels in the clip, from top to bottom; they fill the frame.

    Slides have the shape that nearly all slides have, 16:9.
    """
    if PANELS[layout] == 1:
        return [(frame.width_px, frame.height_px)]
    upper = frame.height_px // 4 * 2 if layout is Layout.split else frame.width_px * 9 // 32 * 2
    return [(frame.width_px, upper), (frame.width_px, frame.height_px - upper)]
