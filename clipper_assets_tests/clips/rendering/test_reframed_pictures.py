"""Renders camera paths from a test video whose luma and chroma encode the position in the source."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from clipper_assets.camera.direction.panels import PANELS, panels_px
from clipper_assets.camera.direction.path import CameraPath, Keyframe, View, still
from clipper_assets.clips.cuts import TimeMap
from clipper_assets.clips.plan import ClipPlan
from clipper_assets.clips.rendering.filtergraph import PICTURE_FILE, camera_stretches, video_arguments
from clipper_assets.clips.rendering.reframing import CAMERA_FILE, SEAM_PX, camera_commands
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.ffmpeg import run
from clipper_assets.media.frame import FRAMES, Aspect, Box, Frame
from clipper_assets.shows.show import Layout
from clipper_assets_tests.support.media import FAST, Picture, frames, lavfi, make, plan_of, source_of

SMALL = Frame(216, 384, Box(0, 0, 216, 384))
SIZE = (1280, 720)
EDGE_PX = 12
"""Margin of a panel that is not measured, because it may contain the seam."""
LOW, HIGH = 32, 208
"""Luma at the left and right edge of the source, and blue difference (Cb) at its top and bottom edge."""


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _places(tmp_path_factory.mktemp("places") / "places.mp4", SIZE, "25")


@pytest.fixture(scope="module")
def source(places: Path) -> RawVideo:
    return source_of(places)


def _places(target: Path, size: tuple[int, int], rate: str) -> Path:
    """A test video of four seconds. In an mp4 only the first frame is a key frame, so that a seek must decode from it.

    An mkv may have an odd width and height.
    """
    ramps = [f"{LOW + 0.5}+{HIGH - LOW}*({axis}+0.5)/{extent}" for axis, extent in (("X", "W"), ("Y", "H"))]
    still = f"color=s={size[0]}x{size[1]}:r={rate}:d=0.01,format=yuv444p,geq=lum='{ramps[0]}':cb='{ramps[1]}':cr=128"
    picture = (
        f"{still},loop=-1:1,setpts=N/({rate}*TB),trim=duration=4,format=yuv420p,setparams=colorspace=bt709:range=tv"
    )
    video = ["-c:v", "libx264", "-g", "999", "-qp", "2"] if target.suffix == ".mp4" else ["-c:v", "ffv1"]
    return make(target, *lavfi(picture, "sine=d=4"), *video, "-c:a", "aac", "-t", "4")


def film(plan: ClipPlan, source: RawVideo, file: Path, folder: Path) -> list[Picture]:
    """The frames of a clip without captions: luma, Cb and Cr, of shape (3, height, width)."""
    folder.mkdir()
    (folder / CAMERA_FILE).write_text(camera_commands(camera_stretches(plan, source), plan.fps))
    run(video_arguments(plan, source, f"file:{file}", FAST, captions=False), cwd=folder)
    return [picture for _, picture in frames(folder / PICTURE_FILE, "yuv444p")]


def seen(panel: Picture, size: tuple[int, int] = SIZE) -> Box:
    """Measure which rectangle of the source a panel shows."""
    inner = panel[:2, EDGE_PX:-EDGE_PX, EDGE_PX:-EDGE_PX].astype(float)
    across, down = inner[0].mean(axis=0), inner[1].mean(axis=1)
    (left, right), (top, bottom) = (_ends(across, panel.shape[2], size[0]), _ends(down, panel.shape[1], size[1]))
    return Box(left, top, right - left, bottom - top)


def _ends(profile: NDArray[np.float64], pixels: int, extent: int) -> tuple[float, float]:
    """Fit a line through the levels of a panel to find where it begins and ends in the source."""
    slope, start = np.polyfit(np.arange(EDGE_PX, pixels - EDGE_PX) + 0.5, (profile - LOW) / (HIGH - LOW) * extent, 1)
    return float(start), float(start + slope * pixels)


def cut_out(picture: Picture, place: Box) -> Picture:
    left, top, width, height = map(round, place)
    return picture[:, top : top + height, left : left + width]


MOVES = CameraPath(
    (
        Keyframe(0.0, Layout.speaker, (View(640, 360),)),
        Keyframe(7 / 25, Layout.speaker, (View(300, 200, 1.8),)),
        Keyframe(8 / 25, Layout.speaker, (View(5000, -70),)),
        Keyframe(12 / 25, Layout.speaker, (View(400, 400, 2.0),), ease_s=0.4),
        Keyframe(26 / 25, Layout.split, (View(300, 360, 1.5), View(900, 360))),
        Keyframe(30 / 25, Layout.split, (View(300, 360, 1.5), View(700, 300, 1.2)), ease_s=0.2),
        Keyframe(40 / 25, Layout.screen, (View(640, 360), View(800, 300, 3.0))),
        Keyframe(45 / 25, Layout.fit, (View(0, 0),)),
        Keyframe(48 / 25, Layout.speaker, (View(900, 360, 1.5),)),
        Keyframe(51 / 25, Layout.split, (View(200, 300, 2.5), View(800, 360, 1.3))),
        Keyframe(53 / 25, Layout.grid, (View(200, 300, 2.5), View(800, 360, 1.3), View(600, 200, 2))),
        Keyframe(55 / 25, Layout.grid, (View(200, 300, 2.5), View(800, 360), View(600, 200, 2), View(900, 500, 1.5))),
        Keyframe(57 / 25, Layout.speaker, (View(200, 300, within=Box(101, 51, 223, 301)),)),
    )
)


@pytest.mark.parametrize("rate", ["25", "50", "25/2"])
def test_every_frame_shows_the_crops_of_the_camera_path(rate: str, tmp_path: Path) -> None:
    video = _places(tmp_path / "places.mp4", SIZE, rate)
    source = source_of(video)
    cuts = TimeMap(((0.2, 1.0), (1.2, 1.8), (2.0, 2.96)))
    plan = replace(plan_of(source, 0.48, fps=Fraction(25), frame=SMALL, cuts=cuts, camera=MOVES), end_s=0.48 + 3.0)
    pictures = film(plan, source, video, tmp_path / "clip")
    assert len(pictures) == 59
    parts = camera_stretches(plan, source)
    assert [(part.layout, part.first, part.end) for part in parts] == [
        (Layout.speaker, 0, 26),
        (Layout.split, 26, 40),
        (Layout.screen, 40, 45),
        (Layout.fit, 45, 48),
        (Layout.speaker, 48, 51),
        (Layout.split, 51, 53),
        (Layout.grid, 53, 55),
        (Layout.grid, 55, 57),
        (Layout.speaker, 57, 59),
    ]
    for stretch in parts:
        if stretch.layout is Layout.fit:
            continue
        for number in range(stretch.first, stretch.end):
            crops = stretch.crops[max(at for at in stretch.crops if at <= number)]
            for crop, place in zip(crops, stretch.arrangement.places(SMALL), strict=True):
                shown = seen(cut_out(pictures[number], place))
                assert list(shown) == pytest.approx([crop.x, crop.y, crop.w, crop.h], abs=4), number


@pytest.mark.parametrize(
    ("size", "aspect"),
    [
        ((640, 360), Aspect.portrait),
        ((640, 360), Aspect.landscape),
        ((333, 251), Aspect.feed),
        ((333, 251), Aspect.portrait),
        ((150, 360), Aspect.square),
    ],
)
def test_fit_shows_the_whole_picture_over_a_blurred_copy(size: tuple[int, int], aspect: Aspect, tmp_path: Path) -> None:
    video = _places(tmp_path / "places.mkv", size, "25")
    source, frame = source_of(video), FRAMES[aspect]
    (picture,) = film(plan_of(source, frames=1, frame=frame), source, video, tmp_path / "clip")
    assert picture.shape == (3, frame.height_px, frame.width_px)
    share = min(frame.width_px / size[0], frame.height_px / size[1])
    width, height = round(size[0] * share), round(size[1] * share)
    left, top = (frame.width_px - width) // 2, (frame.height_px - height) // 2
    whole = picture[:, top : top + height, left : left + width]
    assert list(seen(whole, size)) == pytest.approx([0, 0, *size], abs=max(size) / 100)
    whole_level = whole[0].mean()
    picture[0, top : top + height, left : left + width] = 0
    around = picture[0][picture[0] > 0]
    if max(top, left) > 4:
        assert 10 < whole_level - around.mean() < 30


@pytest.mark.parametrize("aspect", [Aspect.square, Aspect.feed])
def test_panels_fill_every_frame(places: Path, source: RawVideo, aspect: Aspect, tmp_path: Path) -> None:
    frame = FRAMES[aspect]
    path = CameraPath((Keyframe(0.0, Layout.screen, (View(400, 300, 1.2), View(900, 400, 1.4))),))
    plan = plan_of(source, frames=1, frame=frame, camera=path)
    (picture,) = film(plan, source, places, tmp_path / "clip")
    ((upper, lower),) = camera_stretches(plan, source)[0].crops.values()
    edge = round(panels_px(Layout.screen, 2, frame)[1].top)
    for crop, panel in ((upper, picture[:, :edge]), (lower, picture[:, edge:])):
        assert list(seen(panel)) == pytest.approx([crop.x, crop.y, crop.w, crop.h], abs=3)
    seam = picture[0, edge - SEAM_PX // 2 : edge + SEAM_PX // 2]
    assert seam.max() < 24


@pytest.mark.parametrize("aspect", list(Aspect))
@pytest.mark.parametrize("panels", [2, 3, 4])
def test_there_is_a_black_seam_between_any_two_panels(
    places: Path, source: RawVideo, aspect: Aspect, panels: int, tmp_path: Path
) -> None:
    layout, frame = Layout.split if panels == 2 else Layout.grid, FRAMES[aspect]
    path = CameraPath((Keyframe(0.0, layout, (View(400, 300, 1.2),) * panels),))
    (picture,) = film(plan_of(source, frames=1, frame=frame, camera=path), source, places, tmp_path / "clip")
    is_black = picture[0] < 24
    for place in panels_px(layout, panels, frame):
        inner = Box(*place)._replace(left=place.left + SEAM_PX // 2, width=place.width - SEAM_PX)
        left, top, width, height = map(round, inner)
        assert not is_black[top + SEAM_PX // 2 + 1 : top + height - SEAM_PX // 2 - 1, left + 1 : left + width - 1].any()
        if place.left:
            assert is_black[top : top + height, left - SEAM_PX : left].all()
        if place.top:
            assert is_black[top - SEAM_PX // 2 : top + SEAM_PX // 2, left : left + width].all()


def test_a_picture_with_nearly_the_frames_aspect_ratio_fills_it(tmp_path: Path) -> None:
    video = _places(tmp_path / "places.mkv", (854, 480), "25")
    source = source_of(video)
    plan = plan_of(source, frames=1, frame=FRAMES[Aspect.landscape])
    (picture,) = film(plan, source, video, tmp_path / "clip")
    assert list(seen(picture, (854, 480))) == pytest.approx([0, 0, 854, 480], abs=3)


def test_a_layout_may_change_with_every_frame(places: Path, source: RawVideo, tmp_path: Path) -> None:
    layouts = [Layout.speaker, Layout.split, Layout.fit] * 8
    keys = (
        Keyframe(number / 25, layout, (View(300.0 + number, 360, 2.0),) * PANELS[layout][0])
        for number, layout in enumerate(layouts)
    )
    plan = plan_of(source, frames=30, frame=SMALL, camera=CameraPath(tuple(keys)))
    assert len(film(plan, source, places, tmp_path / "clip")) == 30


def test_colours_are_those_of_the_source_whatever_its_colour_tags(tmp_path: Path) -> None:
    expected = None
    for name, matrix, tags in (
        ("bt709", "bt709", "colorspace=bt709:range=tv"),
        ("untagged hd", "bt709", "colorspace=unknown:range=tv"),
        ("bt601", "bt601", "colorspace=smpte170m:range=tv"),
        ("full range", "bt709", "colorspace=bt709:range=pc"),
    ):
        levels = "pc" if "full" in name else "tv"
        red = f"color=0xC02040:s=1280x720:r=25,scale=out_color_matrix={matrix}:out_range={levels},format=yuv420p"
        coded = ["-c:v", "libx264", "-qp", "2", "-t", "0.2", "-c:a", "aac"]
        video = make(tmp_path / f"{name}.mp4", *lavfi(f"{red},setparams={tags}"), *coded)
        source = source_of(video)
        plan = plan_of(source, frames=1, frame=SMALL, camera=still(Layout.center, source, ""))
        (picture,) = film(plan, source, video, tmp_path / name)
        colour = picture.mean(axis=(1, 2))
        expected = colour if expected is None else expected
        assert colour == pytest.approx(expected, abs=2), name
