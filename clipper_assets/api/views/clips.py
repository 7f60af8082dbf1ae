"""The view of a clip: its manifest entry with URLs, the decision about it, and edits that are not rendered yet."""

from collections.abc import Callable
from typing import Any

from pydantic import Field

from clipper_assets.api.repository.snapshot import EpisodeSnapshot
from clipper_assets.clips.manifest import Clip
from clipper_assets.edits.looks import decision_in_look
from clipper_assets.edits.model import EditedClip, Review
from clipper_assets.edits.windows import sentences_of


class ClipView(Clip):
    """A clip of the manifest, with URLs that expire, the decision about it and its edits."""

    video_url: str
    thumbnail_url: str
    srt_url: str
    vtt_url: str
    is_publishable: bool = Field(description="ready to post: passed every blocking gate and was not rejected")
    held_back: list[str] = Field(description="why it is not ready to post, one phrase per reason")
    verdict: Review | None = None
    first_sentence: int = Field(
        description="number of the first sentence of the clip, edits included, in the current transcript"
    )
    last_sentence: int = Field(description="number of its last sentence")
    wanted: dict[str, Any] = Field(
        description="edits that are not rendered yet, by field: `start_time`, `end_time`, `hook`, `title`, "
        "`caption_style`, `layout`, `words`; `adverts` if passages in it were marked or unmarked; `camera` if the "
        "camera of its shots was chosen",
    )


def clip_view(episode: EpisodeSnapshot, clip: Clip, url: Callable[[str], str]) -> ClipView:
    """Builds the view of a clip; `url` returns the URL of an object for browsers."""
    decided = verdict(episode, clip)
    held_back = held_back_by(clip, decided)
    source = episode.source
    first, last = _sentence_span(episode, clip, source.duration_s if source else clip.end_time)
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
        wanted=episode.unrendered_edits(clip),
    )


def verdict(episode: EpisodeSnapshot, clip: Clip) -> Review | None:
    """Returns the decision about a clip, and whether it applies to the current file."""
    edited = episode.edits.clip(clip.clip_index)
    if edited is None or clip.look is None:
        return edited.review(clip.sha256) if edited else None
    decided = decision_in_look(edited, clip.look)
    return decided.review(clip.sha256) if decided else None


def held_back_by(clip: Clip, decided: Review | None) -> list[str]:
    """Returns why a clip is not ready to post, one phrase per reason; `decided` replaces the review in its manifest."""
    return clip.model_copy(update={"review": decided}).blocked_by


def _sentence_span(episode: EpisodeSnapshot, clip: Clip, duration_s: float) -> tuple[int, int]:
    """Returns the numbers of the first and last sentence of a clip, edits included, in the current transcript."""
    edited = episode.edits.clip(clip.clip_index)
    window = edited.window if edited else {"clip": clip.clip_index, "start": clip.start_time, "end": clip.end_time}
    return sentences_of(EditedClip(window=window), episode.sentences, duration_s)
