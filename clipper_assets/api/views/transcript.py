"""The view of a transcript, with the corrections that captions show."""

from collections.abc import Sequence
from dataclasses import asdict

from pydantic import BaseModel, Field

from clipper_assets.adverts.spans import SpanKind
from clipper_assets.api.problems import RefusedError
from clipper_assets.api.repository.snapshot import EpisodeSnapshot
from clipper_assets.edits.adverts import SpanInForce
from clipper_assets.edits.words import apply_word_edits


class TranscriptWord(BaseModel):
    """One word as captions show it; `edited` means that a person corrected it."""

    word: int
    sentence: int
    text: str
    start: float
    end: float
    speaker: str | None = None
    confidence: float | None = None
    edited: bool = False


class TranscriptSentence(BaseModel):
    """A sentence; clips begin and end on sentences. No clip may contain a `doubtful` one."""

    number: int
    text: str
    start: float
    end: float
    speaker: str | None = None
    doubtful: bool


class TranscriptSpan(BaseModel):
    """A passage that clips avoid: an advert, an intro, an outro or a call to subscribe.

    `marked` means that a person marked it; then `evidence` is empty and `confidence` 1.
    """

    start: float
    end: float
    kind: SpanKind
    evidence: list[str] = Field(description="what the passage was recognized by")
    confidence: float
    marked: bool


class Transcript(BaseModel):
    """All words and sentences of an episode with their times in seconds, and the passages that clips avoid."""

    key: str
    language: str | None
    words: list[TranscriptWord]
    sentences: list[TranscriptSentence]
    spans: list[TranscriptSpan]


def transcript(episode: EpisodeSnapshot, spans: Sequence[SpanInForce]) -> Transcript:
    """Builds the view of a transcript, with the adverts in force. Raises RefusedError (409) before there is one."""
    words = episode.words
    if words is None:
        raise RefusedError(409, f"{episode.key} has no transcript yet; wait until its run has transcribed it")
    current_texts = {row["word"]: row["text"] for row in apply_word_edits(words, episode.edits.words).to_pylist()}
    rows = words.to_pylist()
    return Transcript(
        key=episode.key,
        language=rows[0]["language"] if rows else None,
        words=[
            TranscriptWord(
                **{name: row[name] for name in ("word", "sentence", "start", "end", "speaker", "confidence")},
                text=current_texts.get(row["word"], ""),
                edited=current_texts.get(row["word"], "") != row["text"],
            )
            for row in rows
        ],
        sentences=[
            TranscriptSentence(
                number=sentence.number,
                text=sentence.text,
                start=sentence.start,
                end=sentence.end,
                speaker=sentence.speaker,
                doubtful=sentence.doubtful,
            )
            for sentence in episode.sentences
        ],
        spans=[TranscriptSpan(**asdict(span)) for span in spans],
    )
