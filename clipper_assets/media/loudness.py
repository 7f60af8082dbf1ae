"""Loudness by ffmpeg's `ebur128` filter: filter graphs and parsers of their output.

An episode is measured once, while its audio is decoded, so that no window needs to be decoded for its loudness.

ITU-R BS.1770-4 integrates loudness over gated 400 ms blocks that overlap by 75 %. ffmpeg's `ebur128` filter gives
each block's loudness (its "momentary" value) every 100 ms. The integrated loudness of any window follows from the
blocks inside it.
"""

import io
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import ffmpeg
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from clipper_assets.media.ffmpeg import run
from clipper_assets.media.inputs import Stream, media_input
from clipper_assets.storage.base import Storage
from clipper_assets.storage.lake import parquet_bytes
from clipper_assets.storage.tables import Column, TableSpec

BLOCK_S = 0.4
STEP_S = 0.1
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0

LOUDNESS = TableSpec(
    "loudness",
    [
        Column("block_end_s", pa.float64(), "end of a 400 ms block, seconds from the start of the episode"),
        Column("momentary_lufs", pa.float32(), "loudness of the block (BS.1770-4)"),
    ],
)

_BLOCK = re.compile(r"pts_time:(?P<time>[\d.]+)\s+lavfi\.r128\.M=(?P<loudness>-?[\d.]+|nan|-?inf)")
_INTEGRATED = re.compile(r"^\s+I:\s+(-?[\d.]+|-?inf|nan) LUFS", re.MULTILINE)
_TRUE_PEAK = re.compile(r"True peak:\s+Peak:\s+(-?[\d.]+|-?inf|nan) dBFS")


class Loudness(NamedTuple):
    """Integrated loudness in LUFS and true peak in dBTP, as BS.1770-4 defines them."""

    lufs: float
    dbtp: float


def metered(sound: Stream) -> Stream:
    """Pass audio through the loudness meter, which prints a summary for `parse_summary` to ffmpeg's log."""
    return sound.filter("ebur128", peak="true", framelog="quiet")


def parse_summary(log: str) -> Loudness | None:
    """Parse the summary that `metered` prints at the end of ffmpeg's log; None for silence."""
    lufs, dbtp = (float(pattern.findall(log)[-1]) for pattern in (_INTEGRATED, _TRUE_PEAK))
    return Loudness(lufs, dbtp) if math.isfinite(dbtp) and lufs > ABSOLUTE_GATE_LUFS else None


def measure_loudness(file: Path) -> Loudness | None:
    """Decode a local file and measure its loudness; None for silence."""
    return parse_summary(run(ffmpeg.get_args(metered(media_input(file).audio).output("-", format="null"))))


@dataclass(frozen=True)
class LoudnessTrack:
    """Loudness of 400 ms blocks, one every 100 ms; both arrays have shape (blocks,)."""

    block_end_s: NDArray[np.float64]
    momentary_lufs: NDArray[np.float32]

    def integrated(self, start_s: float, end_s: float) -> float:
        """Integrated loudness in LUFS from `start_s` to `end_s`, gated by BS.1770-4; nan if no block passes."""
        inside = (self.block_end_s - BLOCK_S >= start_s - STEP_S / 2) & (self.block_end_s <= end_s + STEP_S / 2)
        blocks = self.momentary_lufs[inside].astype(np.float64)
        loud = blocks[blocks > ABSOLUTE_GATE_LUFS]
        if not loud.size:
            return math.nan
        gate = _mean_loudness(loud) + RELATIVE_GATE_LU
        return _mean_loudness(loud[loud > gate])

    def to_bytes(self) -> bytes:
        columns = [pa.array(self.block_end_s), pa.array(self.momentary_lufs)]
        return parquet_bytes(pa.table(columns, schema=LOUDNESS.schema))


def _mean_loudness(lufs: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.mean(10 ** (lufs / 10))))


def blocks_metered(sound: Stream, file: str) -> Stream:
    """Pass audio through the loudness meter, which writes each block's loudness to a file for `parse_blocks`."""
    measured = sound.filter("ebur128", metadata=1, framelog="quiet")
    return measured.filter("ametadata", mode="print", key="lavfi.r128.M", file=file)


def parse_blocks(file: Path) -> LoudnessTrack:
    """Parse the file that `blocks_metered` writes."""
    blocks = [(float(m["time"]), float(m["loudness"])) for m in _BLOCK.finditer(file.read_text())]
    starts, loudness = zip(*blocks, strict=True) if blocks else ((), ())
    return LoudnessTrack(np.array(starts, np.float64) + STEP_S, np.array(loudness, np.float32))


def load_loudness(storage: Storage, key: str) -> LoudnessTrack:
    """Load the loudness track that `raw_video` stored."""
    table = pq.read_table(io.BytesIO(storage.read_bytes(key)))
    return LoudnessTrack(table["block_end_s"].to_numpy(), table["momentary_lufs"].to_numpy())
