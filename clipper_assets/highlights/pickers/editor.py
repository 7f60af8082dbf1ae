"""The windows of an episode that a person has edited: pinned in time, laid on the transcript as it is now."""

from collections.abc import Sequence
from typing import Any

from clipper_assets.edits.model import Edits
from clipper_assets.highlights.windows import quiet_around
from clipper_assets.runtime.asset_names import HIGHLIGHT_WINDOWS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.transcript.words import Sentence

EDITOR = "editor"


def edited_rows(
    edits: Edits, sentences: Sequence[Sentence], episode: str, duration_s: float
) -> tuple[list[dict[str, Any]], list[Degraded]]:
    """The rows of the windows table, and what became of windows that nobody speaks in any more.

    Each pinned window has the sentences that lie in it by more than half. Its start and end stay where they are, as
    long as that is in the silence around those sentences.
    """
    rows, lost = [], []
    for clip in sorted(edits.clips, key=lambda each: each.number):
        start, end = clip.window["start"], clip.window["end"]
        inside = [number for number, each in enumerate(sentences) if _share(each, start, end) > 0.5]
        if not inside:
            lost.append(
                Degraded(
                    HIGHLIGHT_WINDOWS,
                    f"clip {clip.number} is left out: nobody speaks from {start:.1f} to {end:.1f} s any more",
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
    return rows, lost


def _share(sentence: Sentence, start: float, end: float) -> float:
    length = sentence.end - sentence.start
    return (min(sentence.end, end) - max(sentence.start, start)) / length if length > 0 else 0.0
