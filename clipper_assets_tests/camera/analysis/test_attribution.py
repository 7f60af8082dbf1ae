"""Turns from the evidence of faces and the transcript's voices."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.camera.analysis.attribution import AnalysedWindow, attribute_speakers
from clipper_assets.camera.analysis.observation import PORTRAIT_PX
from clipper_assets.camera.analysis.utterances import utterances
from clipper_assets.camera.scene import FPS, Scene, Shot, Track
from clipper_assets.transcript.words import Word, words_table

TWO_S = 2 * FPS
TurnText = tuple[float, float, int | None, tuple[int, ...]]


def turns(levels: Sequence[Sequence[float]], voices: str = "") -> list[TurnText]:
    """The turns of a window of sentences of 2 s with no pause between, given each face's evidence per sentence."""
    count = len(levels[0])
    words = [Word("word", 2.0 * n, 2.0 * n + 2, n, speaker=voices[n] if voices else None) for n in range(count)]
    table = words_table("e", words, list(range(count)), "en", {})
    pictures = count * TWO_S
    times_s = np.arange(pictures) / FPS
    tracks = tuple(
        Track(-1, times_s, np.tile([300.0 * number, 100, 100, 120], (pictures, 1))) for number in range(len(levels))
    )
    portraits = np.random.default_rng(4).integers(0, 255, (len(levels), PORTRAIT_PX, PORTRAIT_PX)).astype(np.uint8)
    window = AnalysedWindow(
        Scene(0.0, 2.0 * count, 1280, 720, (Shot(0.0, 2.0 * count),), tracks, ()),
        pictures,
        tuple(portraits),
        np.repeat(np.array(levels), TWO_S, axis=1),
        utterances(table, 0.0, pictures, [0]),
    )
    (observation,), _ = attribute_speakers([window], [], table, ())
    return [(turn.start_s, turn.end_s, turn.person, turn.rivals) for turn in observation.scene.turns]


@pytest.mark.parametrize(
    ("levels", "voices", "expected"),
    [
        ([[0.2, 0.2, -0.1], [-0.1, -0.1, 0.2]], "", [(0, 4, 0, ()), (4, 6, 1, ())]),
        ([[0.2, -0.1, 0.2], [-0.1, -0.1, -0.1]], "", [(0, 2, 0, ()), (2, 4, None, ()), (4, 6, 0, ())]),
        ([[0.2, 0.2, 0.2], [-0.1, 0.15, -0.1]], "", [(0, 2, 0, ()), (2, 4, 0, (1,)), (4, 6, 0, ())]),
        ([[0.2, 0.2], [0.1, 0.1], [0.15, 0.15]], "", [(0, 4, 0, (1, 2))]),
        # A voice that is known decides between two faces that look as if they speak.
        ([[0.2, 0.15, 0.2], [-0.1, 0.2, 0.2]], "aba", [(0, 2, 0, ()), (2, 4, 1, ()), (4, 6, 0, ())]),
        # Nobody looked at the third sentence.
        ([[0.2, -0.2, 0.0], [-0.2, 0.2, 0.0]], "aba", [(0, 2, 0, ()), (2, 4, 1, ()), (4, 6, 0, ())]),
        # The voice c is nobody's in view.
        ([[0.2, -0.2, -0.2, 0.0], [-0.2, 0.2, -0.2, 0.0]], "abcc", [(0, 2, 0, ()), (2, 4, 1, ()), (4, 8, None, ())]),
    ],
)
def test_who_speaks(levels: Sequence[Sequence[float]], voices: str, expected: list[TurnText]) -> None:
    assert turns(levels, voices) == expected


rows = st.lists(st.sampled_from([-0.2, 0.05, 0.2, 0.3]), min_size=3, max_size=3)


@settings(deadline=None, max_examples=30)
@given(st.lists(rows, min_size=1, max_size=3), st.sampled_from(["", "aba", "abb"]))
def test_a_face_that_does_not_speak_and_the_order_of_faces_change_no_turn(
    levels: list[list[float]], voices: str
) -> None:
    levels = [[value + 0.003 * number for value in row] for number, row in enumerate(levels)]  # No two are equal.
    found = turns(levels, voices)
    assert turns([*levels, [-0.3] * 3], voices) == found
    last = len(levels) - 1
    reversed_people = [
        (start_s, end_s, person if person is None else last - person, tuple(sorted(last - rival for rival in rivals)))
        for start_s, end_s, person, rivals in turns(levels[::-1], voices)
    ]
    assert reversed_people == found
