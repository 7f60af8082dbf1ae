from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.adverts.detect import find_spans
from clipper_assets.adverts.segments import stretches
from clipper_assets.transcript.words import Sentence
from clipper_assets_tests.adverts.episodes import ADVERT, conversation

PIECES = [*ADVERT, *conversation(12), "Welcome to the show, I'm your host.", "Thanks for listening.", "Wow.", ""]


def test_one_strong_sentence_needs_a_pause_or_support() -> None:
    quiet, near = [-0.5] * 20, np.full(43, 0.1)
    alone = np.array([[*quiet, -0.5, 6.0, -0.5, *quiet]])
    assert stretches(alone, near) == []
    pauses_s = near.copy()
    pauses_s[[21, 22]] = 3.0
    (found,) = stretches(alone, pauses_s)
    assert (found.first, found.last, found.kind) == (21, 21, 0)
    (wide,) = stretches(np.array([[*quiet, 6.0, -0.5, 6.0, *quiet]]), near)
    assert (wide.first, wide.last) == (20, 22)


def test_kinds_beside_each_other_are_kept_apart() -> None:
    scores = np.array([[6.0, 6.0, -2.0, -2.0, -2.0], [-2.0, -2.0, 6.0, 6.0, -6.0]])
    assert [(each.kind, each.first, each.last) for each in stretches(scores, np.full(5, 0.1))] == [(0, 0, 1), (1, 2, 3)]


@given(st.lists(st.tuples(st.sampled_from(PIECES), st.floats(0.1, 20), st.floats(-1, 5)), min_size=1, max_size=60))
@settings(max_examples=100)
def test_spans_are_sorted_apart_and_on_sentence_boundaries(pieces: list[tuple[str, float, float]]) -> None:
    sentences: list[Sentence] = []
    time = 0.0
    for number, (text, length_s, gap_s) in enumerate(pieces):
        time = max(time + gap_s, sentences[-1].start if sentences else 0.0)  # people may interrupt each other
        sentences.append(Sentence(number, text, time, time + length_s, 0, 0, None))
        time += length_s
    spans = find_spans(sentences, "en")
    for span in spans:
        assert span.start in {sentence.start for sentence in sentences}
        assert span.end in {edge for sentence in sentences for edge in (sentence.start, sentence.end)}
        assert 0 <= span.start < span.end <= max(sentence.end for sentence in sentences)
        assert 0 <= span.confidence <= 1
        assert span.evidence
    for earlier, later in pairwise(spans):
        assert earlier.start < later.start
        assert earlier.end <= later.start
