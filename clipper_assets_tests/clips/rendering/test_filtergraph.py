"""Tests that sound and picture are in sync, and come from one process with one seek and one encode."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from clipper_assets.clips.cuts import TimeMap
from clipper_assets.clips.rendering.encoders import X264
from clipper_assets.clips.rendering.filtergraph import mux_arguments, video_arguments
from clipper_assets_tests.support.media import SMALL, frames, lavfi, make, plan_of, render, samples, source_of, words

EVERY = 24
"""Number of frames between two flashes, and between two beeps."""


def flashes(target: Path, rate: str, *options: str) -> Path:
    """A white flash and a beep at the same instants, every 24 frames."""
    period = f"{EVERY}/({rate})"
    picture = f"color=black:s=320x180:r={rate}:d=9,drawbox=color=white:t=fill:enable='lt(mod(n,{EVERY}),3)'"
    sound = f"aevalsrc='0.5*sin(2*PI*1000*t)*lt(mod(t+1e-9,{period}),0.1)':s=48000:d=9"
    video = ["-c:v", "libx264", "-g", "999", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    return make(target, *lavfi(picture, sound), *video, *options)


def onsets(times: "np.typing.NDArray[np.float64]", on: "np.typing.NDArray[np.bool_]", rest_s: float) -> list[float]:
    """The times at which `on` becomes true after at least `rest_s` seconds of being false."""
    lit = times[on]
    return [float(after) for before, after in pairwise([-np.inf, *lit]) if after - before > rest_s]


def flashes_and_beeps(file: Path) -> tuple[list[float], list[float]]:
    shown = [(time_s, picture[picture.shape[0] // 2].mean() > 128) for time_s, picture in frames(file)]
    times, lit = (np.array(column) for column in zip(*shown, strict=True))
    sample_times, values = samples(file)
    return onsets(times, lit, 0.3), onsets(sample_times, np.abs(values) > 0.1, 0.3)


@pytest.mark.parametrize(
    ("name", "rate", "options"),
    [
        ("a.mp4", "25", ("-c:a", "aac")),
        ("a.mp4", "30000/1001", ("-c:a", "aac", "-bf", "2")),
        ("a.mkv", "24000/1001", ("-c:a", "libopus")),
    ],
)
def test_sound_and_picture_are_in_sync(name: str, rate: str, options: tuple[str, ...], tmp_path: Path) -> None:
    video = flashes(tmp_path / name, rate, *options)
    source = source_of(video)
    plan = plan_of(source, frames=1)
    start = 61  # neither a key frame nor a flash
    start_s = float(start / plan.fps)
    plan = plan_of(source, start_s, frames=int(3.4 * plan.fps), frame=SMALL)
    flash_times, beep_times = flashes_and_beeps(render(plan, video, tmp_path / "clip").files["mp4"])
    expected = [float((flash - start) / plan.fps) for flash in range(72, start + int(3.4 * plan.fps), EVERY)]
    assert len(expected) >= 3
    assert flash_times == pytest.approx(expected, abs=0.002)
    assert beep_times == pytest.approx(expected, abs=0.003)


def test_sound_and_picture_are_in_sync_across_cuts(tmp_path: Path) -> None:
    video = flashes(tmp_path / "a.mp4", "25", "-c:a", "aac")
    source = source_of(video)
    # Flashes are every 24 frames; each of the last three pieces begins some frames before one.
    kept = ((0.0, 0.4), (0.8, 1.2), (1.76, 2.4), (3.64, 4.4))
    plan = plan_of(source, frames=120, frame=SMALL, cuts=TimeMap(kept))
    flash_times, beep_times = flashes_and_beeps(render(plan, video, tmp_path / "clip").files["mp4"])
    assert flash_times == pytest.approx([0, 0.56, 0.96, 1.64], abs=0.002)
    assert beep_times == pytest.approx(flash_times, abs=0.003)


def test_sound_that_starts_late_in_the_source_stays_late(tmp_path: Path) -> None:
    picture = flashes(tmp_path / "picture.mp4", "25", "-an")
    sound = flashes(tmp_path / "sound.mp4", "25", "-vn", "-c:a", "aac")
    late = ["-i", str(picture), "-itsoffset", "0.2", "-i", str(sound)]
    video = make(tmp_path / "late.mp4", *late, "-map", "0:v", "-map", "1:a", "-c", "copy")
    plan = plan_of(source_of(video), start_s=0.0, frames=75, frame=SMALL)
    flash_times, beep_times = flashes_and_beeps(render(plan, video, tmp_path / "clip").files["mp4"])
    assert flash_times == pytest.approx([0, 0.96, 1.92, 2.88], abs=0.002)
    assert beep_times == pytest.approx([0.2, 1.16, 2.12], abs=0.003)


def test_short_sound_or_picture_is_extended_to_the_clips_length(tmp_path: Path) -> None:
    picture, sound = "testsrc=s=320x180:r=25", "sine=r=48000"
    for name, lengths in {"sound": ("3", "1"), "picture": ("1", "3")}.items():
        both = lavfi(f"{picture}:d={lengths[0]}", f"{sound}:d={lengths[1]}")
        video = make(tmp_path / f"{name}.mp4", *both, "-pix_fmt", "yuv420p")
        clip = render(plan_of(source_of(video), frames=60, frame=SMALL), video, tmp_path / name).files["mp4"]
        shown = [time_s for time_s, _ in frames(clip)]
        assert shown == pytest.approx([number / 25 for number in range(60)], abs=1e-3)
        assert samples(clip)[0][-1] == pytest.approx(60 / 25, abs=0.03)


def test_sound_is_faded_at_both_ends(tmp_path: Path) -> None:
    sound = "aevalsrc=0.4*cos(2*PI*100*t):d=3:s=48000"
    video = make(tmp_path / "a.mp4", *lavfi("testsrc=s=320x180:r=25:d=3", sound), "-pix_fmt", "yuv420p")
    clip = render(plan_of(source_of(video), 0.52, frames=50, frame=SMALL), video, tmp_path / "clip").files["mp4"]
    times, values = samples(clip)
    inside = values[times >= 0]
    assert np.abs(inside[:8]).max() < 0.05
    assert np.abs(inside[int(1.9995 * 48000) : 2 * 48000]).max() < 0.05


def test_a_clip_is_one_process_with_one_seek_and_one_encode(tmp_path: Path) -> None:
    video = make(tmp_path / "a.mp4", *lavfi("testsrc=s=320x180:r=25:d=2"), "-t", "2", "-pix_fmt", "yuv420p")
    source = source_of(video)
    arguments = list(video_arguments(plan_of(source, 0.4, frames=25), source, f"file:{video}", X264, captions=True))
    assert [arguments.count(option) for option in ("-i", "-filter_complex", "-vcodec", "-acodec")] == [1, 1, 1, 1]
    assert arguments[arguments.index("-ss") : arguments.index("-i")] == [
        "-ss", "0.160000", "-t", "1.240000", "-threads", "1",
    ]  # fmt: skip
    assert arguments[arguments.index("-acodec") + 1] == "pcm_f32le"
    assert "copy" in mux_arguments()


def test_the_caption_filter_is_used_only_for_clips_with_text(tmp_path: Path) -> None:
    video = make(tmp_path / "a.mp4", *lavfi("testsrc=s=320x180:r=25:d=2"), "-t", "2", "-pix_fmt", "yuv420p")
    source = source_of(video)
    for texts, drawn in (({}, False), ({"words": words("a")}, True), ({"hook": "Listen"}, True)):
        arguments = video_arguments(plan_of(source, **texts), source, f"file:{video}", X264, captions=True)
        assert ("ass=captions.ass" in " ".join(arguments)) == drawn


def test_only_a_url_is_read_in_ranges(tmp_path: Path) -> None:
    video = make(tmp_path / "a.mp4", *lavfi("testsrc=s=320x180:r=25:d=2"), "-t", "2", "-pix_fmt", "yuv420p")
    source = source_of(video)
    for url, ranged in {f"file:{video}": 0, "https://bucket.example/a.mp4?X-Amz-Signature=1": 1}.items():
        arguments = video_arguments(plan_of(source), source, url, X264, captions=False)
        assert list(arguments).count("-request_size") == ranged
