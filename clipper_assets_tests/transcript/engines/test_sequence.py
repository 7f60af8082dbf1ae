from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from faster_whisper.transcribe import Segment
from faster_whisper.transcribe import Word as SegmentWord

from clipper_assets.media.speech import SPEECH_RATE_HZ
from clipper_assets.transcript.engines.sequence import decode_in_sequence
from clipper_assets.transcript.timing import Span


def segment(seek_s: float, text: str, start: float, end: float, log_probability: float = -0.2) -> Segment:
    """A phrase of the window that begins at `seek_s`; its words divide its time evenly."""
    pieces = [f" {piece}" for piece in text.split()]
    step = (end - start) / len(pieces)
    words = [SegmentWord(start + step * n, start + step * (n + 1), piece, 0.5) for n, piece in enumerate(pieces)]
    return Segment(0, round(seek_s * 100), start, end, text, [], log_probability, 1.5, 0.1, words, temperature=0.0)


def decode(*spans: tuple[Span, list[Segment]]) -> tuple[list[Any], list[float], list[float]]:
    """Decoded passages, the lengths of the samples that were transcribed, and the progress."""
    lengths: list[float] = []
    progress: list[float] = []
    answers = iter(segments for _, segments in spans)

    def transcribe(samples: Any, **_: Any) -> tuple[list[Segment], None]:
        lengths.append(len(samples) / SPEECH_RATE_HZ)
        return next(answers), None

    speech = np.zeros(200 * SPEECH_RATE_HZ, np.float32)
    whisper: Any = SimpleNamespace(transcribe=transcribe)
    return (
        decode_in_sequence(whisper, speech, [span for span, _ in spans], "en", 5, progress.append),
        lengths,
        progress,
    )


def test_a_window_has_the_words_of_its_phrases_at_their_times_in_the_recording() -> None:
    phrases = [segment(0, "One two.", 1, 3), segment(0, "Three.", 3, 28), segment(28, "Four five.", 28, 36)]
    decoded, lengths, progress = decode(((10.0, 46.0), phrases), ((100.0, 105.0), [segment(0, "Six.", 0, 4)]))
    assert lengths == [36.0, 5.0]
    assert [(cue.texts, cue.span) for cue, _, _ in decoded] == [
        (["One", "two.", "Three."], (10.0, 38.0)),
        (["Four", "five."], (38.0, 46.0)),
        (["Six."], (100.0, 105.0)),
    ]
    assert [word.span for word in decoded[0][0].words] == [(11.0, 12.0), (12.0, 13.0), (13.0, 38.0)]
    assert {word.timing for cue, _, _ in decoded for word in cue.words} == {"attention"}
    assert progress == sorted(progress)
    assert progress[-1] <= 1.0


@pytest.mark.parametrize(("end", "kept"), [(30.5, False), (30.0, False), (31.0, True)])
def test_nothing_is_heard_in_the_padding_after_the_last_word(end: float, kept: bool) -> None:
    decoded, _, _ = decode(((0.0, end), [segment(0, "Bye.", 0, 29.96), segment(29.96, "Thanks.", 29.96, end)]))
    assert [cue.texts for cue, _, _ in decoded] == [["Bye."], *([["Thanks."]] if kept else [])]


def test_a_short_span_is_decoded_and_empty_ones_give_no_words() -> None:
    decoded, _, _ = decode(((5.0, 5.4), [segment(0, "Yes.", 0, 0.4)]), ((8.0, 9.0), []))
    assert [(cue.texts, cue.span) for cue, _, _ in decoded] == [(["Yes."], (5.0, 5.4))]


def test_a_window_is_at_most_30_s_long_although_the_next_words_come_later() -> None:
    decoded, _, _ = decode(((0.0, 90.0), [segment(0, "Before.", 0, 2), segment(60, "After.", 61, 62, -1.4)]))
    assert [(cue.span, log_probability) for cue, log_probability, _ in decoded] == [
        ((0.0, 30.0), -0.2),
        ((60.0, 90.0), -1.4),
    ]
