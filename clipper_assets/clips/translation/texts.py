"""The texts of a clip that viewers read, in the spoken language and in another one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from clipper_assets.highlights.window import Window
from clipper_assets.llm.session import one_line
from clipper_assets.transcript.words import sentences

HOOK, TITLE = "hook", "title"


@dataclass(frozen=True)
class Line:
    """A text to be translated: a sentence with its speaker as `label`, or hook or title; on one line, never empty."""

    label: str
    text: str


@dataclass(frozen=True)
class ClipTexts:
    """What is said in a clip, by sentence number of the episode, and its hook and title.

    `language` is the ISO 639-1 code of the spoken language.
    """

    language: str
    sentences: Mapping[int, Line]
    hook: str
    title: str

    @property
    def lines(self) -> list[Line]:
        """All texts that are not empty: the sentences in order, then hook and title."""
        others = [Line(HOOK, self.hook), Line(TITLE, self.title)]
        return [*self.sentences.values(), *(line for line in others if line.text)]


class Translation(BaseModel):
    """The texts of a clip in another language (ISO 639-1), as `ClipTexts` has them in the spoken one."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    language: str
    sentences: dict[int, str]
    hook: str
    title: str


def clip_texts(window: Window, words: pa.Table) -> ClipTexts:
    """The texts of a window's clip; `words` are those of the episode, with corrections applied."""
    import pyarrow.compute as pc

    number = pc.field("sentence")
    rows = words.filter((number >= window.first_sentence) & (number <= window.last_sentence))
    spoken = {
        sentence.number: Line(one_line(sentence.speaker or "speaker"), text)
        for sentence in sentences(rows)
        if (text := one_line(sentence.text))
    }
    language = str(rows["language"][0]) if rows.num_rows else ""
    return ClipTexts(language, spoken, one_line(window.hook), one_line(window.title))


def translation_of(texts: ClipTexts, translated: Sequence[str], language: str) -> Translation:
    """The translation made of the translated `lines` of the texts, in their order."""
    spoken = len(texts.sentences)
    rest = list(translated[spoken:])
    return Translation(
        language=language,
        sentences=dict(zip(texts.sentences, translated[:spoken], strict=True)),
        hook=rest.pop(0) if texts.hook else "",
        title=rest.pop(0) if texts.title else "",
    )
