import errno
import os
import subprocess
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
from werkzeug.exceptions import Forbidden

from clipper_assets.media import ffmpeg
from clipper_assets.media.ffmpeg import FfmpegError, StalledError, binary, chunks, components, last_words, run
from clipper_assets_tests.support.loopback import on_loopback

SINE = ["-f", "lavfi", "-i", "sine=r=8000"]


@pytest.fixture(autouse=True)
def _binary_afresh() -> Iterator[None]:
    binary.cache_clear()
    yield
    binary.cache_clear()


def test_the_log_of_a_run_is_returned(tmp_path: Path) -> None:
    said = run([*SINE, "-t", "1", "out.wav"], cwd=tmp_path)
    assert (tmp_path / "out.wav").stat().st_size > 16_000
    assert "pcm_s16le" in said


def test_an_old_output_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "out.wav").write_bytes(b"old")
    run([*SINE, "-t", "1", "out.wav"], cwd=tmp_path)
    assert (tmp_path / "out.wav").read_bytes().startswith(b"RIFF")


def test_an_error_says_what_ffmpeg_said_last() -> None:
    with pytest.raises(FfmpegError, match=r"^ffmpeg ended with \d+: .*No such file or directory.*nowhere\.mp4"):
        run(["-i", "nowhere.mp4", "-f", "null", "-"])


def test_a_full_disk_is_no_error_of_ffmpeg_whatever_the_encoder_adds() -> None:
    picture = ["-f", "lavfi", "-i", "testsrc=s=64x64:d=1", "-c:v", "libx264"]
    with pytest.raises(OSError, match="No space left on device") as full:
        run([*picture, "-f", "matroska", "/dev/full"])
    assert full.value.errno == errno.ENOSPC


def test_a_full_disk_is_told_also_where_no_log_fits_on_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stub(monkeypatch, tmp_path, "exit 228\n")
    with pytest.raises(OSError, match="No space left on device"):
        run([])


def test_a_url_that_is_denied_is_no_error_of_ffmpeg() -> None:
    with on_loopback(Forbidden()) as url, pytest.raises(PermissionError, match="403 Forbidden"):
        run(["-i", f"{url}/a.mp4?X-Amz-Signature=5ec2e7", "-f", "null", "-"])


def test_last_words_name_the_cause_without_statistics() -> None:
    assert last_words(STATISTICS) == (
        "[vost#0:0/libx264] Task finished with error code: -5 (Input/output error); "
        "[out#0/mp4] Error writing trailer: Input/output error"
    )
    assert last_words("[libx264 @ 0x1f] height not divisible by 2 (64x63)\n") == (
        "[libx264] height not divisible by 2 (64x63)"
    )


def test_no_error_holds_the_query_of_a_url() -> None:
    url = "http://127.0.0.1:1/bucket/a%20b.mp4?X-Amz-Credential=key%2F2026&X-Amz-Signature=5ec2e7"
    with pytest.raises(FfmpegError) as refused:
        run(["-i", url, "-f", "null", "-"])
    assert "http://127.0.0.1:1/bucket/a%20b.mp4" in str(refused.value)
    assert "X-Amz" not in str(refused.value)
    assert "5ec2e7" not in str(refused.value)


def test_no_log_holds_the_query_of_a_url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\necho \"Input #0, mov, from 'https://s3/a.mp4?sig=5ec2e7': ok\" >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("CLIPPER_FFMPEG", str(program))
    assert run([]) == "Input #0, mov, from 'https://s3/a.mp4': ok\n"


def test_progress_is_reported_up_to_the_whole() -> None:
    shares: list[float] = []
    run([*SINE, "-t", "600", "-f", "null", "-"], duration_s=600, report=shares.append)
    assert all(earlier <= later for earlier, later in pairwise(shares))
    assert all(0 <= share <= 1 for share in shares)
    assert shares[-1] == pytest.approx(1, abs=0.01)


def test_progress_never_passes_the_whole() -> None:
    shares: list[float] = []
    run([*SINE, "-t", "600", "-f", "null", "-"], duration_s=1, report=shares.append)
    assert shares[-1] == 1


def test_progress_ends_where_the_length_is_not_known() -> None:
    shares: list[float] = []
    run([*SINE, "-t", "1", "-f", "null", "-"], report=shares.append)
    assert shares == [1.0]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError])
def test_a_report_that_raises_ends_the_process(
    monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
) -> None:
    started: list[subprocess.Popen[str]] = []

    class Spied(subprocess.Popen[str]):
        def __init__(self, *arguments: Any, **options: Any):
            super().__init__(*arguments, **options)
            started.append(self)

    def stop(share: float) -> None:
        raise interruption

    monkeypatch.setattr(subprocess, "Popen", Spied)
    endless = ["-re", *SINE, "-f", "null", "-"]
    with pytest.raises(interruption):
        run(endless, duration_s=1, report=stop)
    (process,) = started
    assert process.returncode == -9
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_the_binary_is_the_one_of_the_wheel_or_the_one_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "imageio_ffmpeg" in binary()
    binary.cache_clear()
    monkeypatch.setenv("CLIPPER_FFMPEG", "/bin/true")
    assert binary() == "/bin/true"


