"""Makes the proxy of a clip: its part of the recording, whole and small, on which the page previews the camera."""

from clipper_assets.episodes.audio import Stream
from clipper_assets.episodes.source import RawVideo

PROXY_FILE = "proxy.mp4"
LONGEST_PX, FPS = 640, 10
"""At 640 pixels people can be told apart in a grid of nine; 10 pictures a second suffice to see who speaks.

The proxy of 20 s at 1080p costs 0.36 CPU-seconds, beside 24.5 for the clip itself with `veryfast` (the sample, enlarged
and with noise); 12 pictures a second cost 0.49.
"""
CRF = 30
"""About 0.3 Mbit/s, measured on the sample; people look at a preview for its framing."""


def proxy_size_px(source: RawVideo) -> tuple[int, int]:
    """Width and height of the proxy: the source's shape, its longer side at most `LONGEST_PX`, both even."""
    width_px, height_px = source.square_size_px
    share = min(1.0, LONGEST_PX / max(width_px, height_px))
    return max(round(width_px * share / 2) * 2, 2), max(round(height_px * share / 2) * 2, 2)


def proxy_picture(picture: Stream, source: RawVideo, start_s: float) -> Stream:
    """The small pictures of an upright `picture`, from `start_s` seconds after its first frame on."""
    rated = picture.filter("fps", FPS, start_time=f"{start_s:.6f}").filter("setpts", "PTS-STARTPTS")
    # zscale takes pictures with halved chroma only if their width and height are even.
    even = rated.filter("crop", *(px // 2 * 2 for px in source.square_size_px), 0, 0)
    return even.filter("zscale", *proxy_size_px(source), filter="bilinear")


def proxy_output(picture: Stream) -> Stream:
    """The output file of `proxy_picture`, in SDR. A key frame each second makes seeking quick."""
    return picture.output(
        PROXY_FILE,
        vcodec="libx264",
        preset="ultrafast",
        crf=CRF,
        g=FPS,
        movflags="+faststart",
        map_metadata=-1,
        map_chapters=-1,
        fflags="+bitexact",
        **{"threads:v": 1},
    )
