"""Adds a clip of sentences that a person chose."""

from collections.abc import Sequence
from textwrap import shorten

from clipper_assets.edits.model import EDITOR, EditedClip
from clipper_assets.edits.windows import boundaries, refuse_if_too_long, sentences_of
from clipper_assets.shows.clip_options import MAX_CLIPS
from clipper_assets.text.clean import clean_text
from clipper_assets.transcript.words import Sentence

SHORTEST_S = 3.0
"""The shortest clip that a person can add; Instagram accepts no shorter Reels."""
TITLE_CHARACTERS = 100
"""Length of a title that is made of a sentence; YouTube accepts no longer ones."""
MIDDLE_SCORE = 5.0
"""The score of an added clip, on the scale from 1 to 10: nobody estimated it."""


def added_clip(
    clips: Sequence[EditedClip],
    first: int,
    last: int,
    title: str | None,
    sentences: Sequence[Sentence],
    duration_s: float,
) -> EditedClip:
    """A clip from the sentence `first` to the sentence `last`, with the next number after those of `clips`.

    Its title is the first sentence unless `title` is given. Raises ValueError, with a message for people, if these
    sentences cannot be a clip, if they are one already, or if there are `MAX_CLIPS`.
    """
    if len(clips) >= MAX_CLIPS:
        raise ValueError(f"the episode has {len(clips)} clips, and more than {MAX_CLIPS} are not allowed")
    start, end = boundaries(first, last, sentences, duration_s)
    refuse_if_too_long(end - start)
    if end - start < SHORTEST_S:
        raise ValueError(
            f"the clip would last {end - start:.1f} s; choose sentences that last at least {SHORTEST_S:.0f} s"
        )
    for clip in clips:
        if _is_of(clip, first, last, sentences, duration_s):
            raise ValueError(f"clip {clip.number} has exactly these sentences already")
    line = _line(next(sentence.text for sentence in sentences if sentence.number == first))
    return EditedClip(
        window={
            "clip": max((clip.number for clip in clips), default=-1) + 1,
            "start": start,
            "end": end,
            "virality_score": MIDDLE_SCORE,
            "hook": line,
            "title": clean_text(title).strip() or line if title else line,
            "reason": "chosen by a person",
            "hashtags": [],
            "picker": EDITOR,
            "prompt_version": None,
            "degraded": [],
        }
    )


def _line(text: str) -> str:
    """The text in at most `TITLE_CHARACTERS`, cut between words where it has spaces."""
    line = shorten(clean_text(text), TITLE_CHARACTERS, placeholder="…")
    return line if line != "…" else f"{text[: TITLE_CHARACTERS - 1]}…"


def _is_of(clip: EditedClip, first: int, last: int, sentences: Sequence[Sentence], duration_s: float) -> bool:
    try:
        return sentences_of(clip, sentences, duration_s) == (first, last)
    except ValueError:  # nobody speaks in that clip any more
        return False
