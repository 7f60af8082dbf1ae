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
from clipper_assets.media.ffmpeg import FfmpegError, StalledError, binary, chunks, components, error_lines, run
from clipper_assets_tests.support.loopback import on_loopback

SINE = ["-f", "lavfi", "-i", "sine=r=8000"]


@pytest.fixture(autouse=True)
def _clear_binary_cache() -> Iterator[None]:
    binary.cache_clear()
    yield
    binary.cache_clear()


def test_the_log_of_a_run_is_returned(tmp_path: Path) -> None:
    log = run([*SINE, "-t", "1", "out.wav"], cwd=tmp_path)
    assert (tmp_path / "out.wav").stat().st_size > 16_000
    assert "pcm_s16le" in log


def test_an_existing_output_file_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out.wav").write_bytes(b"old")
    run([*SINE, "-t", "1", "out.wav"], cwd=tmp_path)
    assert (tmp_path / "out.wav").read_bytes().startswith(b"RIFF")


def test_an_error_has_the_last_lines_of_the_log() -> None:
    with pytest.raises(FfmpegError, match=r"^ffmpeg exited with code \d+: .*No such file or directory.*nowhere\.mp4"):
        run(["-i", "nowhere.mp4", "-f", "null", "-"])


def test_a_full_disk_raises_oserror_even_if_the_encoder_logs_more() -> None:
    picture = ["-f", "lavfi", "-i", "testsrc=s=64x64:d=1", "-c:v", "libx264"]
    with pytest.raises(OSError, match="No space left on device") as full:
        run([*picture, "-f", "matroska", "/dev/full"])
    assert full.value.errno == errno.ENOSPC


def test_a_full_disk_is_recognised_by_the_exit_code_if_the_log_is_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stub(monkeypatch, tmp_path, "exit 228\n")
    with pytest.raises(OSError, match="No space left on device"):
        run([])


def test_a_url_that_the_server_denies_raises_permission_error() -> None:
    with on_loopback(Forbidden()) as url, pytest.raises(PermissionError, match="403 Forbidden"):
        run(["-i", f"{url}/a.mp4?X-Amz-Signature=5ec2e7", "-f", "null", "-"])


def test_error_lines_name_the_cause_without_statistics() -> None:
    assert error_lines(STATISTICS) == (
        "[vost#0:0/libx264] Task finished with error code: -5 (Input/output error); "
        "[out#0/mp4] Error writing trailer: Input/output error"
    )
    assert error_lines("[libx264 @ 0x1f] height not divisible by 2 (64x63)\n") == (
        "[libx264] height not divisible by 2 (64x63)"
    )


def test_errors_do_not_contain_the_query_of_a_url() -> None:
    url = "http://127.0.0.1:1/bucket/a%20b.mp4?X-Amz-Credential=key%2F2026&X-Amz-Signature=5ec2e7"
    with pytest.raises(FfmpegError) as raised:
        run(["-i", url, "-f", "null", "-"])
    assert "http://127.0.0.1:1/bucket/a%20b.mp4" in str(raised.value)
    assert "X-Amz" not in str(raised.value)
    assert "5ec2e7" not in str(raised.value)


def test_logs_do_not_contain_the_query_of_a_url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\necho \"Input #0, mov, from 'https://s3/a.mp4?sig=5ec2e7': ok\" >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("CLIPPER_FFMPEG", str(program))
    assert run([]) == "Input #0, mov, from 'https://s3/a.mp4': ok\n"


def test_reported_progress_increases_up_to_1() -> None:
    shares: list[float] = []
    run([*SINE, "-t", "600", "-f", "null", "-"], duration_s=600, report=shares.append)
    assert all(earlier <= later for earlier, later in pairwise(shares))
    assert all(0 <= share <= 1 for share in shares)
    assert shares[-1] == pytest.approx(1, abs=0.01)


def test_reported_progress_never_exceeds_1() -> None:
    shares: list[float] = []
    run([*SINE, "-t", "600", "-f", "null", "-"], duration_s=1, report=shares.append)
    assert shares[-1] == 1


def test_without_a_duration_only_the_end_is_reported() -> None:
    shares: list[float] = []
    run([*SINE, "-t", "1", "-f", "null", "-"], report=shares.append)
    assert shares == [1.0]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError])
def test_a_report_callback_that_raises_kills_the_process(
    monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
) -> None:
    started: list[subprocess.Popen[str]] = []

    class RecordedPopen(subprocess.Popen[str]):
        def __init__(self, *arguments: Any, **options: Any):
            super().__init__(*arguments, **options)
            started.append(self)

    def stop(share: float) -> None:
        raise interruption

    monkeypatch.setattr(subprocess, "Popen", RecordedPopen)
    endless = ["-re", *SINE, "-f", "null", "-"]
    with pytest.raises(interruption):
        run(endless, duration_s=1, report=stop)
    (process,) = started
    assert process.returncode == -9
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_the_binary_is_that_of_imageio_ffmpeg_unless_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "imageio_ffmpeg" in binary()
    binary.cache_clear()
    monkeypatch.setenv("CLIPPER_FFMPEG", "/bin/true")
    assert binary() == "/bin/true"


def test_a_configured_ffmpeg_that_does_not_exist_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_FFMPEG", "/nonexistent")
    with pytest.raises(FfmpegError, match=r"^CLIPPER_FFMPEG is '/nonexistent', which is not a program"):
        run([])


def test_without_any_ffmpeg_the_error_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", none)
    with pytest.raises(FfmpegError, match=r"^no ffmpeg was found; .*set CLIPPER_FFMPEG$"):
        binary()


def test_components_lists_the_names_of_filters_and_encoders() -> None:
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
    """Configure a shell script as ffmpeg, with a stall limit of 0.4 s."""
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}")
    program.chmod(0o755)
    monkeypatch.setenv("CLIPPER_FFMPEG", str(program))
    monkeypatch.setattr(ffmpeg, "STALL_S", 0.4)


def test_a_run_that_stalls_is_killed_and_repeated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stub(monkeypatch, tmp_path, f"[ -e {tmp_path}/once ] && echo done >&2 && exit\ntouch {tmp_path}/once\n{STUCK}")
    assert run([]) == "done\n"


def test_a_run_that_stalls_twice_raises(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stub(monkeypatch, tmp_path, f"echo go >> {tmp_path}/goes\n{STUCK}")
    with pytest.raises(StalledError, match=r"no progress for 0\.4 s and was killed"):
        run([])
    assert (tmp_path / "goes").read_text() == "go\ngo\n"


def test_a_slow_run_that_makes_progress_is_not_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stub(monkeypatch, tmp_path, "for n in 1 2 3 4 5 6 7 8; do echo frame=$n; sleep 0.1; done\n")
    assert run([]) == ""


def test_output_that_stops_coming_raises(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stub(monkeypatch, tmp_path, "printf abcd\nexec sleep 60\n")
    pieces = chunks([], 2)
    assert [next(pieces), next(pieces)] == [b"ab", b"cd"]
    with pytest.raises(StalledError):
        next(pieces)


def test_a_slow_reader_is_not_a_stall(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stub(monkeypatch, tmp_path, "head -c 1000000 /dev/zero\n")
    bytes_read = 0
    for piece in chunks([], 500_000):
        time.sleep(0.6)
        bytes_read += len(piece)
    assert bytes_read == 1_000_000
