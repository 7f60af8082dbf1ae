"""The proxy of a clip: the whole picture of its part of the recording, small, from the clip's first frame on."""

from pathlib import Path

import pytest

from clipper_assets.clips.cuts import TimeMap
from clipper_assets.clips.rendering.proxy import FPS, proxy_size_px
from clipper_assets_tests.support.media import SMALL, frames, lavfi, make, plan_of, render, source_of


@pytest.fixture(scope="module")
def brightening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A white video whose left half shows the time: it is 30 at 0 s, and each second 30 brighter."""
    greys = [
        f"drawbox=w=iw/2:c=0x{f'{30 * (1 + second):02x}' * 3}:t=fill:enable='gte(t,{second})'" for second in range(6)
    ]
    picture = ",".join(["color=white:s=960x540:r=25:d=6,format=rgb24", *greys])
    target = tmp_path_factory.mktemp("proxy") / "brightening.mp4"
    return make(target, *lavfi(picture, "sine=f=440:r=48000:d=6"), "-pix_fmt", "yuv420p", "-g", "25")


@pytest.mark.parametrize("start_s", [0.0, 0.12, 2.0])
def test_the_proxy_shows_the_window_from_the_clips_start_to_its_end(
    brightening: Path, tmp_path: Path, start_s: float
) -> None:
    plan = plan_of(source_of(brightening), start_s, frames=75, frame=SMALL)
    plan_with_a_cut = plan_of(
        source_of(brightening), start_s, frames=75, frame=SMALL, cuts=TimeMap(((0.0, 1.0), (2.0, plan.duration_s)))
    )
    rendered = render(plan_with_a_cut, brightening, tmp_path / "clip", proxy=True)
    assert rendered.proxy
    shown = list(frames(rendered.proxy))
    assert len(shown) == pytest.approx(3 * FPS, abs=1)
    assert shown[0][0] == 0.0
    for time_s, picture in shown:
        assert picture.shape == (360, 640)
        assert picture[:, 400:].mean() > 220
        seconds = (picture[100:200, 50:250].mean() - 30) / 30
        # A picture of the proxy may be up to half of its interval older or newer.
        assert int(start_s + time_s - 0.05) - 0.2 <= seconds <= int(start_s + time_s + 0.05) + 0.2


def test_the_clip_is_the_same_with_and_without_a_proxy(brightening: Path, tmp_path: Path) -> None:
    plan = plan_of(source_of(brightening), 1.0, frames=25, frame=SMALL)
    clips = [render(plan, brightening, tmp_path / str(proxy), proxy=proxy) for proxy in (False, True)]
    assert clips[0].proxy is None
    assert clips[0].files["mp4"].read_bytes() == clips[1].files["mp4"].read_bytes()


def test_a_small_recording_is_not_enlarged(tmp_path: Path) -> None:
    small = make(tmp_path / "small.mp4", *lavfi("color=gray:s=320x180:r=25"), "-t", "1", "-pix_fmt", "yuv420p")
    assert proxy_size_px(source_of(small)) == (320, 180)


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p", "yuv444p10le"])
@pytest.mark.parametrize("size", ["427x241", "321x180", "1281x721"])
def test_an_odd_recording_has_a_proxy(size: str, pixels: str, tmp_path: Path) -> None:
    encoder = ("-c:v", "ffv1", "-pix_fmt", pixels)
    odd = make(tmp_path / "odd.mkv", *lavfi(f"testsrc=s={size}:r=25:d=1", "sine=f=440:r=48000:d=1"), *encoder)
    source = source_of(odd)
    proxy = render(plan_of(source, 0.0, frames=20, frame=SMALL), odd, tmp_path / "clip", proxy=True).proxy
    assert proxy
    width_px, height_px = proxy_size_px(source)
    assert next(frames(proxy))[1].shape[:2] == (height_px, width_px)
