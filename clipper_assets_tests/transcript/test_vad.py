from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.media.speech import Samples
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.vad import CHUNK_S, LONGEST_PAUSE_S, chunks, speech_spans
from clipper_assets.transcript.words import Word


@st.composite
def spoken_spans(draw: st.DrawFn) -> list[Span]:
    spans, at = [], 0.0
    for _ in range(draw(st.integers(0, 40))):
        start = at + draw(st.floats(0.1, 8))
        at = start + draw(st.floats(0.1, CHUNK_S))
        spans.append((start, at))
    return spans


@given(spoken_spans())
def test_chunks_hold_all_speech_and_no_long_pause(spans: list[Span]) -> None:
    found = chunks(spans)
    assert all(end - start <= CHUNK_S + 1e-9 for start, end in found)
    assert all(before[1] < after[0] for before, after in pairwise(found))
    for span in spans:
        assert any(start <= span[0] and span[1] <= end for start, end in found)
    for start, end in found:
        inside = [span for span in spans if start <= span[0] and span[1] <= end]
        assert (inside[0][0], inside[-1][1]) == (start, end)
        assert all(after[0] - before[1] <= LONGEST_PAUSE_S for before, after in pairwise(inside))


def test_speech_is_found_where_it_is(speech: Samples, truth: list[Word]) -> None:
    found = speech_spans(speech)
    assert all(any(start <= word.start and word.end <= end for start, end in found) for word in truth)
    assert len(chunks(found)) == 3
    assert speech_spans(np.zeros(32_000, np.float32)) == []
