"""Checks on `aligned_transcript`, run while it materializes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import shorten
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clipper_assets.runtime.asset_names import ALIGNED_TRANSCRIPT
from clipper_assets.text.markdown import clock
from clipper_assets.text.scripts import UNSPACED, joined
from clipper_assets.transcript.loops import loops
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.words import WORDS

Seconds = NDArray[np.float64]

WIDENED_S = 0.3
"""Words are widened by this much at both ends, because a voice detector pads its spans and bridges short pauses."""
MIN_COVERED = 0.85
"""Measured on the sample with Silero's detector: its true words cover 0.98 of 141 s of speech; without the words of
20 s they cover 0.84, without those of a minute 0.57.
"""
STRETCH_S = 10.0
LONGEST_BREATH_S = 1.0
"""Longer pauses do not count as talk."""
MIN_WORDS_PER_S = 0.5 * 100 / 60
MAX_WORDS_PER_S = 1.5 * 260 / 60
"""British speech is "slower than normal" below 100 words a minute (lectures) and "faster" above 260 (conversation;
Tauroza & Allison 1990, "Speech Rates in British English", Applied Linguistics 11). The factors 0.5 and 1.5 allow for
languages with longer or shorter words, and for extremes within ten seconds.
"""
MAX_INTERPOLATED = 0.1

IS_ORDERED = dg.AssetCheckSpec(
    "aligned_transcript_is_ordered",
    asset=ALIGNED_TRANSCRIPT,
    blocking=True,
    description="Columns are as declared, and words are in order and inside the episode.",
)
COVERS_SPEECH = dg.AssetCheckSpec(
    "aligned_transcript_covers_speech",
    asset=ALIGNED_TRANSCRIPT,
    description=f"Warns if less than {MIN_COVERED:.0%} of the speech that a voice detector finds has words.",
)
SPEAKS_AT_HUMAN_RATE = dg.AssetCheckSpec(
    "aligned_transcript_speaks_at_human_rate",
    asset=ALIGNED_TRANSCRIPT,
    description=f"Warns if a speaker says fewer than {MIN_WORDS_PER_S:.1f} or more than {MAX_WORDS_PER_S:.1f} words a "
    f"second over {STRETCH_S:g} s of talk. Languages written without spaces are not checked.",
)
IS_ALIGNED = dg.AssetCheckSpec(
    "aligned_transcript_is_aligned",
    asset=ALIGNED_TRANSCRIPT,
    description=f"Warns if the times of more than {MAX_INTERPOLATED:.0%} of the words are neither aligned with the "
    "sound nor given by the transcript file.",
)
HAS_NO_LOOPS = dg.AssetCheckSpec(
    "aligned_transcript_has_no_loops",
    asset=ALIGNED_TRANSCRIPT,
    description="Warns if phrases are repeated more often than people do, as speech recognition does in a loop.",
)
CHECKS = [IS_ORDERED, COVERS_SPEECH, SPEAKS_AT_HUMAN_RATE, IS_ALIGNED, HAS_NO_LOOPS]


def check_words(words: pa.Table, voice: Sequence[Span], duration_s: float) -> list[dg.AssetCheckResult]:
    """The results of `CHECKS`, in that order. `voice` has the spans of detected speech, which may overlap."""
    return [
        is_ordered(words, duration_s),
        covers_speech(words, voice, duration_s),
        speaks_at_human_rate(words),
        is_aligned(words),
        has_no_loops(words),
    ]


def faults(words: pa.Table, duration_s: float) -> list[str]:
    """Violations of the contract of the words table, each as a phrase."""
    if not words.schema.equals(WORDS.schema):
        return [f"the columns are not those of {WORDS.name}: {words.schema.remove_metadata()}"]
    rows = words.to_pylist()
    broken = {
        "words are not numbered from 0": [row["word"] for row in rows] != list(range(len(rows))),
        "sentences do not begin at 0": bool(rows) and rows[0]["sentence"] != 0,
        "sentences do not rise by one": any(b["sentence"] - a["sentence"] not in (0, 1) for a, b in pairwise(rows)),
        "starts decrease": any(b["start"] < a["start"] for a, b in pairwise(rows)),
        f"a word lies outside 0 to {duration_s:.2f} s or has no length": any(
            not 0 <= row["start"] < row["end"] <= duration_s for row in rows
        ),
    }
    return [fault for fault, is_broken in broken.items() if is_broken]


def is_ordered(words: pa.Table, duration_s: float) -> dg.AssetCheckResult:
    """The result of `IS_ORDERED`."""
    broken = faults(words, duration_s)
    return dg.AssetCheckResult(check_name=IS_ORDERED.name, passed=not broken, metadata={"faults": broken})


def covers_speech(words: pa.Table, voice: Sequence[Span], duration_s: float) -> dg.AssetCheckResult:
    """The result of `COVERS_SPEECH`."""
    speech_s, covered_s = (float(before[-1]) for before in speech_before(words, voice, np.array([0.0, duration_s])))
    figures = {"speech_s": round(speech_s, 1), "words": words.num_rows, "least_covered": MIN_COVERED}
    if not speech_s:
        contradiction = f", yet there are {words.num_rows} words" if words.num_rows else ""
        return _warning(COVERS_SPEECH, f"no speech was found{contradiction}", figures)
    covered = covered_s / speech_s
    problem = f"only {covered:.0%} of {speech_s:.0f} s of speech has words" if covered < MIN_COVERED else None
    return _warning(COVERS_SPEECH, problem, {"covered": round(covered, 4), **figures})


def speech_before(words: pa.Table, voice: Sequence[Span], times: Seconds) -> tuple[Seconds, Seconds]:
    """Seconds of speech before each of `times`, and how many of them have words (widened by `WIDENED_S`)."""
    speech = np.array(voice, dtype=np.float64).reshape(-1, 2)
    starts, ends = word_times(words)
    with_words = np.column_stack([np.maximum(starts - WIDENED_S, 0), ends + WIDENED_S])
    speech_s, words_s, union_s = (
        _seconds_before(spans, times) for spans in (speech, with_words, np.concatenate([speech, with_words]))
    )
    return speech_s, speech_s + words_s - union_s


def word_times(words: pa.Table) -> tuple[Seconds, Seconds]:
    """Starts and ends of the words in seconds, both of shape (words,)."""
    starts, ends = (words[column].to_numpy() for column in ("start", "end"))
    return starts, ends


def speakers_of(words: pa.Table) -> NDArray[np.str_]:
    """The speaker of each word, or `unknown speaker`."""
    return np.array([speaker or "unknown speaker" for speaker in words["speaker"].to_pylist()], dtype=np.str_)


def _seconds_before(spans: Seconds, times: Seconds) -> Seconds:
    """Seconds before each of `times` that are in at least one of `spans` (rows of start and end)."""
    if not len(spans):
        return np.zeros(len(times))
    starts, ends = spans[np.argsort(spans[:, 0], kind="stable")].T
    reach = np.maximum.accumulate(ends)
    opens = np.append(True, starts[1:] > reach[:-1])
    closes = np.append(opens[1:], True)
    bounds = np.column_stack([starts[opens], reach[closes]])
    inside = np.cumsum(np.column_stack([np.zeros(len(bounds)), bounds[:, 1] - bounds[:, 0]]))
    before: Seconds = np.interp(times, bounds.ravel(), inside, left=0.0)
    return before


def speaks_at_human_rate(words: pa.Table) -> dg.AssetCheckResult:
    """The result of `SPEAKS_AT_HUMAN_RATE`."""
    import pyarrow.compute as pc

    spaced = words.filter(pc.invert(pc.is_in(words["language"], pa.array(sorted(UNSPACED)))))
    talk = stretches(spaced)
    outside = [stretch for stretch in talk if not MIN_WORDS_PER_S <= stretch.words_per_s <= MAX_WORDS_PER_S]
    rates: dict[str, list[float]] = {}
    for stretch in talk:
        rates.setdefault(stretch.speaker, []).append(round(stretch.words_per_s, 2))
    return _warning(
        SPEAKS_AT_HUMAN_RATE,
        f"{len(outside)} of {len(talk)} stretches of talk are too slow or too fast for people; {outside[0]}"
        if outside
        else None,
        {
            "words_per_s": {
                speaker: {"slowest": min(of_speaker), "fastest": max(of_speaker)}
                for speaker, of_speaker in rates.items()
            },
            "least_words_per_s": round(MIN_WORDS_PER_S, 2),
            "most_words_per_s": MAX_WORDS_PER_S,
            "outside": [str(stretch) for stretch in outside],
            "words_left_out": words.num_rows - spaced.num_rows,
        },
    )


@dataclass(frozen=True)
class Stretch:
    """At least `STRETCH_S` of one speaker's talk, from `start` (seconds) on."""

    speaker: str
    start: float
    words_per_s: float

    def __str__(self) -> str:
        return f"{self.speaker} says {self.words_per_s:.1f} words a second from {clock(self.start)} on"


