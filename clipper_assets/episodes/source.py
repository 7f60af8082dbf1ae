"""The value of `raw_video`: one row with the properties of an upload that later steps use."""

import json
from dataclasses import asdict, dataclass

import pyarrow as pa

from clipper_assets.episodes.microphones import Microphone
from clipper_assets.episodes.properties import Probe
from clipper_assets.runtime.degraded import DEGRADED, Degraded
from clipper_assets.storage.tables import Column, TableSpec

MICROPHONES = pa.list_(
    pa.struct([pa.field("stream", pa.int32()), pa.field("channel", pa.int32()), pa.field("speech_key", pa.string())])
)
INNER = pa.struct([pa.field(side, pa.int32()) for side in ("left", "top", "width", "height")])
REPAIRS = ("canvas_width_px", "canvas_height_px", "inner", "field_order", "sound_key", "audio_channel")
"""Columns that change the clips of an upload with faults, and are null for others."""
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
        Column(
            "canvas_width_px",
            pa.int32(),
            "square pixels; pictures of all sizes are fitted into the canvas; null if all have one size",
            nullable=True,
        ),
        Column("canvas_height_px", pa.int32(), "square pixels; null if all pictures have one size", nullable=True),
        Column("inner", INNER, "the picture between black bars, in pixels of the canvas; null without", nullable=True),
        Column("field_order", pa.string(), "`tff` or `bff` for interlaced video, else null", nullable=True),
        Column("cover_stream", pa.int32(), "stream index of the cover art, if any", nullable=True),
        Column("title", pa.string(), "title tag of the upload, if any", nullable=True),
        Column("show", pa.string(), "album tag of the upload, else its artist tag, if any", nullable=True),
        Column("audio_codec", pa.string(), "as ffmpeg names it"),
        Column("audio_stream", pa.int32(), "stream index of the audio stream used"),
        Column("audio_streams", pa.int32(), "number of audio streams"),
        Column("audio_channels", pa.int32(), "channels of the audio stream used"),
        Column("audio_rate_hz", pa.int32(), "samples per second of the audio stream used"),
        Column("audio_indices", pa.list_(pa.int32()), "stream indexes of the audio streams that can be read"),
        Column("unread_audio", pa.list_(pa.int32()), "stream indexes of those that are empty or have no decoder"),
        Column("audio_channel", pa.int32(), "the only channel used of the stream; null for all", nullable=True),
        Column(
            "microphones",
            MICROPHONES,
            "stream index, channel (null: the whole stream) and object key of the 16 kHz mono FLAC of each microphone; "
            "empty if the sound is one mix",
        ),
        Column(
            "sound_key",
            pa.string(),
            "object key of the FLAC that is read in place of an upload that was joined from several files, else null",
            nullable=True,
        ),
        Column("broke_off", pa.bool_(), "true if the recording broke off; null means false", nullable=True),
        Column("degraded", DEGRADED, "what is lost or was repaired in the upload, for people"),
        Column("speech_key", pa.string(), "object key of the 16 kHz mono FLAC"),
        Column("loudness_key", pa.string(), "object key of the loudness track (parquet)"),
    ],
)


@dataclass(frozen=True)
class Inner:
    """The part of the canvas inside black bars, in whole pixels."""

    left: int
    top: int
    width: int
    height: int


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
    canvas_width_px: int | None = None
    canvas_height_px: int | None = None
    inner: Inner | None = None
    field_order: str | None = None
    sound_key: str | None = None
    audio_channel: int | None = None
    degraded: tuple[Degraded, ...] = ()

    @property
    def media_key(self) -> str:
        """Object key of the file that clips are made from."""
        return self.sound_key or self.key

    @property
    def canvas_px(self) -> tuple[int, int]:
        """Width and height in square pixels, after rotation, into which every picture is fitted."""
        if self.canvas_width_px and self.canvas_height_px:
            return self.canvas_width_px, self.canvas_height_px
        return round(self.width_px * self.sample_aspect_ratio), self.height_px

    @property
    def square_size_px(self) -> tuple[int, int]:
        """Width and height in square pixels of the picture that the camera works with: the canvas without its bars."""
        return (self.inner.width, self.inner.height) if self.inner else self.canvas_px

    @property
    def repairs(self) -> str:
        """How the upload's faults are repaired in clips, as JSON; empty for an intact upload."""
        repairs = {name: value for name, value in asdict(self).items() if name in REPAIRS and value is not None}
        return json.dumps(repairs) if repairs else ""

    @classmethod
    def from_table(cls, table: pa.Table) -> "RawVideo":
        (row,) = SOURCE.completed(table).to_pylist()
        microphones = tuple(Microphone(**microphone) for microphone in row.pop("microphones", ()))
        inner = Inner(**row["inner"]) if row["inner"] else None
        lists = {name: tuple(row.get(name, ())) for name in ("audio_indices", "unread_audio")}
        degraded = tuple(Degraded(**each) for each in row.get("degraded", ()))
        typed = {"microphones": microphones, "inner": inner, "degraded": degraded, "broke_off": bool(row["broke_off"])}
        return cls(**row | lists | typed)

    def to_table(self) -> pa.Table:
        return SOURCE.table([asdict(self)])
