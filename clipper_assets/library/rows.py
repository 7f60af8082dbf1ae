"""Makes the rows of an episode, in all Delta tables, from what is stored of it."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa

from clipper_assets.clips.manifest import Clip
from clipper_assets.clips.manifests import Finished
from clipper_assets.costs.rows import COSTS
from clipper_assets.edits.looks import edits_in_look
from clipper_assets.edits.model import Decision, Edits, Review
from clipper_assets.edits.windows import edited_rows
from clipper_assets.edits.words import apply_word_edits
from clipper_assets.episodes.shows import show_of
from clipper_assets.library.plain import plain
from clipper_assets.library.questions import is_question
from clipper_assets.library.sources import Sources
from clipper_assets.library.tables import CLIPS, EPISODES, SENTENCES, TURNS, WINDOWS, WORDS
from clipper_assets.library.turns import turns_of
from clipper_assets.storage.tables import TableSpec, provenance
from clipper_assets.transcript.words import sentences

Row = dict[str, Any]
UNKNOWN = "unknown"
"""The picker of a clip whose window is not stored any more."""
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)(?!\d)")


def episode_rows(sources: Sources) -> Mapping[str, pa.Table]:
    """The rows of an episode, as tables by name. Raises `pa.ArrowInvalid` where a stored value does not fit."""
    words = _words(sources)
    spoken, windows = SENTENCES.table(_sentences(sources, words)), _windows(sources)
    clips = [row for finished in sources.manifests for row in _clips(sources, finished, windows)]
    return {
        EPISODES.name: EPISODES.table([_episode(sources, words, clips)]),
        WORDS.name: words,
        SENTENCES.name: spoken,
        TURNS.name: turns_of(spoken),
        WINDOWS.name: _table(WINDOWS, windows),
        CLIPS.name: _table(CLIPS, clips),
        COSTS.name: sources.costs,
    }


def published_at(key: str, uploaded_at: datetime) -> datetime:
    """When an episode was published: the date in the name of its upload (`2026-11-30` or `20261130`), as midnight UTC.

    Without one it is the time of the upload.
    """
    for year, _, month, day in _DATE.findall(PurePosixPath(key).name):
        try:
            return datetime(int(year), int(month), int(day), tzinfo=UTC)
        except ValueError:
            continue
    return uploaded_at


def _header(sources: Sources) -> Row:
    return {"episode": sources.source.episode, "show": show_of(sources.source.key)}


def _words(sources: Sources) -> pa.Table:
    """The words with their corrections; those that people removed are missing."""
    import pyarrow.compute as pc

    recognized = sources.words["text"]
    words = apply_word_edits(sources.words.append_column("recognized", recognized), sources.edits.words)
    changed = pc.if_else(pc.equal(words["text"], words["recognized"]), None, words["recognized"])
    show = pa.repeat(_header(sources)["show"], words.num_rows)
    columns = {name: words[name] for name in words.column_names} | {"recognized": changed, "show": show}
    return pa.table([columns[column.name] for column in WORDS.columns], schema=WORDS.schema)


def _sentences(sources: Sources, words: pa.Table) -> list[Row]:
    numbers = words["sentence"].to_numpy()
    doubtful = words["doubt"].is_valid().to_numpy()
    counts, doubts = np.bincount(numbers), np.bincount(numbers, weights=doubtful)
    spans = [(span.start, span.end) for span in sources.spans]
    language = _language(words)
    rows: list[Row] = []
    for turn, (_, group) in enumerate(groupby(sentences(words), key=lambda sentence: sentence.speaker)):
        rows += [
            {
                **_header(sources),
                "sentence": sentence.number,
                "turn": turn,
                "start": sentence.start,
                "end": sentence.end,
                "speaker": sentence.speaker,
                "language": language,
                "words": int(counts[sentence.number]),
                "doubtful": int(doubts[sentence.number]),
                "text": sentence.text,
                "plain": plain(sentence.text),
                "question": is_question(sentence.text, language),
                "advert": _is_inside(sentence.start, sentence.end, spans),
            }
            for sentence in group
        ]
    return rows


def _is_inside(start: float, end: float, spans: Sequence[tuple[float, float]]) -> bool:
    """Whether more than half of a sentence lies in one of the spans."""
    return any(min(end, until) - max(start, since) > (end - start) / 2 for since, until in spans)


def _windows(sources: Sources) -> list[Row]:
    """The windows as edits leave them; the prompt of one that a person changed is that of the picked window."""
    source, edits = sources.source, sources.edits
    if not edits.clips:
        return [{**row, **_header(sources)} for row in sources.windows.to_pylist()]
    rows, _ = edited_rows(edits, sentences(sources.words), source.episode, source.duration_s)
    return [{**row, **_prompt(edits, row["clip"]), **_header(sources)} for row in rows]


def _prompt(edits: Edits, number: int) -> Row:
    clip = edits.clip(number)
    picked = (clip.picked or clip.window) if clip else {}
    return {name: picked.get(name) for name in ("prompt", "prompt_version")}


def _clips(sources: Sources, finished: Finished, windows: Sequence[Row]) -> list[Row]:
    by_number = {window["clip"]: window for window in windows}
    return [
        {
            **_header(sources),
            **clip.model_dump(include={"aspect", "caption_style", "title", "hook", "virality_score", "key", "bytes"}),
            **_picked(clip, by_number.get(clip.clip_index)),
            **_decided(clip, _review(sources.edits, clip)),
            "clip": clip.clip_index,
            "look": finished.manifest.look,
            "start": clip.start_time,
            "end": clip.end_time,
            "duration_s": clip.duration,
            "rendered_at": finished.at,
            "degraded": _reasons(clip.degraded),
        }
        for clip in finished.manifest.clips
    ]


def _picked(clip: Clip, window: Row | None) -> Row:
    """Who picked the clip; unknown if the window of its number is elsewhere by now, because others were picked."""
    if window is None or window["end"] <= clip.start_time or clip.end_time <= window["start"]:
        return {"picker": UNKNOWN, "prompt": None, "prompt_version": None}
    return {name: window.get(name) for name in ("picker", "prompt", "prompt_version")}


def _review(edits: Edits, clip: Clip) -> Review | None:
    edited = (edits_in_look(edits, clip.look) if clip.look else edits).clip(clip.clip_index)
    return edited.review(clip.sha256) if edited else None


def _decided(clip: Clip, review: Review | None) -> Row:
    """The decision about the clip's present file, and why it is held back after it."""
    held_back = clip.model_copy(update={"review": review}).blocked_by
    return {
        "decision": review.decision.value if review and review.current else None,
        "publishable": not held_back,
        "held_back": held_back,
    }


