"""The view of what a search finds."""

from collections.abc import Callable
from datetime import datetime

from pydantic import BaseModel, Field

from clipper_assets.episodes.partitions import object_key
from clipper_assets.search.hits import Hit, Spoken
from clipper_assets.search.library import Found
from clipper_assets.search.state import State

MAX_SKIPPED = 20
"""Episodes that cannot be searched and are named in an answer."""


class FoundSentence(BaseModel):
    """A sentence of a transcript; times in seconds from the start of the episode."""

    number: int
    text: str
    start: float
    end: float
    speaker: str | None
    marks: list[tuple[int, int]] = Field(
        description="characters of `text` to highlight, as start and end (excluded), in Unicode code points"
    )


class SearchHit(BaseModel):
    """A passage of an episode, with the sentence that matches best."""

    key: str = Field(description="key of the upload", examples=["test1/sample.mp4"])
    score: float = Field(description="compares hits of one query")
    uploaded_at: datetime
    start: float = Field(description="start of the passage in seconds")
    end: float
    first_sentence: int
    last_sentence: int
    sentence: FoundSentence
    before: FoundSentence | None
    after: FoundSentence | None
    source_url: str = Field(description="signed URL of the recording; play it from `sentence.start`")


class SkippedEpisode(BaseModel):
    """An episode whose transcript cannot be read."""

    key: str
    reason: str


class SearchIndex(BaseModel):
    """What was searched."""

    episodes: int
    waiting: int = Field(description="transcripts that are not searched yet, because they are being indexed")
    skipped: list[SkippedEpisode] = Field(description=f"at most {MAX_SKIPPED} transcripts that cannot be read")
    problem: str | None = Field(description="why newer transcripts may be missing, in one sentence")


class Results(BaseModel):
    """One page of hits, the best first."""

    hits: list[SearchHit]
    next_offset: int | None = Field(description="send it as `offset` to get the next page; null on the last page")
    index: SearchIndex


def results(found: Found, problem: str | None, next_offset: int, url: Callable[[str], str]) -> Results:
    """Builds the answer to a search; `url` returns the URL of an object for browsers."""
    return Results(
        hits=[_hit(hit, url) for hit in found.hits],
        next_offset=next_offset if found.more else None,
        index=_index(found.state, problem),
    )


def _index(state: State | None, problem: str | None) -> SearchIndex:
    skipped = list(state.skipped.items())[:MAX_SKIPPED] if state else []
    return SearchIndex(
        episodes=len(state.episodes) if state else 0,
        waiting=state.waiting if state else 0,
        skipped=[SkippedEpisode(key=_key(partition), reason=each.reason) for partition, each in skipped],
        problem=problem,
    )


def _key(partition: str) -> str:
    try:
        return object_key(partition)
    except UnicodeDecodeError:  # a folder of the lake that no upload has; its name is why it cannot be searched
        return partition


def _hit(hit: Hit, url: Callable[[str], str]) -> SearchHit:
    key = object_key(hit.partition)
    first, last = hit.passage[0], hit.passage[-1]
    return SearchHit(
        key=key,
        score=round(hit.score, 3),
        uploaded_at=hit.uploaded_at,
        start=first.start,
        end=max(sentence.end for sentence in hit.passage),
        first_sentence=first.number,
        last_sentence=last.number,
        sentence=_sentence(hit.sentence),
        before=_sentence(hit.before) if hit.before else None,
        after=_sentence(hit.after) if hit.after else None,
        source_url=url(key),
    )


def _sentence(spoken: Spoken) -> FoundSentence:
    return FoundSentence(
        number=spoken.number,
        text=spoken.text,
        start=spoken.start,
        end=spoken.end,
        speaker=spoken.speaker,
        marks=list(spoken.marks),
    )
