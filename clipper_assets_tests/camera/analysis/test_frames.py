"""Decoding a window into small grey pictures with the real ffmpeg."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from clipper_assets.camera.analysis.frames import picture_size_px
from clipper_assets.camera.scene import FPS
from clipper_assets.media.ffmpeg import FfmpegError
from clipper_assets.storage.s3 import S3Storage
from clipper_assets_tests.support.media import SAMPLE, lavfi, make, source_of
from clipper_assets_tests.support.pictures import grey_pictures

RAMP = "color=black:s=128x72:r={fps},format=gray,geq=lum='16+round(N*200/({fps}*4))'"
"""A video that gets brighter by 50 grey levels a second."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("frames")


@pytest.mark.parametrize("fps", ["12", "25", "30000/1001", "60"])
def test_a_window_is_decoded_at_25_pictures_a_second_from_its_start(fps: str, folder: Path) -> None:
    file = make(folder / f"{fps[:2]}.mp4", *lavfi(RAMP.format(fps=fps)), "-t", "4", "-c:v", "libx264", "-g", "48")
    pictures = list(grey_pictures(f"file:{file}", source_of(file), 1.0, 3.0))
    assert len(pictures) == pytest.approx(2 * FPS, abs=1)
    levels = np.array([picture.mean() for picture in pictures])
    expected = 16 + 50 * (1.0 + np.arange(len(levels)) / FPS)
    at_most_one_frame = 50 / min(float(Fraction(fps)), 30)
    assert np.abs(levels - expected).max() < at_most_one_frame + 2


def test_pictures_have_the_aspect_ratio_of_the_source_in_square_pixels(folder: Path) -> None:
    source = source_of(SAMPLE / "episode.mp4")
    assert picture_size_px(source) == (960, 540)
    assert picture_size_px(replace(source, width_px=1080, height_px=1920)) == (540, 960)
    assert picture_size_px(replace(source, width_px=720, height_px=576, sample_aspect_ratio=16 / 15)) == (768, 576)
    file = make(folder / "wide.mp4", *lavfi("testsrc=s=320x240:r=25,setsar=4/3"), "-t", "1")
    (first, *_) = grey_pictures(f"file:{file}", source_of(file), 0.0, 1.0)
    assert first.shape == (240, 428)


def test_a_window_past_the_end_has_fewer_pictures(folder: Path) -> None:
    file = make(folder / "short.mp4", *lavfi("testsrc=s=128x72:r=25"), "-t", "1")
    assert len(list(grey_pictures(f"file:{file}", source_of(file), 0.6, 3.0))) == 10


def test_a_presigned_url_gives_the_same_pictures_as_the_file(s3_storage: S3Storage) -> None:
    s3_storage.put_file("episode.mp4", SAMPLE / "episode.mp4")
    source = source_of(SAMPLE / "episode.mp4")
    span = (100.0, 100.4)
    from_url = list(grey_pictures(s3_storage.media_source("episode.mp4"), source, *span))
    from_file = list(grey_pictures(f"file:{SAMPLE / 'episode.mp4'}", source, *span))
    assert len(from_url) == 10
    assert np.array_equal(from_url, from_file)


def test_a_decoding_error_does_not_leak_the_url_signature() -> None:
    source = source_of(SAMPLE / "episode.mp4")
    with pytest.raises(FfmpegError, match="the pictures cannot be decoded: Connection refused") as failed:
        list(grey_pictures("http://127.0.0.1:9/episode.mp4?X-Amz-Signature=secret", source, 0.0, 1.0))
    assert "secret" not in str(failed.value)
