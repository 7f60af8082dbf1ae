"""Voice activity detection with Silero's detector, whose model is part of the faster-whisper package."""

from collections.abc import Sequence

from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.transcript.timing import Span

CHUNK_S = 30.0
"""Length of audio that Whisper decodes at once (Radford et al. 2022, section 2.2)."""
MIN_SILENCE_MS = 160
PAD_MS = 400
STRETCH_S = 600.0
"""Longest stretch of audio that Whisper decodes in sequence, so that its features fit into memory (about 100 MB)."""
LONGEST_PAUSE_S = 2.0
"""Longer silence is not decoded, because Whisper invents words in it (Koenecke et al. 2024, "Careless Whisper")."""


def speech_spans(speech: Samples, min_silence_ms: int = MIN_SILENCE_MS, pad_ms: int = PAD_MS) -> list[Span]:
    """Spans of speech in seconds, in order, each at most `CHUNK_S` long and padded by up to `pad_ms` on both sides."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(max_speech_duration_s=CHUNK_S, min_silence_duration_ms=min_silence_ms, speech_pad_ms=pad_ms)
    return [
        (piece["start"] / SPEECH_RATE_HZ, piece["end"] / SPEECH_RATE_HZ)
        for piece in get_speech_timestamps(speech, options)
    ]


def chunks(spans: Sequence[Span], longest_s: float = CHUNK_S) -> list[Span]:
    """Merge spans over pauses of up to `LONGEST_PAUSE_S` into chunks of at most `longest_s` (Bain et al. 2023).

    Where that length cuts speech, the cut is at the longest pause in the chunk's second half, because people pause
    longest between sentences.
    """
    merged: list[Span] = []
    first = 0
    while first < len(spans):
        start = spans[first][0]
        end = first + 1
        while end < len(spans) and _goes_on(spans, end) and spans[end][1] - start <= longest_s:
            end += 1
        if end < len(spans) and _goes_on(spans, end):
            late = [cut for cut in range(first + 1, end) if spans[cut - 1][1] - start >= longest_s / 2]
            end = max([*late, end], key=lambda cut: (spans[cut][0] - spans[cut - 1][1], cut))
        merged.append((start, spans[end - 1][1]))
        first = end
    return merged


def _goes_on(spans: Sequence[Span], number: int) -> bool:
    """Whether the pause before a span is short enough to be decoded."""
    return spans[number][0] - spans[number - 1][1] <= LONGEST_PAUSE_S
