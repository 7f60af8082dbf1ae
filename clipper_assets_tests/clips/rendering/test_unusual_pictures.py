"""Clips of uploads whose picture changes its size, is interlaced, or lies between black bars."""

from pathlib import Path

import av
import numpy as np
import pytest
from av import VideoFrame

from clipper_assets.camera.analysis.frames import picture_size_px
from clipper_assets.camera.direction.path import still
from clipper_assets.episodes.combs import Combs
from clipper_assets.media.frame import Frame
from clipper_assets.shows.show import Layout
from clipper_assets_tests.support.media import SMALL, frames, lavfi, make, plan_of
from clipper_assets_tests.support.pictures import grey_pictures
from clipper_assets_tests.support.uploads import joined, looked_at, rendered, webm

pytestmark = pytest.mark.episodes

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p", "-c:a", "aac")
STRIPS = (
    "color=gray:s={size}:r=25,drawbox=w=iw/8:h=ih:color=white:t=fill,drawbox=x=iw*7/8:w=iw/8:h=ih:color=white:t=fill"
)
"""A grey picture with white strips at both sides: both show in a clip if the whole picture does."""
DOT = "color=gray:s={size}:r=25,drawbox=x=iw*3/4:y=ih/2:w=iw/16:h=ih/8:color=white:t=fill"


def combs(file: Path) -> Combs:
    """The combs in all pictures of a file."""
    counted = Combs()
    with av.open(f"file:{file}") as container:
        counted.add(list(container.decode(video=0)))
    return counted


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        (("320x180", "640x360"), [1.0, 1.0]),
        (("640x360", "320x180"), [1.0, 1.0]),
        (("320x180", "180x320"), [1.0, 9 * 9 / 16 / 16]),
        (("180x320", "320x180"), [9 * 9 / 16 / 16, 1.0]),
        (("320x180", "320x240"), [1.0, 3 / 4]),
    ],
)
def test_the_whole_picture_is_shown_before_and_after_its_size_changes(
    sizes: tuple[str, str], shown: list[float], tmp_path: Path
) -> None:
    parts = [webm(tmp_path / f"{number}.webm", STRIPS.format(size=size)) for number, size in enumerate(sizes)]
    file = joined(tmp_path / "joined.webm", parts)
    source = looked_at(file)
    plan = plan_of(source, 0.0, 95, frame=Frame(480, 270, SMALL.safe))
    clip = rendered(plan, source, file, tmp_path / "clip")
    pictures = list(frames(clip))
    assert [time_s for time_s, _ in pictures] == pytest.approx([number / 25 for number in range(95)], abs=0.001)
    for time_s, share in zip((1.0, 3.0), shown, strict=True):
        row = dict(pictures)[time_s][135]
        white = np.flatnonzero(row > 200)
        assert (white[-1] - white[0] + 1) / len(row) == pytest.approx(share, abs=0.03)


def test_the_camera_sees_every_size_in_the_same_coordinates(tmp_path: Path) -> None:
    parts = [
        webm(tmp_path / f"{number}.webm", DOT.format(size=size)) for number, size in enumerate(("320x180", "640x360"))
    ]
    file = joined(tmp_path / "joined.webm", parts)
    source = looked_at(file)
    pictures = list(grey_pictures(f"file:{file}", source, 0.0, 4.0))
    assert len(pictures) == pytest.approx(100, abs=2)
    assert {picture.shape[::-1] for picture in pictures} == {picture_size_px(source)} == {(640, 360)}
    centers = [np.argwhere(pictures[number] > 190).mean(axis=0) for number in (20, 80)]
    assert centers[0] == pytest.approx(centers[1], abs=2)


@pytest.mark.parametrize("first", ["top", "bottom"])
@pytest.mark.parametrize("flagged", [True, False])
def test_clips_of_interlaced_video_have_no_combs(first: str, flagged: bool, tmp_path: Path) -> None:
    flag = f"setfield={first[0]}ff" if flagged else "setfield=prog"
    card = f"testsrc2=s=360x288:r=50,tinterlace=interleave_{first},{flag}"
    file = make(tmp_path / "a.mp4", *lavfi(card), "-t", "3", *H264)
    source = looked_at(file)
    frame = Frame(360, 288, SMALL.safe)
    before = combs(file)
    assert before.tff + before.bff > 50
    clip = rendered(plan_of(source, 0.4, 50, frame=frame), source, file, tmp_path / "clip")
    after = combs(clip)
    assert (after.tff, after.bff) == (0, 0)
    assert after.whole > 40
    seen = [VideoFrame.from_ndarray(picture, format="gray") for picture in grey_pictures(f"file:{file}", source, 0, 2)]
    counted = Combs()
    counted.add(seen)
    assert (counted.tff, counted.bff) == (0, 0)


def test_whole_pictures_of_partly_interlaced_video_stay_sharp(tmp_path: Path) -> None:
    combed = "testsrc2=s=360x288:r=50:d=2,tinterlace=interleave_top,setfield=prog"
    file = make(
        tmp_path / "a.mp4", *lavfi(f"{combed}[a];testsrc2=s=360x288:r=25:d=3[b];[a][b]concat"), "-t", "5", *H264
    )
    source = looked_at(file)
    assert source.field_order == "tff"
    plan = plan_of(source, 0.0, 120, frame=Frame(360, 288, SMALL.safe))
    clip = rendered(plan, source, file, tmp_path / "clip")
    assert (combs(clip).tff, combs(clip).bff) == (0, 0)
    originals, shown = dict(frames(file)), dict(frames(clip))
    assert np.abs(originals[4.0].astype(int) - shown[4.0]).mean() < 2


@pytest.mark.parametrize(
    "bars",
    [
        "scale=320:136,pad=320:180:0:22",
        "scale=240:180,pad=320:180:40:0",
        "scale=240:136,pad=320:180:40:22",
        "scale=320:136,pad=320:180:0:22,setsar=4/3",
    ],
)
@pytest.mark.parametrize("layout", [Layout.fit, Layout.center])
def test_no_bars_are_in_the_clip(bars: str, layout: Layout, tmp_path: Path) -> None:
    file = make(tmp_path / "a.mp4", *lavfi(f"color=0xd0c0b0:s=320x180:r=25,{bars}"), "-t", "3", *H264)
    source = looked_at(file)
    plan = plan_of(source, 0.5, 25, frame=SMALL, camera=still(layout, source, "requested layout"))
    picture = list(frames(rendered(plan, source, file, tmp_path / "clip")))[12][1]
    assert picture.min() > 130  # the blurred background of `fit` is darker
    seen = next(iter(grey_pictures(f"file:{file}", source, 0.0, 1.0)))
    assert seen.shape[::-1] == picture_size_px(source)
    assert seen.min() > 130
