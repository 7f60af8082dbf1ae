"""Decodes speech with Whisper in sequence: each window begins where the words before it end."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.runtime.progress import Report, part
from clipper_assets.transcript.engines.segments import segment_words
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.transcript_files import Cue
from clipper_assets.transcript.vad import CHUNK_S, PAD_MS

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from faster_whisper.transcribe import Segment

LEAST_WINDOW_S = PAD_MS / 1000 + 0.2
"""A shorter rest at the end of a span is the padding after its last word, in which Whisper writes "Thanks."."""
FRAMES_PER_S = 100
TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""A window in which Whisper falls into a loop is decoded again at the next temperature (Radford et al. 2022, section
4.5). A window with a low probability is not: sampling does not find its words, and `doubt.py` marks it."""
SEED = 0
"""Of the sampling, so that the same recording gives the same words."""


def decode_in_sequence(
    whisper: "WhisperModel", speech: Samples, spans: Sequence[Span], language: str, beam_size: int, report: Report
) -> list[tuple[Cue, float, float | None]]:
    """Decode each span of speech in windows of up to 30 s, as OpenAI's Whisper does (Radford et al. 2022, section 3.8).

    Whisper writes the times of its phrases. A window begins where the last whole phrase before it ends, so no window
    begins or ends within a word, and speech that one window left out is heard again in the next. Nothing said before is
    in the prompt, because a window that lacks full stops, or repeats itself, passes that on to those after it.

    Measured with `base` on real speech (a reading, an old address and a telephone call, alone and joined in three
    orders; 832 words, 74 sentences): 64 word errors, and 56 sentence ends at the right words. Batches of chunks gave
    121 and 52. With a punctuated prompt they gave 61 and 59, or 115 errors with another prompt of the same kind, and
    left out the first words of a meeting. OpenAI's settings without a detector gave 96 and 54, and 63 and 63 with the
    text said before as prompt, which lost a whole call when only the detected speech was decoded. Decoding in sequence
    takes 1.5 times the CPU time of batches; on a GPU, batches are several times faster.

    Returns for each window its words with Whisper's times and its span, the mean log probability, and the probability
    that nothing is said.
    """
    import ctranslate2

    ctranslate2.set_random_seed(SEED)
    decoded = []
    for number, (start, end) in enumerate(spans):
        # One span at a time, because the features of a whole episode take gigabytes.
        segments, _ = whisper.transcribe(
            speech[round(start * SPEECH_RATE_HZ) : round(end * SPEECH_RATE_HZ)],
            language=language,
            beam_size=beam_size,
            temperature=TEMPERATURES,
            log_prob_threshold=None,
            no_speech_threshold=None,
            condition_on_previous_text=False,
            word_timestamps=True,
        )
        decoded += _windows(segments, (start, end), language, part(report, number, len(spans)))
    return decoded


def _windows(
    segments: Iterable["Segment"], span: Span, language: str, report: Report
) -> list[tuple[Cue, float, float | None]]:
    """The windows of one span; the times of `segments` count from its start."""
    start, end = span
    by_window: list[tuple[float, list[Segment]]] = []
    for seek, group in groupby(segments, key=lambda segment: segment.seek):
        by_window.append((start + seek / FRAMES_PER_S, list(group)))
        report(min(by_window[-1][1][-1].end / (end - start), 1.0))
    by_window = [window for window in by_window if window[0] == start or end - window[0] >= LEAST_WINDOW_S]
    bounds = pairwise([*(window_start for window_start, _ in by_window), end])
    return [
        (
            Cue(
                [
                    replace(word, span=(start + word.span[0], start + word.span[1])) if word.span else word
                    for segment in group
                    for word in segment_words(segment, language)
                ],
                (window_start, min(next_start, window_start + CHUNK_S)),
            ),
            float(group[0].avg_logprob),
            float(group[0].no_speech_prob),
        )
        for (_, group), (window_start, next_start) in zip(by_window, bounds, strict=True)
    ]
