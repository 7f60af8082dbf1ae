"""The transcript of an episode, as captions show it."""

from pydantic import BaseModel

from clipper_assets.api.problems import RefusedError
from clipper_assets.api.repository.states import EpisodeSnapshot
from clipper_assets.edits.words import corrected


class TranscriptWord(BaseModel):
    """One word as captions show it; `edited` where a person corrected it."""

    word: int
    sentence: int
    text: str
    start: float
    end: float
    speaker: str | None = None
    confidence: float | None = None
    edited: bool = False


class TranscriptSentence(BaseModel):
    """A sentence; clips begin and end on these. No clip may hold a `doubtful` one."""

    number: int
    text: str
    start: float
    end: float
    speaker: str | None = None
    doubtful: bool


class Transcript(BaseModel):
    """Every word of an episode with its time."""

    key: str
    language: str | None
    words: list[TranscriptWord]
    sentences: list[TranscriptSentence]


def transcript(known: EpisodeSnapshot) -> Transcript:
    """Every word as captions show it. Raises RefusedError (409) before there is a transcript."""
    words = known.words
    if words is None:
        raise RefusedError(409, f"{known.key} has no transcript yet; wait until its run has got so far")
    now = {row["word"]: row["text"] for row in corrected(words, known.edits.words).to_pylist()}
    rows = words.to_pylist()
    return Transcript(
        key=known.key,
        language=rows[0]["language"] if rows else None,
        words=[
            TranscriptWord(
                **{name: row[name] for name in ("word", "sentence", "start", "end", "speaker", "confidence")},
                text=now.get(row["word"], ""),
                edited=now.get(row["word"], "") != row["text"],
            )
            for row in rows
        ],
        sentences=[
            TranscriptSentence(
                number=each.number,
                text=each.text,
                start=each.start,
                end=each.end,
                speaker=each.speaker,
                doubtful=each.doubtful,
            )
            for each in known.sentences
        ],
    )
