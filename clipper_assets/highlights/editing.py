"""What a person does to an episode's clips, as pure functions: tables and edits in, edits out."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from clipper_assets.edits.model import EditedClip, Edits, WordEdit
from clipper_assets.highlights.pickers.editor import EDITOR, edited_rows
from clipper_assets.highlights.windows import Rules, quiet_around
from clipper_assets.text.clean import clean_text
from clipper_assets.transcript.words import Sentence

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
    pad_s = Rules().pad_s
    window = dict(clip.window)
    if wanted[0] != now[0]:
        window["start"] = speech_start - min(pad_s, (speech_start - quiet_from) / 2)
    if wanted[1] != now[1]:
        window["end"] = speech_end + min(pad_s, (quiet_until - speech_end) / 2)
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


def worded(edits: Edits, words: pa.Table, texts: Mapping[int, str]) -> list[WordEdit]:
    """All word edits with new `texts` by number of the word; the transcript's own text takes an edit back.

    Raises ValueError for a word that there is not, and for a text of more than one line.
    """
    kept = {(edit.start, edit.end): edit for edit in edits.words}
    for number, text in texts.items():
        if not 0 <= number < words.num_rows:
            raise ValueError(f"the transcript has no word {number}; it has 0 to {words.num_rows - 1}")
        row = words.slice(number, 1).to_pylist()[0]
        clean = " ".join(text.split())
        if not clean.isprintable():
            raise ValueError(f"word {number} cannot be written as {text!r}; use letters that can be seen")
        span = (row["start"], row["end"])
        overlapping = [each for each in kept if each[0] < span[1] and span[0] < each[1]]
        for each in overlapping:
            del kept[each]
        if clean != row["text"]:
            kept[span] = WordEdit(start=span[0], end=span[1], was=row["text"], text=clean)
    return [kept[span] for span in sorted(kept)]
