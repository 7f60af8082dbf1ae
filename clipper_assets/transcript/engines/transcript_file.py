"""Engine `transcript_file`: the SRT, VTT or JSON that lies beside the upload, its words placed by forced alignment."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from clipper_assets.episodes.degraded import Degraded
from clipper_assets.episodes.speech import Samples
from clipper_assets.progress import Report
from clipper_assets.transcript.alignment import Block, align
from clipper_assets.transcript.cues import Cue, MalformedTranscriptError, cue_words, read_transcript
from clipper_assets.transcript.engines.base import Engine, EngineUnavailableError, Heard, Recording
from clipper_assets.transcript.timing import Span, fit, interpolation

BLOCK_S = 20.0
MARGIN_S = 0.5
"""Subtitles come and go up to this much before and after the words; a block listens that far into a pause."""


class TranscriptFile(Engine):
    """Reads what a person or another service transcribed; only the times are ours."""

    name: ClassVar[str] = "transcript_file"

    def transcribe(self, recording: Recording, report: Report) -> Heard:
        began = time.perf_counter()
        if recording.transcript_file is None:
            raise EngineUnavailableError(
                "no transcript lies beside the upload; put an .srt, .vtt or .json with the upload's name next to it"
            )
        try:
            transcript = read_transcript(recording.transcript_file)
        except MalformedTranscriptError as error:
            raise EngineUnavailableError(str(error)) from error
        language = recording.language or transcript.language or "en"
        end_s = recording.duration_s
        cues = [
            replace(cue, span=(cue.span[0], min(cue.span[1], end_s))) for cue in transcript.cues if cue.span[0] < end_s
        ]
        file = recording.transcript_file.name
        if not cues:
            raise EngineUnavailableError(
                f"every cue of {file} lies after the end of the episode ({end_s:.0f} s); is it another episode's?"
            )
        degraded = []
        if outside := sum(cue.span[1] > end_s + MARGIN_S for cue in transcript.cues):
            reason = (
                f"{outside} of {len(transcript.cues)} cues of {file} end after the episode and were cut or left out"
            )
            degraded.append(Degraded("aligned_transcript", reason))
        read = time.perf_counter()
        if language == "en":
            spans = aligned_spans(recording.speech, cues, report)
        else:
            spans = [[word.span for word in cue.words] for cue in cues]
        words = fit(cue_words(cues, spans), end_s)
        untimed = interpolation(words)
        if untimed and language != "en":
            reason = f"only English is aligned without WhisperX; the transcript is in {language!r}"
            degraded.append(Degraded("aligned_transcript", reason))
        report(1.0)
        return Heard(
            words=words,
            language=language,
            model=file,
            stages_s={"read": read - began, "align": time.perf_counter() - read},
            degraded=[*degraded, *untimed],
        )


def aligned_spans(speech: Samples, cues: Sequence[Cue], report: Report) -> list[list[Span | None]]:
    """The span of every word of every cue, None where it could not be aligned.

    Cues that carry a time for any of their words are left as they are. The others are aligned in blocks of up to
    `BLOCK_S`, because a block's inner cue times may be rough; those of a block that fails are tried one by one.
    """
    spans: list[list[Span | None]] = [[word.span for word in cue.words] for cue in cues]
    blocks = cue_blocks(cues)
    failed = _place(speech, cues, blocks, spans, lambda share: report(share * 0.9))
    _place(
        speech, cues, [[number] for block in failed for number in block], spans, lambda share: report(0.9 + share / 10)
    )
    return spans


def _place(
    speech: Samples, cues: Sequence[Cue], blocks: list[list[int]], spans: list[list[Span | None]], report: Report
) -> list[list[int]]:
    """Align blocks of cue numbers, write what was found into `spans`, and return the blocks that failed."""
    failed = []
    requests = [
        Block([text for number in block for text in cues[number].texts], reach(cues, block)) for block in blocks
    ]
    for block, found in zip(blocks, align(speech, requests, report), strict=True):
        if found is None:
            failed.append(block)
            continue
        words = iter(found)
        for number in block:
            spans[number] = [next(words) for _ in cues[number].words]
    return failed


def cue_blocks(cues: Sequence[Cue]) -> list[list[int]]:
    """Numbers of neighbouring cues without word times, together at most `BLOCK_S` long (a longer cue stands alone)."""
    blocks: list[list[int]] = []
    for number, cue in enumerate(cues):
        if any(word.span for word in cue.words):
            continue
        if blocks and blocks[-1][-1] == number - 1 and cue.span[1] - cues[blocks[-1][0]].span[0] <= BLOCK_S:
            blocks[-1].append(number)
        else:
            blocks.append([number])
    return blocks


def reach(cues: Sequence[Cue], block: Sequence[int]) -> Span:
    """Where the words of a block are looked for: its cues, and up to `MARGIN_S` of the pauses around them."""
    first, last = block[0], block[-1]
    start, end = cues[first].span[0], max(cues[number].span[1] for number in block)
    before = (cues[first - 1].span[1] + start) / 2 if first else 0.0
    after = (cues[last + 1].span[0] + end) / 2 if last + 1 < len(cues) else end + MARGIN_S
    return min(start, max(before, start - MARGIN_S)), max(end, min(after, end + MARGIN_S))