def stretches(words: pa.Table) -> list[Stretch]:
    """The talk of each speaker in stretches of `STRETCH_S`, without long pauses and other people's turns."""
    talk = []
    in_order = words.sort_by("start")
    speakers = speakers_of(in_order)
    all_starts, all_ends = word_times(in_order)
    for speaker in dict.fromkeys(speakers.tolist()):
        starts, ends = all_starts[speakers == speaker], all_ends[speakers == speaker]
        reach = np.maximum.accumulate(ends)
        pauses = np.append(0.0, starts[1:] - reach[:-1])
        silent = np.cumsum(np.where(pauses > LONGEST_BREATH_S, pauses, 0.0))
        talked = starts - starts[0] - silent
        talk_s = reach[-1] - starts[0] - silent[-1]
        count = int(talk_s // STRETCH_S)
        if not count:
            continue
        number = np.minimum(talked // STRETCH_S, count - 1).astype(int)
        lengths = np.append(np.full(count - 1, STRETCH_S), talk_s - (count - 1) * STRETCH_S)
        rates = np.bincount(number, minlength=count) / lengths
        first = np.minimum(np.searchsorted(number, np.arange(count)), len(starts) - 1)
        talk += [
            Stretch(speaker, start, rate) for start, rate in zip(starts[first].tolist(), rates.tolist(), strict=True)
        ]
    return talk


def is_aligned(words: pa.Table) -> dg.AssetCheckResult:
    """The result of `IS_ALIGNED`."""
    count = Counter(words["timing"].to_pylist())
    total = max(words.num_rows, 1)
    problems = [
        f"the times of {count[timing]} of {words.num_rows} words are {what}"
        for timing, what in (("interpolated", "interpolated"), ("attention", "Whisper's own, which are rougher"))
        if count[timing]
    ]
    return _warning(
        IS_ALIGNED,
        "; ".join(problems) if count["interpolated"] + count["attention"] > MAX_INTERPOLATED * total else None,
        {
            "interpolated": round(count["interpolated"] / total, 4),
            "attention": round(count["attention"] / total, 4),
            "most_interpolated": MAX_INTERPOLATED,
        },
    )


def has_no_loops(words: pa.Table) -> dg.AssetCheckResult:
    """The result of `HAS_NO_LOOPS`."""
    rows = words.select(["text", "start", "doubt"]).to_pylist()
    texts = [row["text"] for row in rows]
    looped = np.array([row["doubt"] == "repeated" for row in rows], dtype=bool)
    for first, end in loops(texts):
        looped[first:end] = True
    bounds = np.flatnonzero(np.diff(looped, prepend=False, append=False)).reshape(-1, 2).tolist()
    excerpts = [f"{clock(rows[first]['start'])} {shorten(joined(texts[first:end]), 80)}" for first, end in bounds]
    problem = f"{int(looped.sum())} words are in loops of repeated phrases, first at {excerpts[0]}" if bounds else None
    return _warning(HAS_NO_LOOPS, problem, {"loops": excerpts, "repeated_words": int(looped.sum())})


def _warning(spec: dg.AssetCheckSpec, problem: str | None, figures: Mapping[str, Any]) -> dg.AssetCheckResult:
    """A passed check, or a warning that describes the problem."""
    return dg.AssetCheckResult(
        check_name=spec.name,
        passed=problem is None,
        severity=dg.AssetCheckSeverity.WARN,
        description=problem,
        metadata=figures,
    )
