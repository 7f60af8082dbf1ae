"""Titles and a summary of chapters by a language model, which sees the beginning and the central sentences of each."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib import resources
from string import Template

from clipper_assets.chapters.chapter import Chapter, Chapters
from clipper_assets.chapters.wording import Said
from clipper_assets.highlights.titles import cleaned_title
from clipper_assets.llm.answers import INTEGER, MIDDLE_SCORE, TEXT, Number, Score, Scored, Text, schema
from clipper_assets.llm.session import Session, one_line
from clipper_assets.runtime.asset_names import CHAPTERS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.text.markdown import clock

FIRST_SENTENCES, CENTRAL_SENTENCES, MOST_CHARACTERS = 3, 6, 300
"""What the model sees of a chapter: with at most `MOST_CHAPTERS` chapters, 60,000 tokens at the very most."""
MOST_CHAPTERS = 60
MOST_SUMMARY = 600
WHOLE = 0
"""The number of the item about the whole episode, whose `text` is the summary."""

TEXTS = schema("chapters", number=INTEGER, text=TEXT)


class ChapterText(Scored):
    """The title of a chapter, or the summary of the episode; nobody scores it."""

    score: Score = MIDDLE_SCORE
    number: Number
    text: Text = ""


@cache
def prompt() -> str:
    return resources.files("clipper_assets.chapters").joinpath("prompts/chapters.md").read_text(encoding="utf-8")


def prompt_version() -> str:
    """Twelve hex digits of a hash of the prompt."""
    return hashlib.sha256(prompt().encode()).hexdigest()[:12]


def worded(session: Session, drafts: Chapters, said: Sequence[Said], language: str) -> Chapters:
    """The chapters with the model's texts; a spoken line stays where the model gave none that can be used.

    Raises ModelUnavailableError if it gave no title at all.
    """
    chapters = drafts.chapters
    lines = [
        _shown(number, chapter, each) for number, (chapter, each) in enumerate(zip(chapters, said, strict=True), 1)
    ]
    system = Template(prompt()).substitute(count=min(len(chapters), MOST_CHAPTERS), language=language)
    answers = session.ask(system, "\n\n".join(lines[:MOST_CHAPTERS]), TEXTS, ChapterText)
    texts = {answer.number: one_line(answer.text) for answer in answers}
    titles = {number: title for number, text in texts.items() if (title := cleaned_title(text, language))}
    missing = [number for number in range(1, len(chapters) + 1) if number not in titles]
    if len(missing) == len(chapters):
        raise session.unavailable("gave no usable title of a chapter")
    summary = texts.get(WHOLE, "")
    notes = list(session.flaws)
    if missing:
        notes.append(
            f"{session.model} gave no usable title for {len(missing)} of {len(chapters)} chapters; "
            "spoken lines were used"
        )
    if not 0 < len(summary) <= MOST_SUMMARY:
        notes.append(f"{session.model} gave no usable summary; spoken sentences were used")
        summary = drafts.summary
    return Chapters(
        [replace(chapter, title=titles.get(number, chapter.title)) for number, chapter in enumerate(chapters, 1)],
        summary,
        f"openai:{session.model}",
        [Degraded(CHAPTERS, note) for note in notes],
    )


def _shown(number: int, chapter: Chapter, said: Said) -> str:
    """What the model sees of a chapter: its number and time, its first sentences and its central ones."""
    beginning = said.texts[:FIRST_SENTENCES]
    central = [text for text in said.central(CENTRAL_SENTENCES) if text not in beginning]
    sentences = (one_line(text)[:MOST_CHARACTERS] for text in (*beginning, *central))
    return "\n".join([f"{number} [{clock(chapter.start)}]", *sentences])
