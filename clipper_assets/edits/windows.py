"""Edits the windows of clips, and matches edited windows to the sentences of the current transcript."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from clipper_assets.edits.model import EDITOR, EditedClip, Edits
from clipper_assets.runtime.asset_names import HIGHLIGHT_WINDOWS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.text.clean import clean_text
from clipper_assets.transcript.boundaries import PAD_S, quiet_around
from clipper_assets.transcript.words import Sentence

LONGEST_S = 180.0
"""The longest clip that Instagram, TikTok and YouTube Shorts all accept (YouTube Help, "Understand three-minute YouTube
Shorts")."""
TRANSCRIPT_COLUMNS = ("episode", "first_sentence", "last_sentence")
"""Columns of a window that are not pinned, because they refer to one transcript."""


def pinned_clips(edits: Edits, windows: pa.Table) -> list[EditedClip]:
    """The edited clips of an episode, or the picked `windows` as clips if there are no edits yet."""
    if edits.clips:
        return list(edits.clips)
    return [
        EditedClip(window={name: value for name, value in row.items() if name not in TRANSCRIPT_COLUMNS})
        for row in windows.to_pylist()
    ]


def edited_rows(
    edits: Edits, sentences: Sequence[Sentence], episode: str, duration_s: float
) -> tuple[list[dict[str, Any]], list[Degraded]]:
    """The rows of the windows table for the edited clips, and one fallback for each clip that is left out.

    A clip is left out if nobody speaks in it any more. A window has the sentences of which more than half is inside it.
    Its start and end stay unchanged if they are in the silence around these sentences; otherwise they move there.
    """
    rows, fallbacks = [], []
    for clip in sorted(edits.clips, key=lambda clip: clip.number):
        start, end = clip.window["start"], clip.window["end"]
        inside = [position for position, sentence in enumerate(sentences) if _share(sentence, start, end) > 0.5]
        if not inside:
            fallbacks.append(
                Degraded(
                    HIGHLIGHT_WINDOWS,
                    f"clip {clip.number} is left out, because nobody speaks from {start:.1f} to {end:.1f} s any more",
                )
            )
            continue
        first, last = min(inside), max(inside)
        quiet_from, speech_start, speech_end, quiet_until = quiet_around(sentences, first, last, duration_s)
        rows.append(
            {
                **clip.window,
                "episode": episode,
                "start": min(max(start, quiet_from), speech_start),
                "end": max(min(end, quiet_until), speech_end),
                "first_sentence": sentences[first].number,
                "last_sentence": sentences[last].number,
            }
        )
    return rows, fallbacks


def sentences_of(clip: EditedClip, sentences: Sequence[Sentence], duration_s: float) -> tuple[int, int]:
    """Numbers of the clip's first and last sentence. Raises ValueError if nobody speaks in the clip any more."""
    rows, fallbacks = edited_rows(Edits(version=1, clips=[clip]), sentences, "", duration_s)
    if fallbacks:
        raise ValueError(f"{fallbacks[0].reason}; process the episode again to get new clips")
    return rows[0]["first_sentence"], rows[0]["last_sentence"]


def with_boundaries(
    clip: EditedClip, first: int | None, last: int | None, sentences: Sequence[Sentence], duration_s: float
) -> EditedClip:
    """The clip with new boundaries, at the sentences with the numbers `first` and `last`; None keeps a boundary.

    New boundaries are widened into the silence next to the sentences, like those of picked windows. Raises ValueError,
    with a message for people, if these sentences cannot be a clip.
    """
    current = sentences_of(clip, sentences, duration_s)
    requested = (current[0] if first is None else first, current[1] if last is None else last)
    if requested == current:
        return clip
    start, end = boundaries(*requested, sentences, duration_s)
    window = dict(clip.window)
    if requested[0] != current[0]:
        window["start"] = start
    if requested[1] != current[1]:
        window["end"] = end
    refuse_if_too_long(window["end"] - window["start"])
    return _by_editor(clip, window)


def boundaries(first: int, last: int, sentences: Sequence[Sentence], duration_s: float) -> tuple[float, float]:
    """Start and end in seconds of a clip from the sentence `first` to the sentence `last`, widened into the silence.

    Raises ValueError, with a message for people, if these sentences cannot be a clip.
    """
    position = {sentence.number: index for index, sentence in enumerate(sentences)}
    for number in (first, last):
        if number not in position:
            known = f"it has {sentences[0].number} to {sentences[-1].number}" if sentences else "it has none"
            raise ValueError(f"the transcript has no sentence {number}; {known}")
    begin, end = position[first], position[last]
    if begin > end:
        raise ValueError(f"a clip cannot begin with sentence {first} and end with sentence {last} before it")
    if doubtful := [sentence.number for sentence in sentences[begin : end + 1] if sentence.doubtful]:
        raise ValueError(f"sentence {doubtful[0]} may be a transcription error; choose boundaries that leave it out")
    quiet_from, speech_start, speech_end, quiet_until = quiet_around(sentences, begin, end, duration_s)
    return (
        speech_start - min(PAD_S, (speech_start - quiet_from) / 2),
        speech_end + min(PAD_S, (quiet_until - speech_end) / 2),
    )


def refuse_if_too_long(length_s: float) -> None:
    """Raise ValueError, with a message for people, for a clip that no platform accepts."""
    if length_s > LONGEST_S:
        raise ValueError(f"the clip would last {length_s:.0f} s; no platform accepts more than {LONGEST_S:.0f} s")


def retitled(clip: EditedClip, hook: str | None, title: str | None) -> EditedClip:
    """The clip with a new hook and title; None keeps the current text."""
    texts = {name: clean_text(text) for name, text in (("hook", hook), ("title", title)) if text is not None}
    window = {**clip.window, **texts}
    return clip if window == clip.window else _by_editor(clip, window)


def _by_editor(clip: EditedClip, window: Mapping[str, Any]) -> EditedClip:
    # The picker's fallbacks, such as one for the window's length, do not apply to a window that a person chose.
    unknown: dict[str, Any] = dict.fromkeys(("prompt_version", "prompt", "features"))
    picked = clip.window if clip.window.get("picker") != EDITOR else clip.picked
    return clip.model_copy(update={"window": {**window, **unknown, "picker": EDITOR, "degraded": []}, "picked": picked})


def _share(sentence: Sentence, start: float, end: float) -> float:
    """How much of the sentence is between `start` and `end`, 0..1; 0 or less if nothing is."""
    length = sentence.end - sentence.start
    return (min(sentence.end, end) - max(sentence.start, start)) / length if length > 0 else 0.0
