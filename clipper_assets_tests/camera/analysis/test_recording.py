"""Decoding single pictures of a window from real files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from werkzeug.utils import send_file
from werkzeug.wrappers import Request, Response

from clipper_assets.camera.analysis.faces import Detector
from clipper_assets.camera.analysis.recording import APART, Recording, early_keys
from clipper_assets.camera.analysis.sweep import sweep
from clipper_assets.camera.scene import FPS
from clipper_assets.media.ffmpeg import FfmpegError
from clipper_assets_tests.support.loopback import on_loopback
from clipper_assets_tests.support.media import SAMPLE, lavfi, make, source_of

RAMP = "color=black:s=128x72:r=25,format=yuv420p,geq=lum='16+N/2':cb=128:cr=128"
"""A video whose picture number k has the grey value k / 2 above black."""
B_FRAMES = ["-c:v", "libx264", "-g", "50", "-bf", "3", "-x264-params", "scenecut=0", "-pix_fmt", "yuv420p"]
LONG_S = 8


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("recording")
    mp4 = make(folder / "a.mp4", *lavfi(RAMP), "-t", str(LONG_S), *B_FRAMES)
    return {"mp4": mp4, "mkv": make(folder / "a.mkv", "-i", str(mp4), "-c", "copy")}


def opened(file: Path, start_s: float = 1.0, end_s: float = 7.0) -> Recording:
    return Recording(f"file:{file}", source_of(file), start_s, end_s)


def grey(picture: int) -> float:
    """The grey value of a picture of `RAMP`, in the full range."""
    return picture / 2 * 255 / 219


def levels(recording: Recording, first: int, end: int) -> dict[int, float]:
    return {number: float(picture.mean()) for number, picture in recording.read(first, end)}


def count_decoded(recording: Recording) -> list[int]:
    """A list to which the numbers of frames that the recording decodes from now on are appended."""
    numbers: list[int] = []
    decoded = recording._decoded

    def counting(packets: Iterator[Any]) -> Iterator[Any]:
        for number, frame in decoded(packets):
            numbers.append(number)
            yield number, frame

    recording._decoded = counting  # type: ignore[method-assign]
    return numbers


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_pictures_are_the_same_in_whatever_order_they_are_read(container: str, files: dict[str, Path]) -> None:
    with opened(files[container]) as recording:
        keys = [number for number, _ in recording.key_pictures()]
        whole = levels(recording, 0, recording.count)
        assert keys == [-25, 25, 75, 125, 175][: len(keys)]
        assert len(keys) >= 4
        assert [*whole] == list(range(150))
        for first, end in ((100, 130), (140, 145), (20, 60), (75, 76), (30, 31)):
            assert levels(recording, first, end) == {number: whole[number] for number in range(first, end)}
    # Only some of the pictures are decoded, so each is shown a little longer.
    assert np.abs([level - grey(number + 25) for number, level in whole.items()]).max() < 3


def test_key_pictures_are_those_of_the_file(files: dict[str, Path]) -> None:
    with opened(files["mp4"]) as recording:
        for number, picture in recording.key_pictures():
            assert picture.mean() == pytest.approx(grey(number + 25), abs=1.5)


@pytest.mark.parametrize(("container", "apart"), [("mp4", 1), ("mp4", 12), ("mkv", 12)])
def test_of_many_key_pictures_some_are_looked_at_and_decoding_begins_at_any(
    container: str, apart: int, tmp_path: Path
) -> None:
    file = make(tmp_path / f"many.{container}", *lavfi(RAMP), "-t", str(LONG_S), *B_FRAMES, "-g", str(apart))
    with opened(file) as recording:
        keys = [number for number, _ in recording.key_pictures()]
        assert np.diff(keys).min() >= APART - 1
        assert len(keys) >= 5
        assert recording.has_key(60 - apart, 60)
        assert not recording.has_key(60, 60)
        near = levels(recording, 60, 64)
        decoded = count_decoded(recording)
        assert levels(recording, 30, 34) == pytest.approx(
            {number: grey(number + 25) for number in range(30, 34)}, abs=3
        )
        assert levels(recording, 60, 64) == near
        assert len(decoded) <= 2 * (apart + 4)


@pytest.mark.parametrize(
    ("keys", "early"),
    [
        ([], set()),
        ([-5], set()),
        ([0, 208, 416], set()),
        ([*range(0, 120, 12)], set()),
        ([0, 12, 25, 37], set()),
        ([0, 12, 24, 31, 43, 50, 62], {31, 50}),
        ([0, 100, 120, 140, 240], {120, 140}),
    ],
    ids=["none", "one", "far apart", "a camera's", "rounded", "a camera's with a short shot", "short shots"],
)
def test_key_pictures_at_cuts_come_earlier_than_usual(keys: list[int], early: set[int]) -> None:
    assert early_keys(keys) == early


@pytest.mark.parametrize(("first", "end"), [(58, 80), (70, 95), (52, 60), (75, 87)])
def test_a_short_shot_of_a_recording_with_many_key_pictures_is_seen(first: int, end: int, tmp_path: Path) -> None:
    shot = f"smptebars=s=320x180:r=25:d=8,format=yuv420p,negate=enable='between(n,{first},{end - 1})'"
    file = make(tmp_path / "cut.mp4", *lavfi(shot), "-t", "8", "-c:v", "libx264", "-g", "25")
    with opened(file, 0.0, 8.0) as recording:
        found = sweep(recording, Detector("none", lambda _: np.zeros((0, 4)), FPS), lambda _: [], lambda _: None)
    assert found.cuts == [0, first, end]


def test_frames_that_others_do_not_need_are_decoded_if_few_are_left(tmp_path: Path) -> None:
    sparse = [*B_FRAMES[:4], "-bf", "7", "-x264-params", "b-pyramid=none:b-adapt=0:scenecut=0", "-pix_fmt", "yuv420p"]
    file = make(tmp_path / "b.mp4", *lavfi(RAMP), "-t", "4", *sparse)
    with opened(file, 0.0, 4.0) as recording:
        distinct = {id(picture) for number, picture in list(recording.read(0, 100)) if number >= 50}
    assert len(distinct) >= 40


def test_a_video_without_an_index_can_be_read(tmp_path: Path, files: dict[str, Path]) -> None:
    file = make(tmp_path / "a.flv", "-i", str(files["mp4"]), "-c", "copy")
    with opened(file) as recording:
        assert [*levels(recording, 60, 70)] == list(range(60, 70))
        assert len(levels(recording, 0, 150)) == 150


def test_a_window_past_the_end_has_fewer_pictures(files: dict[str, Path]) -> None:
    with opened(files["mp4"], 7.0, 12.0) as recording:
        assert len(levels(recording, 0, recording.count)) == pytest.approx(25, abs=2)
    with opened(files["mp4"], 20.0, 22.0) as recording:
        assert levels(recording, 0, recording.count) == {}


def test_a_large_packet_may_hold_a_cut(tmp_path: Path) -> None:
    noise = "nullsrc=s=320x180:r=25,geq=lum='random(1)*255':cb=128:cr=128,trim=end_frame=1,loop=-1:1"
    graph = f"{noise},trim=duration=2[a];testsrc=s=320x180:r=25:d=2,format=yuv420p[b];[b][a]concat,setpts=N/25/TB"
    file = make(tmp_path / "cut.mp4", *lavfi(graph), "-t", "4", *B_FRAMES[:2], "-g", "250", *B_FRAMES[6:])
    with opened(file, 0.0, 4.0) as recording:
        assert recording.may_have_cut(40, 60)
        assert not recording.may_have_cut(5, 30)


def test_a_file_of_a_server_has_the_same_pictures(tmp_path: Path) -> None:
    grain = "color=gray:s=320x180:r=25,noise=alls=20:allf=t"
    file = make(tmp_path / "large.mp4", *lavfi(grain), "-t", str(LONG_S), *B_FRAMES, "-b:v", "2M")

    @Request.application
    def server(request: Request) -> Response:
        return send_file(file, request.environ, mimetype="video/mp4", conditional=True)

    with (
        on_loopback(server) as url,
        opened(file) as local,
        Recording(f"{url}/large.mp4", source_of(file), 1.0, 7.0) as remote,
    ):
        places = [(number, picture.mean()) for number, picture in remote.key_pictures()]
        assert places == [(number, picture.mean()) for number, picture in local.key_pictures()]
        assert len(places) >= 3
        for first, end in ((100, 130), (20, 40), (0, 150)):
            assert levels(remote, first, end) == levels(local, first, end)


def test_a_damaged_packet_is_left_out(tmp_path: Path, files: dict[str, Path]) -> None:
    content = bytearray(files["mp4"].read_bytes())
    at = content.index(b"mdat") + len(content) // 4
    content[at : at + 200] = bytes(200)
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(content)
    with opened(damaged) as recording:
        assert len(levels(recording, 0, recording.count)) == 150


@pytest.mark.parametrize(("status", "error"), [(403, PermissionError), (404, FfmpegError)])
def test_errors_of_a_server_do_not_leak_the_url_signature(status: int, error: type[Exception]) -> None:
    source = source_of(SAMPLE / "episode.mp4")
    with on_loopback(Response(status=status)) as url, pytest.raises(error) as failed:
        Recording(f"{url}/episode.mp4?X-Amz-Signature=secret", source, 0.0, 1.0)
    assert "secret" not in str(failed.value)
