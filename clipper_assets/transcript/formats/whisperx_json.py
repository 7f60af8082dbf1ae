"""WhisperX's JSON and Podcasting 2.0's: segments, in WhisperX's with the times of their words.

https://github.com/Podcastindex-org/podcast-namespace/blob/main/transcripts/transcripts.md
"""

import json
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AliasChoices, BaseModel, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from clipper_assets.text.clean import clean_text
from clipper_assets.text.mistakes import first_mistake
from clipper_assets.transcript.formats.base import Cue, CueWord, LineError, Transcript, iso_language
from clipper_assets.transcript.formats.speaker_labels import bare, said_words

_JSON = json.JSONDecoder(parse_int=float)  # int() refuses more than 4300 digits
PART_WORDS = 100
"""Of a segment that are compared with its timed words at once; more than half a minute of speech."""
_BETWEEN = re.compile(r"[ \t\n,:]*")


def _encodable(text: str) -> str:
    """JSON can escape half of a surrogate pair, which no file can hold."""
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise PydanticCustomError("surrogate", "holds half of a surrogate pair")
    return text


Seconds = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Text = Annotated[str, AfterValidator(_encodable), AfterValidator(clean_text)]


class _Word(BaseModel):
    word: Text
    start: Seconds | None = None
    end: Seconds | None = None
    score: Annotated[float, Field(allow_inf_nan=False)] | None = None
    speaker: Text | None = None

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.start is not None and self.end is not None and self.end < self.start:
            raise PydanticCustomError("order", "ends before it starts")
        return self


class _Segment(BaseModel):
    start: Seconds = Field(validation_alias=AliasChoices("start", "startTime"))
    end: Seconds = Field(validation_alias=AliasChoices("end", "endTime"))
    text: Text = Field(validation_alias=AliasChoices("text", "body"))
    speaker: Text | None = None
    words: list[_Word] = []

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.end < self.start:
            raise PydanticCustomError("order", "ends before it starts")
        return self


class _Result(BaseModel):
    segments: list[_Segment]
    language: Text | None = None


def parse(text: str, language: str | None, otherwise: str | None) -> Transcript:
    """The transcript in a JSON file. Raises LineError.

    `language` is the caller's word, `otherwise` holds where neither the caller nor the file names one.
    """
    try:
        return transcript_of(_JSON.decode(text), language, otherwise)
    except json.JSONDecodeError as error:
        message = error.msg[:1].lower() + error.msg[1:]
        raise LineError(error.lineno, f"no JSON at column {error.colno} ({message}); export it again") from error
    except RecursionError as error:
        raise LineError(1, "the JSON is nested too deeply for a transcript; export it again") from error
    except ValidationError as error:
        mistake = first_mistake(error.errors())
        raise LineError(
            _line(text, mistake.path[:2]),
            f"{mistake.sentence(whole='top level')}; times are seconds, as in "
            '{"segments": [{"start": 0.5, "end": 2, "text": "Hello"}]}',
        ) from error


def transcript_of(result: Any, language: str | None = None, otherwise: str | None = None) -> Transcript:
    """A WhisperX result or a Podcasting 2.0 transcript, as parsed from JSON. Raises pydantic's ValidationError.

    `language` is the caller's word, `otherwise` holds where neither the caller nor the result names one.
    """
    parsed = _Result.model_validate(result)
    known = language or iso_language(parsed.language) or otherwise
    cues = [Cue(_words(segment, known), (segment.start, segment.end)) for segment in parsed.segments]
    return Transcript(sorted((cue for cue in cues if cue.words), key=lambda cue: cue.span[0]), known)


def _words(segment: _Segment, language: str | None) -> list[CueWord]:
    """Every word of the segment's text, with the times of those among `segment.words` that are the same word.

    The text decides, because an aligner leaves out what it cannot place; where the words are the text, in a language
    written without spaces for one, they decide.
    """
    timed = [
        CueWord(
            bare(word.word),
            (word.start, word.end) if word.start is not None and word.end is not None else None,
            word.speaker or segment.speaker,
            word.score,
        )
        for word in segment.words
        if bare(word.word)
    ]
    if timed and "".join(word.text for word in timed) == "".join(bare(word) for word in segment.text.split()):
        return timed
    words = [CueWord(text, speaker=segment.speaker) for text in said_words(segment.text, language)]
    for ours, theirs, length in _same([word.text for word in words], [word.text for word in timed]):
        words[ours : ours + length] = timed[theirs : theirs + length]
    return words


def _same(ours: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Where the same words stand in both, and how many. Time is linear: each part is sought near the one before."""
    reached = 0
    for first in range(0, len(ours), PART_WORDS):
        near = theirs[reached : reached + 2 * PART_WORDS]
        part = SequenceMatcher(None, ours[first : first + PART_WORDS], near, autojunk=False)
        begin = reached
        for at, at_near, length in part.get_matching_blocks():
            if length:
                yield first + at, begin + at_near, length
                reached = begin + at_near + length


def _line(text: str, path: Sequence[str | int]) -> int:
    """The line (from 1) of valid JSON on which the value at `path` begins; if there is none, the one that lacks it."""
    at = _after(text, 0)
    for step in path:
        inside = dict(_children(text, at))
        if step not in inside:
            break
        at = inside[step]
    return text.count("\n", 0, at) + 1


def _children(text: str, at: int) -> Iterator[tuple[str | int, int]]:
    """Key or index, and offset, of every value directly inside the object or list that begins at `at`."""
    is_object = text[at] == "{"
    if not is_object and text[at] != "[":
        return
    at = _after(text, at + 1)
    index = 0
    while text[at] not in "]}":
        key: str | int = index
        if is_object:
            key, at = _JSON.raw_decode(text, at)
            at = _after(text, at)
        yield key, at
        at = _after(text, _JSON.raw_decode(text, at)[1])
        index += 1


def _after(text: str, at: int) -> int:
    """The offset of what comes next in JSON, past white space, commas and colons."""
    matched = _BETWEEN.match(text, at)
    return matched.end() if matched else at