def _episode(sources: Sources, words: pa.Table, clips: Sequence[Row]) -> Row:
    import pyarrow.compute as pc

    source = sources.source
    default = [clip for clip in clips if clip["look"] is None]
    speakers = pc.count_distinct(words["speaker"], mode="only_valid").as_py()
    removed = sources.words.num_rows - words.num_rows
    return {
        **_header(sources),
        "title": source.title or PurePosixPath(source.key).stem,
        "published_at": published_at(source.key, sources.uploaded_at),
        "duration_s": source.duration_s,
        "language": _language(words),
        "speakers": speakers or None,
        "words": words.num_rows,
        "corrections": words.num_rows - words["recognized"].null_count + removed,
        "clips": len({clip["clip"] for clip in default}),
        "publishable": len({clip["clip"] for clip in default if clip["publishable"]}),
        **{each.value: len({clip["clip"] for clip in default if clip["decision"] == each}) for each in Decision},
        **{name: pc.sum(sources.costs[name], min_count=0).as_py() for name in ("cpu_seconds", "gpu_seconds", "usd")},
        "degraded": _episode_degraded(sources, clips),
        "finished_at": sources.finished_at,
        "version": sources.version,
    }


def _episode_degraded(sources: Sources, clips: Sequence[Row]) -> list[str]:
    own = [each.as_dict() for each in sources.source.degraded]
    own += json.loads(provenance(sources.words).get("degraded", "[]"))
    own += [fallback for finished in sources.manifests for fallback in finished.manifest.degraded]
    return list(dict.fromkeys([*_reasons(own), *(reason for clip in clips for reason in clip["degraded"])]))


def _reasons(fallbacks: Sequence[Mapping[str, str]]) -> list[str]:
    return list(dict.fromkeys(str(fallback["reason"]) for fallback in fallbacks))


def _language(words: pa.Table) -> str:
    return words["language"][0].as_py() if words.num_rows else ""


def _table(spec: TableSpec, rows: Sequence[Row]) -> pa.Table:
    return spec.table([{column.name: row[column.name] for column in spec.columns} for row in rows])
