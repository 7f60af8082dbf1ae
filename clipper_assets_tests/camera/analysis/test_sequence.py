"""The likeliest sequence of speakers."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.camera.analysis.sequence import likeliest_speakers
from clipper_assets.camera.analysis.utterances import Utterance
from clipper_assets.camera.scene import FPS


def speakers_by_second(
    levels: Sequence[Sequence[float]], utterances: Sequence[Utterance], cuts: Sequence[int] = (0,)
) -> list[int]:
    """The speaker of each second, given the evidence of each face per second."""
    faces = np.array(levels, float)
    gains = np.vstack([faces, np.zeros((1, faces.shape[1]))])
    path = likeliest_speakers(np.repeat(gains, FPS, axis=1), utterances, cuts)
    return [int(path[second * FPS + FPS // 2]) for second in range(len(levels[0]))]


def test_the_leading_face_speaks_but_a_short_lead_within_an_utterance_is_ignored() -> None:
    apart = [Utterance(0, 125, None), Utterance(125, 250, None)]
    first = [0.2] * 5 + [0.0] * 5
    assert speakers_by_second([first, first[::-1]], apart) == [0] * 5 + [1] * 5
    doubt = [0.2, 0.2, 0.0, 0.2, 0.2]
    assert speakers_by_second([doubt, [0, 0, 0.2, 0, 0]], [Utterance(0, 125, None)]) == [0] * 5
    three = [Utterance(0, 50, None), Utterance(50, 75, None), Utterance(75, 125, None)]
    assert speakers_by_second([doubt, [0, 0, 0.2, 0, 0]], three) == [0, 0, 1, 0, 0]


def test_nobody_in_view_speaks_where_no_face_looks_as_if_it_does() -> None:
    three = [Utterance(0, 50, None), Utterance(50, 100, None), Utterance(100, 150, None)]
    silent = [-0.2] * 6
    assert speakers_by_second([silent, silent], three) == [-1] * 6
    assert speakers_by_second([[0.2, 0.2, -0.2, -0.2, 0.2, 0.2], silent], three) == [0, 0, -1, -1, 0, 0]
    assert speakers_by_second([[0.2, 0.2, -0.01, -0.01, 0.2, 0.2], silent], three) == [0] * 6


def test_another_voice_may_be_another_face_at_no_cost() -> None:
    levels = [[0.2, 0.2, -0.02, 0.2, 0.2], [-0.2, -0.2, 0.02, -0.2, -0.2]]
    for voices, expected in (("aabaa", 1), ("aaaaa", 0)):
        utterances = [Utterance(number * FPS, (number + 1) * FPS, voice) for number, voice in enumerate(voices)]
        assert speakers_by_second(levels, utterances) == [0, 0, expected, 0, 0]


def test_in_silence_the_speaker_is_the_last_or_the_next_one() -> None:
    utterances = [Utterance(0, 50, None), Utterance(200, 250, None)]
    speakers = speakers_by_second([[0.2] * 2 + [0.0] * 8, [0.0] * 8 + [0.2] * 2], utterances)
    assert speakers[:2] == [0, 0]
    assert speakers[-2:] == [1, 1]
    assert speakers == sorted(speakers)


def test_only_faces_in_view_speak_and_nobody_without_a_face_in_view() -> None:
    nan = np.nan
    scores = [[0.1, 0.1, nan, nan], [nan, 0.0, 0.1, nan]]
    assert speakers_by_second(scores, [Utterance(0, 100, None)], [0, 25, 50, 75]) == [0, 0, 1, -1]


tables = st.lists(st.lists(st.sampled_from([-0.2, 0.1, 0.3, np.nan]), min_size=6, max_size=6), max_size=3)


@settings(deadline=None)
@given(tables, st.sets(st.integers(1, 149), max_size=3))
def test_the_speaker_is_in_view_and_a_face_that_does_not_speak_changes_nothing(
    levels: list[list[float]], cuts: set[int]
) -> None:
    table = np.repeat(np.array([*levels, [0.0] * 6], float).reshape(-1, 6), FPS, axis=1)
    utterances = [Utterance(0, 70, None), Utterance(70, 150, None)]
    path = likeliest_speakers(table, utterances, [0, *sorted(cuts)])
    assert path.shape == (150,)
    for number, speaks in enumerate(path):
        assert speaks == -1 or not np.isnan(table[speaks, number])
    listener = np.full((1, 150), -0.2)
    more = np.vstack([table[:-1], listener, table[-1:]])
    assert likeliest_speakers(more, utterances, [0, *sorted(cuts)]).tolist() == path.tolist()


def test_a_window_without_pictures_or_faces_is_no_error() -> None:
    assert likeliest_speakers(np.zeros((1, 0)), [], [0]).tolist() == []
    assert likeliest_speakers(np.zeros((1, 3)), [], [0]).tolist() == [-1, -1, -1]
