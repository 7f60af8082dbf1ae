from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from clipper_assets.clips.rendering import encoders
from clipper_assets.clips.rendering.encoders import (
    HARDWARE,
    TEN_FRAMES,
    VAAPI,
    X264,
    Encoder,
    best_encoder,
    encoded,
    encoding_arguments,
)
from clipper_assets.media.ffmpeg import FfmpegError, run
from clipper_assets.media.inputs import generated_input


class Machine:
    """Takes the place of ffmpeg on a machine on which only the encoders in `working` encode."""

    def __init__(self, *working: Encoder):
        self.working = {encoder.name for encoder in working}
        self.tried: list[str] = []

    def run(self, arguments: Sequence[str]) -> str:
        name = arguments[arguments.index("-vcodec") + 1]
        self.tried.append(name)
        if name not in self.working:
            raise FfmpegError(f"Cannot load the library of {name}")
        return ""


def chosen_encoder() -> Encoder:
    best_encoder.cache_clear()
    try:
        return best_encoder()
    finally:
        best_encoder.cache_clear()


def options_of(arguments: Sequence[str]) -> dict[str, str]:
    return {name: value for name, value in pairwise(arguments) if name.startswith("-")}


def bits(rate: str) -> int:
    return int(rate.removesuffix("M")) * 10**6


def test_the_chosen_encoder_works_on_this_machine() -> None:
    encoder = chosen_encoder()
    run(encoding_arguments(encoded(TEN_FRAMES, "-", encoder, format="null"), encoder))


@pytest.mark.parametrize("working", HARDWARE, ids=lambda encoder: encoder.name)
def test_the_first_hardware_encoder_that_works_is_chosen(monkeypatch: pytest.MonkeyPatch, working: Encoder) -> None:
    machine = Machine(working, HARDWARE[-1])
    monkeypatch.setattr(encoders, "run", machine.run)
    assert chosen_encoder() == working
    assert machine.tried == [encoder.name for encoder in HARDWARE[: HARDWARE.index(working) + 1]]


def test_x264_is_chosen_if_no_hardware_encoder_works(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()
    monkeypatch.setattr(encoders, "run", machine.run)
    assert chosen_encoder() == X264
    assert machine.tried == [encoder.name for encoder in HARDWARE]


def test_the_test_encode_runs_once_in_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()
    monkeypatch.setattr(encoders, "run", machine.run)
    best_encoder.cache_clear()
    assert best_encoder() is best_encoder()
    best_encoder.cache_clear()
    assert len(machine.tried) == len(HARDWARE)


def test_frames_are_uploaded_to_a_device_that_encodes_only_its_own() -> None:
    arguments = encoding_arguments(encoded(TEN_FRAMES, "clip.mp4", VAAPI), VAAPI)
    assert list(arguments[:2]) == ["-init_hw_device", "vaapi"]
    graph = options_of(arguments)["-filter_complex"]
    assert graph.index("format=nv12") < graph.index("hwupload")


@pytest.mark.parametrize("encoder", [X264, *HARDWARE], ids=lambda encoder: encoder.name)
def test_no_encoder_averages_more_than_12_mbit_per_s_over_a_clip(encoder: Encoder) -> None:
    options = options_of(encoding_arguments(encoded(TEN_FRAMES, "clip.mp4", encoder), encoder))
    shortest_s = 12
    assert bits(options["-maxrate"]) + bits(options["-bufsize"]) / shortest_s <= 12e6
    assert options["-profile:v"] == "high"
    assert int(options.get("-bf", 3)) <= 3


def test_the_same_frames_give_the_same_bytes_at_the_highest_rate(tmp_path: Path) -> None:
    """With several threads x264 makes different bytes each time."""
    frames = generated_input("testsrc2=s=1080x1920:r=25:d=1.2,noise=alls=20:allf=t,format=yuv420p")
    clips = [tmp_path / f"{number}.h264" for number in range(3)]
    for clip in clips:
        run(encoding_arguments(encoded(frames, str(clip), X264), X264))
    assert len({clip.read_bytes() for clip in clips}) == 1
