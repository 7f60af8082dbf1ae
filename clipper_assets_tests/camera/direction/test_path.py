from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.camera.direction.panels import PANELS
from clipper_assets.camera.direction.path import (
    CAMERA,
    CameraPath,
    Keyframe,
    View,
    camera_table,
    read_paths,
    still,
)
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.frame import Box
from clipper_assets.shows.show import Layout

SPLIT = CameraPath(
    (
        Keyframe(10.0, Layout.speaker, (View(500.0, 540.0),), why="person 0 speaks"),
        Keyframe(12.0, Layout.speaker, (View(700.0, 540.0, 1.5),), 1.0, "person 0 speaks and has moved"),
        Keyframe(20.0, Layout.split, (View(500.0, 400.0, 1.3), View(1400.0, 420.0, 1.3)), why="they talk"),
    )
)
LAYOUTS = "speaker, split, grid, screen, fit, center"
PAL: dict[str, Any] = {"width_px": 720, "height_px": 576, "sample_aspect_ratio": 64 / 45}
numbers = st.floats(0, 1e5)
reasons = st.sampled_from(["", "person 0 speaks", "人 1"])
boxes = st.builds(Box, numbers, numbers, numbers, numbers)
views = st.builds(View, numbers, numbers, st.floats(1, 4), st.one_of(st.none(), boxes))


@st.composite
def paths(draw: st.DrawFn) -> CameraPath:
    times = sorted(draw(st.sets(numbers, min_size=1, max_size=5)))
    keyframes = []
    for time_s in times:
        layout = draw(st.sampled_from(list(PANELS)))
        shown = tuple(draw(views) for _ in range(draw(st.sampled_from(PANELS[layout]))))
        keyframes.append(Keyframe(time_s, layout, shown, draw(st.floats(0, 2)), draw(reasons)))
    return CameraPath(tuple(keyframes))


@settings(deadline=None)
@given(st.dictionaries(st.integers(0, 20), paths(), max_size=4))
def test_paths_survive_the_table_unchanged(by_clip: dict[int, CameraPath]) -> None:
    table = camera_table("show/ep", list(by_clip.items()))
    assert table.schema.equals(CAMERA.schema)
    assert read_paths(table) == by_clip


def test_rows_of_an_edited_table_may_be_in_any_order() -> None:
    table = camera_table("show/ep", [(0, SPLIT), (1, SPLIT)])
    shuffled = table.take([7, 3, 0, 5, 2, 6, 1, 4])
    assert read_paths(shuffled) == {0: SPLIT, 1: SPLIT}


def test_a_table_survives_parquet_without_the_partitions_column() -> None:
    buffer = pa.BufferOutputStream()
    pq.write_table(camera_table("show/ep", [(3, SPLIT)]).drop_columns(["episode"]), buffer)
    assert read_paths(pq.read_table(pa.BufferReader(buffer.getvalue()))) == {3: SPLIT}


@pytest.mark.parametrize(
    ("edit", "mistake"),
    [
        (lambda row: row | {"layout": "wide"}, f"unknown layout 'wide'; use {LAYOUTS}"),
        (lambda row: row | {"layout": "auto"}, f"unknown layout 'auto'; use {LAYOUTS}"),
        (lambda row: row | {"layout": "fit"}, "2 panels instead of the 1 of 'fit'"),
        (lambda row: row | {"layout": "grid"}, "2 panels instead of the 3 or 4 of 'grid'"),
    ],
)
def test_an_invalid_edit_is_reported_with_clip_and_time(
    edit: Callable[[dict[str, Any]], dict[str, Any]], mistake: str
) -> None:
    rows = camera_table("show/ep", [(2, SPLIT)]).to_pylist()
    edited = CAMERA.table([edit(row) if row["time"] == 20 else row for row in rows])
    with pytest.raises(ValueError, match=f"^camera path of clip 2 at 20.00 s: {mistake}$"):
        read_paths(edited)


def test_each_layout_is_listed_once_in_order_of_appearance() -> None:
    assert SPLIT.layouts == [Layout.speaker, Layout.split]


def test_a_table_of_an_earlier_version_has_views_that_may_show_all_of_the_source() -> None:
    columns = [name for name in CAMERA.schema.names if name.startswith("within")]
    assert read_paths(camera_table("show/ep", [(0, SPLIT)]).drop_columns(columns)) == {0: SPLIT}


@pytest.mark.parametrize("layout", [Layout.fit, Layout.center])
def test_a_still_camera_looks_at_the_middle_in_square_pixels(layout: Layout) -> None:
    source = RawVideo(**{field.name: 0 for field in fields(RawVideo)} | PAL)
    assert still(layout, source, "requested layout", 7.0) == CameraPath(
        (Keyframe(7.0, layout, (View(512.0, 288.0),), why="requested layout"),)
    )


def test_an_empty_cell_is_reported_with_its_column() -> None:
    table = camera_table("episode", [(0, SPLIT)])
    at = table.column_names.index("zoom")
    emptied = table.set_column(at, "zoom", pa.array([None] * table.num_rows, pa.float64()))
    with pytest.raises(ValueError, match=r"^the camera_paths table has empty cells in zoom; fill them in$"):
        read_paths(emptied)
