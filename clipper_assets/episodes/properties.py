"""The properties of a media file that later steps use."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Probe:
    """Properties of a media file. Sizes are in pixels as displayed; `duration_s` is None if the container has none.

    Without video (cover art does not count), `video_stream` is None and its other properties are empty.
    `title` and `show` come from the file's tags.
    """

    size_bytes: int
    container: str
    duration_s: float | None
    width_px: int
    height_px: int
    rotation_deg: int
    sample_aspect_ratio: float
    fps: float
    variable_fps: bool
    hdr: bool
    video_codec: str
    pixel_format: str
    video_stream: int | None
    audio_codec: str
    audio_stream: int
    audio_streams: int
    audio_channels: int
    audio_rate_hz: int
    audio_indices: tuple[int, ...] = field(default=(), kw_only=True)
    unread_audio: tuple[int, ...] = field(default=(), kw_only=True)
    cover_stream: int | None = field(default=None, kw_only=True)
    broke_off: bool = field(default=False, kw_only=True)
    title: str | None = field(default=None, kw_only=True)
    show: str | None = field(default=None, kw_only=True)

    @property
    def audio_only(self) -> bool:
        """Whether the file has no video."""
        return self.video_stream is None
