"""A clip, with what a person decided about it and what edits ask for."""

from collections.abc import Callable
from typing import Any

from pydantic import Field

from clipper_assets.api.repository.states import EpisodeSnapshot
from clipper_assets.clips.manifest import Clip, Review
from clipper_assets.edits.model import EditedClip, Review
from clipper_assets.edits.windows import sentences_of
from clipper_assets.highlights.editing import sentences_of


class ClipView(Clip):
    """A clip of the manifest, with URLs that a browser can open until they expire, and what a person made of it."""

    video_url: str
    thumbnail_url: str
    srt_url: str
    vtt_url: str
    is_publishable: bool = Field(description="passed every gate that blocks, and was not rejected")
    held_back: list[str] = Field(description="why it must not be posted, a phrase each")
    verdict: Review | None = None
    first_sentence: int = Field(description="first sentence of the clip as edited, in the transcript as it is now")
    last_sentence: int
    wanted: dict[str, Any] = Field(
        description="what edits ask for that is not rendered yet, by field: `start_time`, `end_time`, `hook`, "
        "`title`, `caption_style`, `layout`, `words`",
    )


def clip_view(known: EpisodeSnapshot, clip: Clip, url: Callable[[str], str]) -> ClipView:
    """The clip as it is now; `url` says where a browser finds an object of the storage."""
    decided = verdict(known, clip)
    held_back = held_back_by(clip, decided)
    source = known.source
    first, last = _sentence_span(known, clip, source.duration_s if source else clip.end_time)
    return ClipView(
        **clip.model_dump(),
        video_url=url(clip.key),
        thumbnail_url=url(clip.thumbnail),
        srt_url=url(clip.captions.srt),
        vtt_url=url(clip.captions.vtt),
        is_publishable=not held_back,
        held_back=held_back,
        verdict=decided,
        first_sentence=first,
        last_sentence=last,
        wanted=known.wanted(clip),
    )


def verdict(known: EpisodeSnapshot, clip: Clip) -> Review | None:
    """What was decided about a clip, as of now."""
    edited = known.edits.clip(clip.clip_index)
    return edited.review(clip.sha256) if edited else None


def held_back_by(clip: Clip, decided: Review | None) -> list[str]:
    """Why a clip must not be posted, a phrase each; `decided` replaces the review in its manifest."""
    return clip.model_copy(update={"review": decided}).blocked_by


def _sentence_span(known: EpisodeSnapshot, clip: Clip, duration_s: float) -> tuple[int, int]:
    """Numbers of the first and last sentence of a clip as edited, in the transcript as it is now."""
    edited = known.edits.clip(clip.clip_index)
    window = edited.window if edited else {"clip": clip.clip_index, "start": clip.start_time, "end": clip.end_time}
    return sentences_of(EditedClip(window=window), known.sentences, duration_s)
