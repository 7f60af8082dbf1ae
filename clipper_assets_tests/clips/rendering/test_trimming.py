"""Checks which frames and samples a clip keeps, with a test video whose levels encode the time."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from clipper_assets.camera.direction.path import still
from clipper_assets.clips.cuts import TimeMap
from clipper_assets.clips.rendering.encoders import Encoder
from clipper_assets.clips.rendering.filtergraph import PICTURE_FILE, PROGRAMME_FILE, video_arguments
from clipper_assets.clips.rendering.trimming import FADE_S
from clipper_assets.media.ffmpeg import run
from clipper_assets.media.frame import Box, Frame
from clipper_assets.shows.show import Layout
from clipper_assets_tests.support.media import frames, lavfi, make, plan_of, samples, source_of

SMALL = Frame(108, 192, Box(0, 0, 108, 192))
START = 7
EXACT = Encoder("libx264", (("preset", "ultrafast"), ("qp", "2")))


def clock(target: Path, rate: str, seconds: float = 4.0) -> Path:
    """A video whose grey level is 16 + 4 x frame number (for 59 frames) and whose samples are a tenth of their time."""
    grey = f"color=s=160x90:r={rate}:d={seconds},format=gray,geq=lum='16+mod(4*N,236)'"
    picture = f"{grey},format=yuv420p,setparams=colorspace=bt709:range=tv"
    sound = f"aevalsrc='t/10':s=48000:d={seconds}"
    return make(target, *lavfi(picture, sound), "-c:v", "libx264", "-qp", "1", "-c:a", "pcm_f32le")


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30000, 1001)])
@pytest.mark.parametrize(
    "pieces",
    [
        [(0, 50)],
        [(3, 50)],
        [(0, 10), (12, 13), (20, 50)],
        [(5 * number, 5 * number + 2 + number % 2) for number in range(10)],
    ],
)
def test_a_clip_has_exactly_the_kept_frames_and_samples(
    pieces: list[tuple[int, int]], rate: Fraction, tmp_path: Path
) -> None:
    video = clock(tmp_path / "clock.mov", f"{rate.numerator}/{rate.denominator}")
    source = source_of(video)
    cuts = TimeMap(tuple((float(first / rate), float(end / rate)) for first, end in pieces))
    plan = plan_of(source, float(START / rate), fps=rate, frames=50, frame=SMALL, cuts=cuts)
    plan = replace(plan, camera=still(Layout.center, source, ""))
    run(video_arguments(plan, source, f"file:{video}", EXACT, captions=False), cwd=tmp_path)

    shown = [round((picture.mean() - 16) / 4) for _, picture in frames(tmp_path / PICTURE_FILE)]
    assert shown == [START + number for first, end in pieces for number in range(first, end)]

    values = samples(tmp_path / PROGRAMME_FILE)[1]
    spans = [(round(float(first / rate) * 48000), round(float(end / rate) * 48000)) for first, end in pieces]
    assert len(values) == sum(end - first for first, end in spans)
    begin, fade = 0, round(FADE_S * 48000)
    for first, end in spans:
        inside = values[begin + fade : begin + end - first - fade]
        expected = float(START / rate) + np.arange(first + fade, end - fade) / 48000
        assert np.abs(inside * 10 - expected).max(initial=0) < 0.6 / 48000
        assert abs(values[begin]) < 1e-6
        begin += end - first


def test_a_clip_may_have_a_hundred_and_fifty_pieces(tmp_path: Path) -> None:
    video = clock(tmp_path / "clock.mov", "25", seconds=20.0)
    source = source_of(video)
    cuts = TimeMap(tuple((number * 0.12, number * 0.12 + 0.04) for number in range(150)))
    plan = plan_of(source, frames=500, frame=SMALL, cuts=cuts)
    run(video_arguments(plan, source, f"file:{video}", EXACT, captions=False), cwd=tmp_path)
    assert len(list(frames(tmp_path / PICTURE_FILE))) == 150
    assert len(samples(tmp_path / PROGRAMME_FILE)[1]) == 150 * 1920
