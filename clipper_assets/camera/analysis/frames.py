"""Decodes a window once into small grey pictures at 25 frames per second, which it yields one by one."""

from collections.abc import Generator, Iterator, Sequence
from itertools import islice, pairwise

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.scene import FPS
from clipper_assets.episodes.picture import input_options, upright
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.ffmpeg import chunks, range_options
from clipper_assets.media.inputs import media_input

LEAST_FPS = 10
"""Distinct pictures per second that suffice to tell who speaks; with real people, 12 were as good as all of them."""
GLANCE = 2 * FPS
"""Number of pictures used to decide whether skipping leaves enough distinct ones."""
WIDEST_PX = 960
DECODING_THREADS = 1
"""One, because each decoder thread buffers pictures, and two threads cost 4 % more CPU in all."""

Picture = NDArray[np.uint8]
"""Grey values of shape (height, width)."""


def picture_size_px(source: RawVideo) -> tuple[int, int]:
    """Width and height of the small pictures: the source's shape, longer side at most `WIDEST_PX`, both even."""
    width_px, height_px = source.square_size_px
    shrink = min(1.0, WIDEST_PX / max(width_px, height_px))
    return max(round(width_px * shrink / 2) * 2, 2), max(round(height_px * shrink / 2) * 2, 2)


def grey_pictures(media_source: str, source: RawVideo, start_s: float, end_s: float) -> Iterator[Picture]:
    """The pictures of a window, number k at `start_s` + k/25 seconds; fewer if the video ends early.

    Non-reference frames (about half of all frames, with most encoders) are not decoded but replaced by the frame before
    them, unless that leaves too few distinct pictures. Raises FfmpegError if the window cannot be decoded. The ffmpeg
    process ends with the iteration, or when the iterator is closed.
    """
    reference_only = _decoded(media_source, source, start_s, end_s, skip_frame="noref")
    first_pictures = list(islice(reference_only, GLANCE))
    if _distinct(first_pictures) * FPS < LEAST_FPS * len(first_pictures):
        reference_only.close()
        yield from _decoded(media_source, source, start_s, end_s, skip_frame="default")
        return
    yield from first_pictures
    yield from reference_only


def _distinct(pictures: Sequence[Picture]) -> int:
    return sum(not np.array_equal(*pair) for pair in pairwise(pictures))


def _decoded(
    media_source: str, source: RawVideo, start_s: float, end_s: float, *, skip_frame: str
) -> Generator[Picture, None, None]:
    width, height = picture_size_px(source)
    media = media_input(
        media_source,
        ss=f"{start_s:.6f}",
        t=f"{end_s - start_s:.6f}",
        threads=DECODING_THREADS,
        # Saves an eighth of the decoding. Until the next key frame pictures drift by 0.4 to 2.3 grey values on average
        # (measured), which does not change who is found to speak.
        skip_loop_filter="all",
        skip_frame=skip_frame,
        **input_options(source),
        **range_options(media_source, source.size_bytes, (end_s - start_s) / source.duration_s),
    )
    picture = upright(media[str(source.video_stream)], source)
    grey = picture.filter("zscale", width, height).filter("format", "gray")
    grey = grey.filter("fps", FPS, start_time=0)
    frames = max(round((end_s - start_s) * FPS), 1)
    arguments = ffmpeg.get_args(ffmpeg.output(grey, "pipe:1", format="rawvideo", vframes=frames))
    for pixels in chunks(arguments, width * height):
        yield np.frombuffer(pixels, np.uint8).reshape(height, width)
