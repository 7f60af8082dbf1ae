"""Sources of different lengths show the same frames in their windows."""

from fractions import Fraction

import pytest

from benchmarks.source import FULL_HD, HIGH_RATE, MANY_KEYS, PHASE_S, UHD, Footage, _window, _words
from clipper_assets.transcript.words import sentences

FOOTAGE = (FULL_HD, HIGH_RATE, UHD, MANY_KEYS)


@pytest.mark.parametrize("footage", FOOTAGE)
@pytest.mark.parametrize("minutes", [1, 10, 120])
def test_every_window_begins_at_the_same_place_of_the_loop(footage: Footage, minutes: int) -> None:
    window = _window(footage, 60.0 * minutes, 10.0)
    assert window.start_s % float(footage.loop_s) == pytest.approx(PHASE_S)
    assert window.end_s <= 60 * minutes
    assert abs(window.start_s - 30 * minutes) <= float(footage.loop_s) + PHASE_S


@pytest.mark.parametrize("footage", FOOTAGE)
def test_loops_are_whole_frames_of_picture_and_sound(footage: Footage) -> None:
    assert (footage.loop_s * 30).denominator == 1
    assert (footage.loop_s * Fraction(48000, 1024)).denominator == 1


def test_no_sentence_crosses_the_end_of_a_loop() -> None:
    loop_s = float(FULL_HD.loop_s)
    words = _words(FULL_HD.loop_s, 120.0, named=True)
    spoken = list(sentences(words))
    assert all(sentence.start // loop_s == sentence.end // loop_s for sentence in spoken)
    assert spoken[-1].end <= 120
    assert [sentence.number for sentence in spoken] == list(range(len(spoken)))
    assert set(words["speaker"].to_pylist()) == {"guest", "host"}
