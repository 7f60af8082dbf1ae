"""A recording with holes is the complete one wherever something is kept."""

from fractions import Fraction
from itertools import takewhile
from pathlib import Path

import av  # noqa: TID253
import pytest

from benchmarks.repeat import repeat
from clipper_assets.media.ffmpeg import run

LOOP_S = Fraction(24, 15)
FPS, DURATION_S = 30, 8


@pytest.fixture(scope="module")
def loops(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("loops")
    picture, sound = folder / "loop.mp4", folder / "loop.m4a"
    run(["-f", "lavfi", "-i", f"testsrc2=s=320x180:r={FPS}:d={float(LOOP_S)}", "-c:v", "libx264", str(picture)])
    run(["-f", "lavfi", "-i", f"sine=r=48000:d={2 * float(LOOP_S)}", "-c:a", "aac", str(sound)])
    return picture, sound


def repeated(loops: tuple[Path, Path], target: Path, *kept: tuple[float, float]) -> Path:
    repeat(*loops, target, LOOP_S, DURATION_S, kept)
    return target


def frames(file: Path, start_s: float = 0.0, end_s: float = DURATION_S) -> list[bytes]:
    with av.open(str(file)) as container:
        container.seek(round((start_s + 0.1) * 1e6))  # to the key frame before it
        decoded = takewhile(lambda frame: (frame.time or 0.0) < end_s, container.decode(video=0))
        return [frame.to_ndarray().tobytes() for frame in decoded]


def test_the_loop_is_shown_until_the_end(loops: tuple[Path, Path], tmp_path: Path) -> None:
    whole, once = frames(repeated(loops, tmp_path / "whole.mp4", (0, DURATION_S))), frames(loops[0])
    assert len(whole) == DURATION_S * FPS
    assert whole == (once * 5)[: len(whole)]


def test_the_sound_has_no_gap(loops: tuple[Path, Path], tmp_path: Path) -> None:
    with av.open(str(repeated(loops, tmp_path / "whole.mp4", (0, DURATION_S)))) as container:
        packets = [packet for packet in container.demux(audio=0) if packet.pts is not None]
    starts = [packet.pts for packet in packets]
    assert starts == list(range(0, DURATION_S * 48000, 1024))


def test_holes_change_neither_size_nor_positions(loops: tuple[Path, Path], tmp_path: Path) -> None:
    whole = repeated(loops, tmp_path / "whole.mp4", (0, DURATION_S))
    holed = repeated(loops, tmp_path / "holed.mp4", (3.1, 6.0), (6.3, DURATION_S))
    assert holed.stat().st_size == whole.stat().st_size
    with av.open(str(whole)) as first, av.open(str(holed)) as second:
        positions = [[(packet.pos, packet.size, packet.pts) for packet in file.demux()] for file in (first, second)]
    assert positions[0] == positions[1]
    assert frames(holed, 3.2, 4.8) == frames(whole, 3.2, 4.8)
    assert frames(holed, 6.4) == frames(whole, 6.4)


def test_holes_take_no_disk_space(loops: tuple[Path, Path], tmp_path: Path) -> None:
    repeat(*loops, tmp_path / "long.mp4", LOOP_S, 300, [(290, 300)])
    status = (tmp_path / "long.mp4").stat()
    assert status.st_blocks * 512 < status.st_size / 3


@pytest.mark.parametrize("duration_s", [4, 7, 8])
def test_the_frame_rate_is_exact_also_if_the_end_cuts_the_loop(
    duration_s: int, loops: tuple[Path, Path], tmp_path: Path
) -> None:
    repeat(*loops, tmp_path / "cut.mp4", LOOP_S, duration_s, [(0, duration_s)])
    with av.open(str(tmp_path / "cut.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == FPS
        assert stream.frames == duration_s * FPS
