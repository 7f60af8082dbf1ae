"""The view of an episode's chapters and summary."""

from collections.abc import Callable

from pydantic import BaseModel, Field

from clipper_assets.api.repository.snapshot import EpisodeSnapshot
from clipper_assets.chapters.formats import youtube_lines


class ChapterView(BaseModel):
    """A chapter; times in seconds from the start of the episode."""

    start: float
    end: float
    title: str


class ChaptersView(BaseModel):
    """The topics of an episode and its summary. The signed URLs lead to the files beside the clips."""

    chapters: list[ChapterView]
    summary: str = Field(description="two or three sentences; empty if none stands alone")
    youtube: str | None = Field(description="lines for the description of a video; null for fewer than three chapters")
    youtube_url: str | None
    podcast_url: str | None = Field(description="JSON for `podcast:chapters`")
    soundbites_url: str | None = Field(description="`podcast:soundbite` tags of the clips that are ready to post")
    recording_url: str = Field(description="signed URL of the upload, to listen to a chapter")


def chapters_view(episode: EpisodeSnapshot, url: Callable[[str], str]) -> ChaptersView | None:
    """Builds the view of the chapters beside the clips; None where there are none."""
    manifest = episode.manifest
    if manifest is None or not manifest.chapters:
        return None
    files = manifest.chapter_files
    return ChaptersView(
        chapters=[
            ChapterView(start=chapter.start_time, end=chapter.end_time, title=chapter.title)
            for chapter in manifest.chapters
        ],
        summary=manifest.summary,
        youtube=youtube_lines([(each.start_time, each.end_time, each.title) for each in manifest.chapters]) or None,
        youtube_url=url(files.youtube) if files.youtube else None,
        podcast_url=url(files.podcast) if files.podcast else None,
        soundbites_url=url(files.soundbites) if files.soundbites else None,
        recording_url=url(episode.key),
    )
