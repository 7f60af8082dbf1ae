"""A Markdown table of the clips with small pictures, for operators in the Dagster UI."""

import base64
import tempfile
from pathlib import Path

import ffmpeg

from clipper_assets.clips.manifest import Clip
from clipper_assets.media.ffmpeg import run
from clipper_assets.media.inputs import picture_input
from clipper_assets.storage.base import Storage
from clipper_assets.text.markdown import clock, markdown_table

PREVIEW_WIDTH_PX = 120


def clips_preview(storage: Storage, clips: list[Clip]) -> str:
    """One row per clip. Thumbnails are inline data URIs of a few kB, so that the UI needs no access to the storage."""
    rows = [
        (
            f"![clip {clip.clip_index}]({_inline_picture(storage, clip)})",
            clip.clip_index,
            f"{clock(clip.start_time)}-{clock(clip.end_time)}",
            f"{clip.duration:.1f}",
            f"{clip.virality_score:.1f}",
            clip.hook,
            f"[{clip.key.rpartition('/')[2]}]({clip.url})",
        )
        for clip in clips
    ]
    return markdown_table(["", "clip", "time", "seconds", "score", "hook", "file"], rows)


def _inline_picture(storage: Storage, clip: Clip) -> str:
    with tempfile.TemporaryDirectory(prefix="clipper-") as work:
        original = storage.local_copy(clip.thumbnail, Path(work))
        small = Path(work) / "small.jpg"
        picture = picture_input(f"file:{original}").filter("scale", PREVIEW_WIDTH_PX, -2)
        run(ffmpeg.get_args(picture.output(str(small), vframes=1, **{"q:v": 8})))
        return "data:image/jpeg;base64," + base64.b64encode(small.read_bytes()).decode()
