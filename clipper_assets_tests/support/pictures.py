"""The small grey pictures of a window, for tests of what is found in them."""

from collections.abc import Iterator

from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.recording import Recording
from clipper_assets.episodes.source import RawVideo


def grey_pictures(media_source: str, source: RawVideo, start_s: float, end_s: float) -> Iterator[Picture]:
    """Yield the pictures of a window, number k at `start_s` + k/25 seconds; fewer if the video ends early."""
    with Recording(media_source, source, start_s, end_s) as recording:
        yield from (picture for _, picture in recording.read(0, recording.count))
