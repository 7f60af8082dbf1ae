from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from clipper_assets.clips.framing.camera import CameraPath, Keyframe, Layout, square_size_px, still_camera
from clipper_assets.clips.rendering.filtergraph import crop_size_px
from clipper_assets_tests.media import frames, lavfi, make, plan_of, render, source_of

RAMP_LOW, RAMP_HIGH = 32, 208
"""Grey at the left (or upper) and right (or lower) edge of the source: every place has a brightness of its own."""


def ramp(target: Path, size: tuple[int, int], along: str, rate: str = "25") -> Path:
    extent = "W" if along == "X" else "H"
    level = f"{RAMP_LOW}+{RAMP_HIGH - RAMP_LOW}*{along}/{extent}"
    picture = f"color=s={size[0]}x{size[1]}:r={rate}:d=4,format=yuv420p,geq=lum='{level}':cb=128:cr=128"
    # Only the first frame is a key frame: a seek has to decode its way to the clip.
    return make(target, *lavfi(picture, "sine=d=4"), "-c:v", "libx264", "-g", "999", "-qp", "4", "-c:a", "aac")


def grey(luma: float) -> float:
    """Full-range grey, as a frame is read, of a luma that reaches from 16 to 235."""
    return (luma - 16) * 255 / 219


def place_px(brightness: float, size_px: int) -> float:
    return (brightness - grey(RAMP_LOW)) / (grey(RAMP_HIGH) - grey(RAMP_LOW)) * size_px


@pytest.mark.parametrize(
    ("size", "rate"), [((1280, 720), Fraction(25)), ((640, 360), Fraction(30000, 1001)), ((360, 1000), Fraction(50))]
)
def test_a_moving_crop_shows_its_place_from_the_exact_frame_on(
    size: tuple[int, int], rate: Fraction, tmp_path: Path
) -> None:
    wide = size[0] > size[1]
    video = ramp(tmp_path / "ramp.mp4", size, "X" if wide else "Y", str(rate))
    source = source_of(video)
    extent_px, crop_px = (size[0], crop_size_px(source)[0]) if wide else (size[1], crop_size_px(source)[1])
    # The last two lie beyond the edges: the crop stops there.
    switches = {0: 0.5, 7: 0.3, 8: 0.65, 23: 0.4, 30: -1.0, 41: 2.0}
    keyframes = [
        Keyframe(float(frame / rate), *((share * extent_px, 0.0) if wide else (0.0, share * extent_px)))
        for frame, share in switches.items()
    ]
    start_s = float(37 / rate)
    plan = replace(plan_of(source, start_s, frames=50), camera=CameraPath(Layout.center, keyframes))
    shown = [picture for _, picture in frames(render(plan, video, tmp_path / "clip").files["mp4"], "gray")]
    assert len(shown) == 50
    wanted_px = 0.0
    for number, picture in enumerate(shown):
        if number in switches:
            wanted_px = min(max(switches[number] * extent_px, crop_px / 2), extent_px - crop_px / 2)
        profile = picture.mean(axis=0 if wide else 1)
        assert place_px(float(profile.mean()), extent_px) == pytest.approx(wanted_px, abs=extent_px / 50), number
        edges = place_px(float(profile[:20].mean()), extent_px), place_px(float(profile[-20:].mean()), extent_px)
        assert edges[1] - edges[0] == pytest.approx(crop_px, abs=extent_px / 40), number


def test_fit_shows_the_whole_picture_over_a_blurred_copy(tmp_path: Path) -> None:
    video = ramp(tmp_path / "ramp.mp4", (640, 360), "X")
    clip = render(plan_of(source_of(video), frames=3), video, tmp_path / "clip")
    picture = next(picture for _, picture in frames(clip.files["mp4"]))
    assert picture.shape == (1920, 1080)
    middle = picture[960 - 290 : 960 + 290].mean(axis=0)
    wanted = np.linspace(grey(RAMP_LOW), grey(RAMP_HIGH), 1080)
    assert np.abs(middle - wanted).max() < 7
    # The backdrop is the middle of the picture, blown up until it fills the frame, and darker.
    crop = 360 * 9 / 16 / 640
    backdrop = wanted[0] + (wanted[-1] - wanted[0]) * np.array([0.5 - crop / 2, 0.5 + crop / 2])
    for stripe in (picture[:600], picture[-600:]):
        assert 0 < backdrop[0] - stripe[:, :8].mean() < 40
        assert 0 < backdrop[1] - stripe[:, -8:].mean() < 40


def test_a_still_camera_looks_at_the_middle_in_square_pixels(tmp_path: Path) -> None:
    video = ramp(tmp_path / "ramp.mp4", (320, 240), "X")
    source = replace(source_of(video), sample_aspect_ratio=1.5)
    assert square_size_px(source) == (480, 240)
    assert crop_size_px(source) == (134, 240)
    assert still_camera(Layout.center, source) == CameraPath(Layout.center, (Keyframe(0.0, 240.0, 120.0),))


@pytest.mark.parametrize("size", [(1281, 723), (607, 1080), (1080, 1920), (200, 1000), (33, 17)])
def test_a_crop_is_even_and_inside_the_source(size: tuple[int, int], tmp_path: Path) -> None:
    video = ramp(tmp_path / "ramp.mp4", (64, 64), "X")
    width, height = crop_size_px(replace(source_of(video), width_px=size[0], height_px=size[1]))
    assert width % 2 == height % 2 == 0
    assert 0 < width <= size[0]
    assert 0 < height <= size[1]
    assert abs(width - height * 9 / 16) <= 2
