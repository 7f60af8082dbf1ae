"""Windows as a person edited them: pinned in time, and placed on the transcript as it is now."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from clipper_assets.edits.model import EditedClip, Edits
from clipper_assets.runtime.asset_names import HIGHLIGHT_WINDOWS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.text.clean import clean_text
from clipper_assets.transcript.boundaries import PAD_S, quiet_around
from clipper_assets.transcript.words import Sentence

EDITOR = "editor"
"""The picker of a window that a person changed."""
LONGEST_S = 180.0
"""What Instagram, TikTok and YouTube Shorts all take (YouTube Help, "Understand three-minute YouTube Shorts")."""
NUMBERED = ("episode", "first_sentence", "last_sentence")
"""Columns of a window that another transcript may not share."""


def pinned(edits: Edits, windows: pa.Table) -> list[EditedClip]:
    """The clips of an episode as edited so far, or as its pickers left them."""
    if edits.clips:
        return list(edits.clips)
    return [
        EditedClip(window={name: value for name, value in row.items() if name not in NUMBERED})
        for row in windows.to_pylist()
    ]


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


def sentences_of(clip: EditedClip, sentences: Sequence[Sentence], duration_s: float) -> tuple[int, int]:
    """Numbers of the clip's first and last sentence. Raises ValueError where nobody speaks in it any more."""
    rows, lost = edited_rows(Edits(version=1, clips=[clip]), sentences, "", duration_s)
    if lost:
        raise ValueError(f"{lost[0].reason}; make the clips of the episode anew")
    return rows[0]["first_sentence"], rows[0]["last_sentence"]


def moved(
    clip: EditedClip, first: int | None, last: int | None, sentences: Sequence[Sentence], duration_s: float
) -> EditedClip:
    """The clip from sentence `first` to sentence `last`; None leaves that end where it is.

    A boundary is widened into the silence beside it as by a picker. Raises ValueError, in a sentence, for sentences
    that cannot be a clip.
    """
    position = {sentence.number: index for index, sentence in enumerate(sentences)}
    now = sentences_of(clip, sentences, duration_s)
    wanted = (now[0] if first is None else first, now[1] if last is None else last)
    if wanted == now:
        return clip
    for number in wanted:
        if number not in position:
            raise ValueError(
                f"the transcript has no sentence {number}; it has {sentences[0].number} to {sentences[-1].number}"
            )
    begin, finish = position[wanted[0]], position[wanted[1]]
    if begin > finish:
        raise ValueError(f"a clip cannot begin with sentence {wanted[0]} and end with sentence {wanted[1]} before it")
    if doubtful := [each.number for each in sentences[begin : finish + 1] if each.doubtful]:
        raise ValueError(f"sentence {doubtful[0]} may never have been said; keep it out of the clip")
    quiet_from, speech_start, speech_end, quiet_until = quiet_around(sentences, begin, finish, duration_s)
    window = dict(clip.window)
    if wanted[0] != now[0]:
        window["start"] = speech_start - min(PAD_S, (speech_start - quiet_from) / 2)
    if wanted[1] != now[1]:
        window["end"] = speech_end + min(PAD_S, (quiet_until - speech_end) / 2)
    if (length_s := window["end"] - window["start"]) > LONGEST_S:
        raise ValueError(f"the clip would last {length_s:.0f} s; no platform takes more than {LONGEST_S:.0f} s")
    return _by_editor(clip, window)


def retitled(clip: EditedClip, hook: str | None, title: str | None) -> EditedClip:
    """The clip with other texts; None leaves one as it is."""
    texts = {name: clean_text(text) for name, text in (("hook", hook), ("title", title)) if text is not None}
    window = {**clip.window, **texts}
    return clip if window == clip.window else _by_editor(clip, window)


def _by_editor(clip: EditedClip, window: Mapping[str, Any]) -> EditedClip:
    # What a picker fell back from, or its window's length, is not so of a window that a person chose.
    return clip.model_copy(update={"window": {**window, "picker": EDITOR, "prompt_version": None, "degraded": []}})


def _share(sentence: Sentence, start: float, end: float) -> float:
    length = sentence.end - sentence.start
    return (min(sentence.end, end) - max(sentence.start, start)) / length if length > 0 else 0.0
