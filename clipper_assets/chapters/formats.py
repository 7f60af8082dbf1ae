"""Chapters as YouTube and podcast apps read them.

Sources
- YouTube Help, "Video chapters": lines of time and title in the description; the first at 0:00, at least three, each at
  least 10 s long.
- Podcasting 2.0, "JSON Chapters Format" 1.2.0 (github.com/Podcastindex-org/podcast-namespace,
  chapters/jsonChapters.md).
- Podcasting 2.0, "podcast:soundbite" (same repository, docs/tags/soundbite.md): titles of at most 128 characters.
"""

import json
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from clipper_assets.chapters.chapter import Chapter

JSON_VERSION = "1.2.0"
FEWEST, SHORTEST_S = 3, 10
"""Fewest chapters that YouTube shows, and their least length in whole seconds."""
MOST_SOUNDBITE_TITLE = 128


def youtube_chapters(chapters: Sequence[Chapter]) -> str:
    """The lines for a video's description; empty where there are too few chapters for YouTube."""
    return youtube_lines([(chapter.start, chapter.end, chapter.title) for chapter in chapters])


def youtube_lines(chapters: Sequence[tuple[float, float, str]]) -> str:
    """The lines of `youtube_chapters` for starts and ends in seconds and titles.

    Chapters that are shorter than YouTube allows are left out. Angle brackets, which descriptions may not have, become
    round.
    """
    kept: list[tuple[int, str]] = []
    for start, _, title in chapters:
        if not kept or int(start) - kept[-1][0] >= SHORTEST_S:
            kept.append((int(start), title))
    if kept and int(chapters[-1][1]) - kept[-1][0] < SHORTEST_S:
        kept.pop()
    if len(kept) < FEWEST:
        return ""
    lines = [f"{_timestamp(start)} {title}" for start, title in kept]
    return "\n".join(lines).replace("<", "(").replace(">", ")") + "\n"


def podcast_chapters(chapters: Sequence[Chapter]) -> str:
    """The JSON that `podcast:chapters` refers to."""
    entries = [
        {"startTime": round(chapter.start, 2), "endTime": round(chapter.end, 2), "title": chapter.title}
        for chapter in chapters
    ]
    return json.dumps({"version": JSON_VERSION, "chapters": entries}, ensure_ascii=False, indent=2) + "\n"


def soundbite(start_s: float, duration_s: float, title: str) -> str:
    """The tag of a stretch of the episode that apps may play as a sample, for the episode's item in the feed."""
    times = f"startTime={quoteattr(f'{start_s:.1f}')} duration={quoteattr(f'{duration_s:.1f}')}"
    return f"<podcast:soundbite {times}>{escape(title[:MOST_SOUNDBITE_TITLE])}</podcast:soundbite>\n"


def _timestamp(seconds: int) -> str:
    """Seconds as m:ss, from an hour on h:mm:ss."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
