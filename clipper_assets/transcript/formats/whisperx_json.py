"""JSON transcripts of WhisperX, with the times of words, and of Podcasting 2.0.

https://github.com/Podcastindex-org/podcast-namespace/blob/main/transcripts/transcripts.md
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from clipper_assets.text.clean import clean_text
from clipper_assets.text.languages import iso_language
from clipper_assets.text.mistakes import first_mistake
from clipper_assets.transcript.formats.base import Cue, CueWord, LineError, Transcript
from clipper_assets.transcript.formats.json_variants import whisperx_form
from clipper_assets.transcript.formats.speaker_labels import bare, split_words

_JSON = json.JSONDecoder(parse_int=float)  # int() rejects more than 4300 digits
PART_WORDS = 100
"""Number of words of a segment that are matched with timed words at once; more than half a minute of speech."""
_SEPARATORS = re.compile(r"[ \t\n,:]*")


def _encodable(text: str) -> str:
    """Reject unpaired surrogates, which JSON can escape but UTF-8 cannot encode."""
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise PydanticCustomError("surrogate", "contains half of a surrogate pair")
    return text


def _as_text(value: object) -> object:
    """Speakers are numbers in some tools' JSON."""
    return f"{value:g}" if isinstance(value, float) else value


Seconds = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Text = Annotated[str, AfterValidator(_encodable), AfterValidator(clean_text)]
Speaker = Annotated[Text | None, BeforeValidator(_as_text)]


class _Word(BaseModel):
    word: Text = Field(validation_alias=AliasChoices("word", "text"))
    start: Seconds | None = None
    end: Seconds | None = None
    score: Annotated[float, Field(allow_inf_nan=False)] | None = Field(
        default=None, validation_alias=AliasChoices("score", "confidence", "probability")
    )
    speaker: Speaker = None

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.start is not None and self.end is not None and self.end < self.start:
            raise PydanticCustomError("order", "ends before it starts")
        return self


class _Segment(BaseModel):
    start: Seconds = Field(validation_alias=AliasChoices("start", "startTime"))
    end: Seconds = Field(validation_alias=AliasChoices("end", "endTime"))
    text: Text = Field(validation_alias=AliasChoices("text", "body"))
    speaker: Speaker = None
    words: Annotated[list[_Word], BeforeValidator(lambda words: words or [])] = []

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.end < self.start:
            raise PydanticCustomError("order", "ends before it starts")
        return self


class _Result(BaseModel):
    segments: list[_Segment]
    language: Text | None = None


def parse(text: str, language: str | None, otherwise: str | None) -> Transcript:
    """Parse a JSON transcript. Raises LineError.

    `language` overrides the file's language; `otherwise` is used if neither is known.
    """
    try:
        return transcript_of(_JSON.decode(text), language, otherwise)
    except json.JSONDecodeError as error:
        message = error.msg[:1].lower() + error.msg[1:]
        raise LineError(error.lineno, f"invalid JSON at column {error.colno} ({message}); export it again") from error
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
    """Convert a parsed WhisperX result or Podcasting 2.0 transcript. Raises pydantic's ValidationError.

    `language` overrides the result's language; `otherwise` is used if neither is known.
    """
    parsed = _Result.model_validate(whisperx_form(result))
    spoken_language = language or iso_language(parsed.language) or otherwise
    cues = [Cue(_words(segment, spoken_language), (segment.start, segment.end)) for segment in parsed.segments]
    return Transcript(sorted((cue for cue in cues if cue.words), key=lambda cue: cue.span[0]), spoken_language)


def _words(segment: _Segment, language: str | None) -> list[CueWord]:
    """All words of the segment's text, with the times of matching words in `segment.words`.

    The text is authoritative, because aligners omit words that they cannot place. Only if `segment.words` have exactly
    the text's characters, they are used unchanged, which keeps word boundaries in languages without spaces.
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
    words = [CueWord(text, speaker=segment.speaker) for text in split_words(segment.text, language)]
    for position, timed_position, length in _matches([_key(word) for word in words], [_key(word) for word in timed]):
        for number in range(length):
            timed_word = timed[timed_position + number]
            words[position + number] = replace(timed_word, text=words[position + number].text)
    return words


def _key(word: CueWord) -> str:
    """A word without case and punctuation, which tools leave out of the words that they time."""
    return "".join(char for char in word.text.casefold() if char.isalnum()) or word.text


def _matches(texts: Sequence[str], timed_texts: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Matching runs: their position in both sequences and their length.

    Takes linear time, because each part of `texts` is only searched for near the previous match.
    """
    matched_up_to = 0
    for first in range(0, len(texts), PART_WORDS):
        nearby = timed_texts[matched_up_to : matched_up_to + 2 * PART_WORDS]
        matcher = SequenceMatcher(None, texts[first : first + PART_WORDS], nearby, autojunk=False)
        begin = matched_up_to
        for position, nearby_position, length in matcher.get_matching_blocks():
            if length:
                yield first + position, begin + nearby_position, length
                matched_up_to = begin + nearby_position + length


def _line(text: str, path: Sequence[str | int]) -> int:
    """The line, counted from 1, on which the value at `path` begins in valid JSON; else the line of its parent."""
    offset = _skip_separators(text, 0)
    for step in path:
        children = dict(_children(text, offset))
        if step not in children:
            break
        offset = children[step]
    return text.count("\n", 0, offset) + 1


def _children(text: str, offset: int) -> Iterator[tuple[str | int, int]]:
    """Key or index, and offset, of every value directly inside the object or list that begins at `offset`."""
    is_object = text[offset] == "{"
    if not is_object and text[offset] != "[":
        return
    offset = _skip_separators(text, offset + 1)
    index = 0
    while text[offset] not in "]}":
        key: str | int = index
        if is_object:
            key, offset = _JSON.raw_decode(text, offset)
            offset = _skip_separators(text, offset)
        yield key, offset
        offset = _skip_separators(text, _JSON.raw_decode(text, offset)[1])
        index += 1


def _skip_separators(text: str, offset: int) -> int:
    """The offset of the next JSON token, after white space, commas and colons."""
    match = _SEPARATORS.match(text, offset)
    return match.end() if match else offset
