"""Voice activity detection with Silero's detector, whose model is part of the faster-whisper package."""

from collections.abc import Sequence

from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.transcript.timing import Span

CHUNK_S = 30.0
"""Length of audio that Whisper decodes at once (Radford et al. 2022, section 2.2)."""
MIN_SILENCE_MS = 160
PAD_MS = 400
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


def chunks(spans: Sequence[Span]) -> list[Span]:
    """Merge spans over pauses of up to `LONGEST_PAUSE_S` into chunks of at most `CHUNK_S` (Bain et al. 2023)."""
    merged: list[Span] = []
    for start, end in spans:
        if merged and end - merged[-1][0] <= CHUNK_S and start - merged[-1][1] <= LONGEST_PAUSE_S:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged
