"""Decodes a window once, as small grey pictures at 25 frames a second, and hands them on one by one."""

from collections.abc import Generator, Iterator, Sequence
from itertools import islice, pairwise

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.scene import FPS
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.ffmpeg import chunks, range_options
from clipper_assets.media.inputs import media_input

LEAST_FPS = 10
"""Different pictures a second that tell who speaks as well as all of them: real people were told apart at 12."""
GLANCE = 2 * FPS
"""Pictures by which it is decided whether enough are left."""
WIDEST_PX = 960
DECODING_THREADS = 1
"""A decoder holds pictures for each of its threads, and takes 4 % longer in all with two of them."""

Picture = NDArray[np.uint8]
"""Grey values of shape (height, width)."""


def picture_size_px(source: RawVideo) -> tuple[int, int]:
    """Width and height of the small pictures: the source's shape, its longer side at most `WIDEST_PX`, both even."""
    width_px, height_px = source.square_size_px
    shrink = min(1.0, WIDEST_PX / max(width_px, height_px))
    return max(round(width_px * shrink / 2) * 2, 2), max(round(height_px * shrink / 2) * 2, 2)


def grey_pictures(media_source: str, source: RawVideo, start_s: float, end_s: float) -> Iterator[Picture]:
    """The pictures of a window, number k at `start_s` + k/25 seconds; fewer where the video ends early.

    Those of the source that no other one is made of (about half of them, from most encoders) are skipped and stand in
    as the one before, unless too few are left. Raises FfmpegError where the window cannot be decoded. The process ends
    with the iteration, or when it is closed.
    """
    some = _decoded(media_source, source, start_s, end_s, skip_frame="noref")
    glance = list(islice(some, GLANCE))
    if _different(glance) * FPS < LEAST_FPS * len(glance):
        some.close()
        yield from _decoded(media_source, source, start_s, end_s, skip_frame="default")
        return
    yield from glance
    yield from some


def _different(pictures: Sequence[Picture]) -> int:
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
        # Until the next key frame pictures drift from what was meant, by 0.4 to 2.3 grey values on average where that
        # was measured; who speaks was told as well. It saves an eighth of the decoding.
        skip_loop_filter="all",
        skip_frame=skip_frame,
        **range_options(media_source, source.size_bytes, (end_s - start_s) / source.duration_s),
    )
    grey = media[str(source.video_stream)].filter("zscale", width, height).filter("format", "gray")
    grey = grey.filter("fps", FPS, start_time=0)
    frames = max(round((end_s - start_s) * FPS), 1)
    arguments = ffmpeg.get_args(ffmpeg.output(grey, "pipe:1", format="rawvideo", vframes=frames))
    for pixels in chunks(arguments, width * height):
        yield np.frombuffer(pixels, np.uint8).reshape(height, width)
