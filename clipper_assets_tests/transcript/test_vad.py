from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.vad import CHUNK_S, LONGEST_PAUSE_S, STRETCH_S, chunks, speech_spans
from clipper_assets.transcript.words import Word


@st.composite
def spoken_spans(draw: st.DrawFn) -> list[Span]:
    spans, end = [], 0.0
    for _ in range(draw(st.integers(0, 40))):
        start = end + draw(st.floats(0.1, 8))
        end = start + draw(st.floats(0.1, CHUNK_S))
        spans.append((start, end))
    return spans


@given(spoken_spans())
def test_chunks_contain_all_speech_and_no_long_pause(spans: list[Span]) -> None:
    merged = chunks(spans)
    assert all(end - start <= CHUNK_S + 1e-9 for start, end in merged)
    assert all(before[1] < after[0] for before, after in pairwise(merged))
    for span in spans:
        assert any(start <= span[0] and span[1] <= end for start, end in merged)
    for start, end in merged:
        inside = [span for span in spans if start <= span[0] and span[1] <= end]
        assert (inside[0][0], inside[-1][1]) == (start, end)
        assert all(after[0] - before[1] <= LONGEST_PAUSE_S for before, after in pairwise(inside))


@given(spoken_spans(), st.sampled_from([CHUNK_S, 60.0, STRETCH_S]))
def test_a_cut_that_the_length_forces_is_at_the_longest_late_pause(spans: list[Span], longest_s: float) -> None:
    for (start, end), (following, _) in pairwise(chunks(spans, longest_s)):
        if following - end > LONGEST_PAUSE_S:
            continue
        pauses = {before[1]: after[0] - before[1] for before, after in pairwise(spans)}
        late = [
            pauses[span_end]
            for span_start, span_end in spans
            if span_start >= start
            and longest_s / 2 <= span_end - start <= longest_s
            and span_end in pauses
            and not any(pauses[other] > LONGEST_PAUSE_S for other in pauses if start < other < span_end)
        ]
        assert pauses[end] == max([*late, pauses[end]])


def test_a_sentence_is_not_cut_where_a_pause_is_longer() -> None:
    spans = [(0.0, 8.0), (8.0, 16.0), (17.0, 24.0), (24.0, 29.0), (29.1, 40.0)]
    assert chunks(spans) == [(0.0, 16.0), (17.0, 40.0)]
    assert chunks(spans, STRETCH_S) == [(0.0, 40.0)]
    assert chunks([(0.0, 10.0), (11.0, 20.0), (20.0, 29.0), (29.0, 40.0)])[0] == (0.0, 29.0)
    assert chunks([(0.0, 29.0), (29.5, 40.0)]) == [(0.0, 29.0), (29.5, 40.0)]


def test_detected_speech_contains_every_word(speech: Samples, truth: list[Word]) -> None:
    spans = speech_spans(speech)
    assert all(any(start <= word.start and word.end <= end for start, end in spans) for word in truth)
    assert len(chunks(spans)) == 3
    assert speech_spans(np.zeros(32_000, np.float32)) == []


def test_speech_without_a_pause_is_split(speech: Samples, truth: list[Word]) -> None:
    """PocketSphinx decodes each span separately, so spans must be short."""
    samples = [slice(round(word.start * SPEECH_RATE_HZ), round(word.end * SPEECH_RATE_HZ)) for word in truth]
    unbroken = np.concatenate([speech[of_word] for of_word in samples])
    spans = speech_spans(unbroken)
    assert all(0 < end - start <= CHUNK_S for start, end in spans)
    assert sum(end - start for start, end in spans) * SPEECH_RATE_HZ > 0.97 * len(unbroken)


@pytest.mark.parametrize("count", [0, 100, 160_000])
def test_noise_is_not_speech(count: int) -> None:
    noise = np.random.default_rng(0).normal(0, 0.05, count).astype(np.float32)
    assert speech_spans(noise) == []
