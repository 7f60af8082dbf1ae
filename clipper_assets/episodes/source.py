"""The value of `raw_video`: one row with the properties of an upload that later steps use."""

from dataclasses import asdict, dataclass

import pyarrow as pa

from clipper_assets.episodes.microphones import Microphone
from clipper_assets.episodes.probe import Probe
from clipper_assets.storage.tables import Column, TableSpec

MICROPHONES = pa.list_(
    pa.struct([pa.field("stream", pa.int32()), pa.field("channel", pa.int32()), pa.field("speech_key", pa.string())])
)
SOURCE = TableSpec(
    "source",
    [
        Column("episode", pa.string(), "partition key of the episode"),
        Column("key", pa.string(), "object key of the upload below the storage root"),
        Column("etag", pa.string(), "S3's ETag of the upload, or the SHA-256 of the file"),
        Column("size_bytes", pa.int64(), "bytes of the upload"),
        Column("container", pa.string(), "container format, as ffmpeg names it"),
        Column("duration_s", pa.float64(), "seconds"),
        Column("width_px", pa.int32(), "pixels as displayed (after rotation); 0 without video"),
        Column("height_px", pa.int32(), "pixels as displayed (after rotation); 0 without video"),
        Column("rotation_deg", pa.int32(), "rotation that a player applies, counter-clockwise degrees"),
        Column("sample_aspect_ratio", pa.float64(), "width of a pixel over its height"),
        Column("fps", pa.float64(), "average frames per second; 0 without video"),
        Column("variable_fps", pa.bool_(), "true if frames are not evenly spaced"),
        Column("hdr", pa.bool_(), "true for PQ or HLG transfer"),
        Column("video_codec", pa.string(), "as ffmpeg names it; empty without video"),
        Column("pixel_format", pa.string(), "as ffmpeg names it; empty without video"),
        Column("video_stream", pa.int32(), "stream index of the video; null for audio files", nullable=True),
        Column("cover_stream", pa.int32(), "stream index of the cover art, if any", nullable=True),
        Column("title", pa.string(), "title tag of the upload, if any", nullable=True),
        Column("show", pa.string(), "album tag of the upload, else its artist tag, if any", nullable=True),
        Column("audio_codec", pa.string(), "as ffmpeg names it"),
        Column("audio_stream", pa.int32(), "stream index of the audio stream used"),
        Column("audio_streams", pa.int32(), "number of audio streams"),
        Column("audio_channels", pa.int32(), "channels of the audio stream used"),
        Column("audio_rate_hz", pa.int32(), "samples per second of the audio stream used"),
        Column("audio_indices", pa.list_(pa.int32()), "stream indexes of all audio streams"),
        Column(
            "microphones",
            MICROPHONES,
            "stream index, channel (null: the whole stream) and object key of the 16 kHz mono FLAC of each microphone; "
            "empty if the sound is one mix",
        ),
        Column("speech_key", pa.string(), "object key of the 16 kHz mono FLAC"),
        Column("loudness_key", pa.string(), "object key of the loudness track (parquet)"),
    ],
)


@dataclass(frozen=True)
class RawVideo(Probe):
    """One row of `SOURCE`; see there for the meaning and unit of each field."""

    duration_s: float
    episode: str
    key: str
    etag: str
    speech_key: str
    loudness_key: str
    microphones: tuple[Microphone, ...] = ()

    @property
    def square_size_px(self) -> tuple[int, int]:
        """Width and height of the video in square pixels, after rotation."""
        return round(self.width_px * self.sample_aspect_ratio), self.height_px

    @classmethod
    def from_table(cls, table: pa.Table) -> "RawVideo":
        (row,) = SOURCE.completed(table).to_pylist()
        microphones = tuple(Microphone(**microphone) for microphone in row.pop("microphones", ()))
        return cls(**row | {"microphones": microphones, "audio_indices": tuple(row.get("audio_indices", ()))})

    def to_table(self) -> pa.Table:
        return SOURCE.table([asdict(self)])
