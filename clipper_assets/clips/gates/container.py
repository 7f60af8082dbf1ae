"""Reads the format of a finished clip and the presentation times of its frames, without decoding it."""

from typing import TYPE_CHECKING

import numpy as np

from clipper_assets.clips.gates.figures import Container
from clipper_assets.media.inputs import open_media

if TYPE_CHECKING:
    from av.stream import Stream


def read_container(media_source: str) -> Container:
    """Read the headers and packets of a file, without decoding it.

    Raises `av.FFmpegError` if the file cannot be opened, and ValueError if a stream is missing or empty.
    """
    with open_media(media_source) as container:
        if not container.streams.video or not container.streams.audio:
            raise ValueError("the clip lacks a video or an audio stream; render it again")
        video, audio = container.streams.video[0], container.streams.audio[0]
        frame_times = sorted(
            float(packet.pts * packet.time_base)
            for packet in container.demux(video)
            if packet.pts is not None and not packet.is_discard
        )
        if not frame_times:
            raise ValueError("the clip has no frames; render it again")
        (video_start_s, video_end_s), (audio_start_s, audio_end_s) = _span(video), _span(audio)
        fps = float(video.average_rate or 0)
        return Container(
            width_px=video.codec_context.width,
            height_px=video.codec_context.height,
            size_bytes=container.size,
            duration_s=video_end_s - video_start_s,
            fps=fps,
            uneven_s=float(np.abs(np.diff(frame_times) - 1 / fps).max(initial=0.0)) if fps else 0.0,
            video_codec=video.codec_context.name,
            pixel_format=video.codec_context.pix_fmt or "",
            audio_codec=audio.codec_context.name,
            audio_rate_hz=audio.codec_context.sample_rate,
            audio_channels=audio.codec_context.layout.nb_channels,
            late_sound_s=audio_start_s - video_start_s,
            long_sound_s=audio_end_s - video_end_s,
        )


def _span(stream: "Stream") -> tuple[float, float]:
    """Start and end of a stream in seconds, with the edit list of the MP4 applied."""
    base = float(stream.time_base or 0)
    start_s = (stream.start_time or 0) * base
    return start_s, start_s + (stream.duration or 0) * base
