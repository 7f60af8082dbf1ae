import math
import re
from pathlib import Path

import ffmpeg
import numpy as np
import pyarrow.parquet as pq
import pytest

from clipper_assets.media.ffmpeg import run
from clipper_assets.media.inputs import Stream, generated_input, media_input
from clipper_assets.media.loudness import (
    LOUDNESS,
    LoudnessTrack,
    blocks_metered,
    load_loudness,
    parse_blocks,
    parse_summary,
)
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.conftest import SAMPLE

STRETCHES = [(0, 105), (0, 30), (29.2, 39.2), (41.05, 77.33), (60, 64)]


def measured(source: Stream, folder: Path) -> LoudnessTrack:
    log = folder / "loudness.txt"
    blocks = blocks_metered(source.filter("aresample", 48000), log.name)
    run(ffmpeg.get_args(blocks.output("-", format="null")), cwd=folder)
    return parse_blocks(log)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> LoudnessTrack:
    return measured(media_input(SAMPLE / "episode.mp4").audio, tmp_path_factory.mktemp("loudness"))


def integrated_by_ffmpeg(start_s: float, end_s: float) -> float:
    """Integrated loudness in LUFS that `ebur128` itself measures from `start_s` to `end_s`."""
    chain = f"atrim={start_s}:{end_s},asetpts=PTS-STARTPTS,aresample=48000,ebur128=framelog=quiet"
    log = run(["-i", str(SAMPLE / "episode.mp4"), "-vn", "-af", chain, "-f", "null", "-"])
    (loudness,) = re.findall(r"Integrated loudness:\s+I:\s+(-?[\d.]+) LUFS", log)
    return float(loudness)


@pytest.mark.parametrize(("start_s", "end_s"), STRETCHES)
def test_integrated_loudness_of_any_stretch_equals_that_of_ffmpeg(
    sample: LoudnessTrack, start_s: float, end_s: float
) -> None:
    assert sample.integrated(start_s, end_s) == pytest.approx(integrated_by_ffmpeg(start_s, end_s), abs=0.3)


def test_there_is_a_loudness_block_every_100_ms(sample: LoudnessTrack) -> None:
    assert np.allclose(np.diff(sample.block_end_s), 0.1, atol=0.002)
    assert sample.block_end_s[0] == pytest.approx(0.1, abs=0.01)


def test_silence_has_no_loudness(tmp_path: Path) -> None:
    track = measured(generated_input("anullsrc=r=48000:cl=stereo:d=3"), tmp_path)
    assert track.block_end_s.size > 20
    assert math.isnan(track.integrated(0, 3))


@pytest.fixture
def three_levels() -> LoudnessTrack:
    """One second each of -20 LUFS, -50 LUFS and silence."""
    ends = np.arange(0.1, 3.05, 0.1)
    loudness = np.repeat([-20.0, -50.0, -120.7], 10)
    return LoudnessTrack(ends, loudness.astype(np.float32))


@pytest.mark.parametrize(
    ("start_s", "end_s", "expected"),
    [
        (0, 1, -20),  # only loud blocks
        (1, 2, -50),  # only quiet ones
        (0, 3, -20),  # the relative gate leaves out the quiet ones, the absolute gate the silent ones
        (2, 3, math.nan),
        (0.5, 0.6, math.nan),  # shorter than a block
        (5, 9, math.nan),  # beyond the end
    ],
)
def test_loudness_is_gated(three_levels: LoudnessTrack, start_s: float, end_s: float, expected: float) -> None:
    assert three_levels.integrated(start_s, end_s) == pytest.approx(expected, nan_ok=True)


def test_a_track_without_blocks_has_no_loudness(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    track = parse_blocks(tmp_path / "empty")
    assert track.block_end_s.shape == track.momentary_lufs.shape == (0,)
    assert math.isnan(track.integrated(0, 10))


def test_the_output_of_ebur128_is_parsed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(
        "frame:0    pts:0       pts_time:0\nlavfi.r128.M=-120.691\n"
        "frame:1    pts:4800    pts_time:0.1\nlavfi.r128.M=-23.4\n"
        "frame:2    pts:9600    pts_time:0.2\nlavfi.r128.M=-inf\n"
        "frame:3    pts:14400   pts_time:0.3\nlavfi.r128.M=nan\n"
    )
    track = parse_blocks(log)
    assert track.block_end_s == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert track.momentary_lufs == pytest.approx([-120.691, -23.4, -math.inf, math.nan], nan_ok=True)
    assert track.integrated(-1, 1) == pytest.approx(-23.4, abs=0.01)


@pytest.mark.parametrize(
    ("integrated", "peak", "loudness"),
    [("-14.0", "-1.5", (-14.0, -1.5)), ("-70.0", "-80.1", None), ("-70.0", "-inf", None)],
)
def test_the_summary_of_ebur128_is_parsed(integrated: str, peak: str, loudness: tuple[float, float] | None) -> None:
    log = f"  Integrated loudness:\n    I:         {integrated} LUFS\n  True peak:\n    Peak:       {peak} dBFS\n"
    assert parse_summary(log) == loudness


def test_a_track_is_stored_and_loaded(three_levels: LoudnessTrack, storage: DirectoryStorage) -> None:
    storage.put_bytes("loudness.parquet", three_levels.to_bytes())
    loaded = load_loudness(storage, "loudness.parquet")
    assert np.array_equal(loaded.block_end_s, three_levels.block_end_s)
    assert np.array_equal(loaded.momentary_lufs, three_levels.momentary_lufs)
    assert pq.read_schema(f"{storage.root}/loudness.parquet").equals(LOUDNESS.schema)