def test_a_named_ffmpeg_that_is_not_there_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_FFMPEG", "/nonexistent")
    with pytest.raises(FfmpegError, match=r"^CLIPPER_FFMPEG is '/nonexistent', which is not a program"):
        run([])


def test_no_ffmpeg_at_all_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", none)
    with pytest.raises(FfmpegError, match=r"^no ffmpeg was found; .*set CLIPPER_FFMPEG$"):
        binary()


def test_components_are_names() -> None:
    assert {"scale", "ebur128", "ass"} <= components("filters")
    assert {"libx264", "aac", "flac"} <= components("encoders")


STATISTICS = """\
[libx264 @ 0x562a60370d00] using cpu capabilities: MMX2 SSE2Fast SSSE3
[libx264 @ 0x562a60370d00] profile High, level 3.0, 4:2:0, 8-bit
[libx264 @ 0x562a60370d00] 264 - core 165 - H.264/MPEG-4 AVC codec - options: cabac=0 ref=1
[vost#0:0/libx264 @ 0x562a6036f3c1] Task finished with error code: -5 (Input/output error)
[out#0/mp4 @ 0x562a6036f3c0] Error writing trailer: Input/output error
[out#0/mp4 @ 0x562a6036f3c0] video:76KiB audio:26KiB subtitle:0KiB other streams:0KiB muxing overhead: 2.168100%
frame=   75 fps=0.0 q=-1.0 Lsize=     104KiB time=00:00:03.00 bitrate= 283.2kbits/s speed=9.62x
[libx264 @ 0x562a60370d00] frame I:1     Avg QP:20.00  size:  9973
[libx264 @ 0x562a60370d00] frame P:74    Avg QP:15.81  size:   907
[libx264 @ 0x562a60370d00] consecutive B-frames: 100.0%  0.0%  0.0%  0.0%
[libx264 @ 0x562a60370d00] mb I  I16..4: 100.0%  0.0%  0.0%
[libx264 @ 0x562a60370d00] mb P  I16..4:  1.6%  0.0%  0.0%  P16..4: 10.1%  0.0%    skip:88.4%
[libx264 @ 0x562a60370d00] 8x8 transform intra:50.0% inter:50.0%
[libx264 @ 0x562a60370d00] coded y,u,v intra: 6.9% 4.5% 3.4% inter: 2.0% 1.7% 1.4%
[libx264 @ 0x562a60370d00] i16 v,h,dc,p: 70% 11%  2% 17%
[libx264 @ 0x562a60370d00] i8c dc,h,v,p: 70% 11%  2% 17%
[libx264 @ 0x562a60370d00] Weighted P-Frames: Y:0.0% UV:0.0%
[libx264 @ 0x562a60370d00] ref P L0: 62.0% 11.2% 17.0%  9.8%
[libx264 @ 0x562a60370d00] kb/s:205.54
[aac @ 0x562a60376c80] Qavg: 609.078
Conversion failed!
"""
STUCK = "while :; do echo frame=7; echo progress=continue; sleep 0.05; done\n"


def stub(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """An ffmpeg that does what the script says."""
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}")
    program.chmod(0o755)
    monkeypatch.setenv("CLIPPER_FFMPEG", str(program))
    monkeypatch.setattr(ffmpeg, "STALL_S", 0.4)


def test_a_run_that_stalls_is_killed_and_done_once_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stub(monkeypatch, tmp_path, f"[ -e {tmp_path}/once ] && echo done >&2 && exit\ntouch {tmp_path}/once\n{STUCK}")
    assert run([]) == "done\n"


def test_a_run_that_stalls_twice_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stub(monkeypatch, tmp_path, f"echo go >> {tmp_path}/goes\n{STUCK}")
    with pytest.raises(StalledError, match=r"no progress for 0\.4 s and was killed"):
        run([])
    assert (tmp_path / "goes").read_text() == "go\ngo\n"


def test_a_slow_run_that_moves_is_let_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stub(monkeypatch, tmp_path, "for n in 1 2 3 4 5 6 7 8; do echo frame=$n; sleep 0.1; done\n")
    assert run([]) == ""


def test_pieces_that_come_no_more_are_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stub(monkeypatch, tmp_path, "printf abcd\nexec sleep 60\n")
    pieces = chunks([], 2)
    assert [next(pieces), next(pieces)] == [b"ab", b"cd"]
    with pytest.raises(StalledError):
        next(pieces)


def test_a_reader_may_take_its_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stub(monkeypatch, tmp_path, "head -c 1000000 /dev/zero\n")
    taken = 0
    for piece in chunks([], 500_000):
        time.sleep(0.6)
        taken += len(piece)
    assert taken == 1_000_000
