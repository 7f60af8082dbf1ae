from itertools import combinations

import pytest

from clipper_assets.camera.direction.panels import PANELS, layout_in, panels_px
from clipper_assets.media.frame import FRAMES, Aspect, Box
from clipper_assets.shows.show import Layout

CHOICES = [(layout, count) for layout, counts in PANELS.items() for count in counts]


def overlap_px(one: Box, other: Box) -> float:
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    return max(width, 0) * max(height, 0)


@pytest.mark.parametrize("aspect", Aspect)
@pytest.mark.parametrize(("layout", "count"), CHOICES)
def test_panels_fill_the_frame_with_even_sides(aspect: Aspect, layout: Layout, count: int) -> None:
    frame = FRAMES[aspect]
    panels = panels_px(layout, count, frame)
    assert len(panels) == count
    assert sum(panel.width * panel.height for panel in panels) == frame.width_px * frame.height_px
    assert all(side == int(side) and int(side) % 2 == 0 for panel in panels for side in panel)
    assert all(panel.right <= frame.width_px and panel.bottom <= frame.height_px for panel in panels)
    assert not any(overlap_px(*pair) for pair in combinations(panels, 2))
    assert sorted(panels, key=lambda panel: (panel.top, panel.left)) == panels


@pytest.mark.parametrize(
    ("aspect", "rows"),
    [
        (Aspect.portrait, {2: [1, 1], 3: [1, 1, 1], 4: [2, 2]}),
        (Aspect.feed, {2: [1, 1], 3: [1, 2], 4: [2, 2]}),
        (Aspect.square, {2: [2], 3: [1, 2], 4: [2, 2]}),
        (Aspect.landscape, {2: [2], 3: [3], 4: [2, 2]}),
    ],
)
def test_people_stand_above_or_beside_each_other_by_the_shape_of_the_frame(
    aspect: Aspect, rows: dict[int, list[int]]
) -> None:
    for count, columns in rows.items():
        panels = panels_px(Layout.split if count == 2 else Layout.grid, count, FRAMES[aspect])
        tops = sorted({panel.top for panel in panels})
        assert [sum(panel.top == top for panel in panels) for top in tops] == columns


def test_two_wide_pictures_are_above_each_other_in_all_frames_but_landscape() -> None:
    rows = {aspect: panels_px(Layout.split, 2, frame, wide=True)[1].top > 0 for aspect, frame in FRAMES.items()}
    assert rows == dict.fromkeys(Aspect, True) | {Aspect.landscape: False}


def test_the_panel_for_slides_is_16_to_9() -> None:
    slides, face = panels_px(Layout.screen, 2, FRAMES[Aspect.portrait])
    assert slides == Box(0, 0, 1080, 606)
    assert face == Box(0, 606, 1080, 1314)


def test_only_a_landscape_frame_is_too_low_for_slides() -> None:
    shown = {aspect: layout_in(FRAMES[aspect], Layout.screen) for aspect in Aspect}
    assert shown == dict.fromkeys(Aspect, Layout.screen) | {Aspect.landscape: Layout.fit}
    assert all(layout_in(frame, Layout.grid) is Layout.grid for frame in FRAMES.values())


def test_a_wrong_number_of_panels_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^grid has 3 or 4 panels, not 2$"):
        panels_px(Layout.grid, 2, FRAMES[Aspect.portrait])
