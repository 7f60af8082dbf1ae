"""A Markdown table of the clips, for operators in the Dagster UI."""

from collections.abc import Iterable

from clipper_assets.clips.manifest import Clip
from clipper_assets.storage.base import Storage
from clipper_assets.text.markdown import clock, markdown_table


def clips_preview(storage: Storage, clips: Iterable[Clip]) -> str:
    """One row per clip, with links to its video and its thumbnail."""
    rows = [
        (
            clip.clip_index,
            f"{clock(clip.start_time)}-{clock(clip.end_time)}",
            f"{clip.duration:.1f}",
            f"{clip.virality_score:.1f}",
            clip.hook,
            f"[{clip.key.rpartition('/')[2]}]({clip.url})",
            f"[picture]({storage.uri(clip.thumbnail)})",
        )
        for clip in clips
    ]
    return markdown_table(["clip", "time", "seconds", "score", "hook", "file", "thumbnail"], rows)
