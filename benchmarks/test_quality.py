"""VMAF and XPSNR fall with the quality of an encoded clip."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.quality import vmaf, xpsnr
from clipper_assets.media.ffmpeg import run

FPS = 25
LOSSLESS = ("-qp", "0")
Measure = Callable[[Path, Path, int], float]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encoded(tmp_path_factory.mktemp("quality") / "whole.mp4", *LOSSLESS)


def encoded(file: Path, *options: str, frames: int = 12) -> Path:
    picture = ["-f", "lavfi", "-i", f"testsrc2=s=320x240:r={FPS}", "-frames:v", str(frames), "-pix_fmt", "yuv420p"]
    run([*picture, "-c:v", "libx264", "-preset", "ultrafast", *options, str(file)])
    return file


@pytest.mark.parametrize("measure", [vmaf, xpsnr])
def test_a_coarser_encode_has_a_lower_figure(whole: Path, tmp_path: Path, measure: Measure) -> None:
    fine, coarse = (measure(encoded(tmp_path / f"{crf}.mp4", "-crf", str(crf)), whole, FPS) for crf in (18, 45))
    assert fine > coarse + 3


def test_equal_frames_have_no_error(whole: Path, tmp_path: Path) -> None:
    assert xpsnr(encoded(tmp_path / "copy.mp4", *LOSSLESS), whole, FPS) == float("inf")


@pytest.mark.parametrize("measure", [vmaf, xpsnr])
def test_clips_of_different_length_cannot_be_compared(whole: Path, tmp_path: Path, measure: Measure) -> None:
    shorter = encoded(tmp_path / "shorter.mp4", frames=6)
    with pytest.raises(ValueError, match=r"shorter\.mp4 has 6 frames"):
        measure(shorter, whole, FPS)


@pytest.mark.parametrize("measure", [vmaf, xpsnr])
def test_tags_of_the_colours_change_nothing(whole: Path, tmp_path: Path, measure: Measure) -> None:
    tags = "h264_metadata=matrix_coefficients=1:colour_primaries=1:transfer_characteristics=1"
    clip, tagged = encoded(tmp_path / "clip.mp4", "-crf", "30"), tmp_path / "tagged.mp4"
    run(["-i", str(clip), "-c", "copy", "-bsf:v", tags, str(tagged)])
    assert measure(tagged, whole, FPS) == measure(clip, whole, FPS)
