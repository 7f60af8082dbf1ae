"""The evidence that a face speaks, and the likeliest sequence of speakers."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.mouth import Motion
from clipper_assets.camera.analysis.speaking import BUDGET, evidence, likeliest_speakers
from clipper_assets.camera.analysis.tracks import FollowedFace
from clipper_assets.camera.analysis.utterances import Utterance
from clipper_assets.camera.scene import FPS
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples

PICTURES = 10 * FPS
SILENCE = np.zeros(10 * SPEECH_RATE_HZ, np.float32)


def face(mark: int, start: int = 0, end: int = PICTURES, mouth: float = 0.1) -> FollowedFace:
    """A face whose mouth motion is always `mouth` and whose lips have the grey value `mark`."""
    lips = [np.full((112, 112), mark, np.uint8)] * (end - start)
    box = np.zeros(4)
    return FollowedFace(0, start, [box] * (end - start), [Motion(mouth, 0.1, 0.0)] * (end - start), lips)


def bright_speak(lips: Sequence[Picture], sound: Samples) -> np.ndarray:
    """Stands in for LR-ASD: bright lips speak."""
    assert len(sound) == len(lips) * SPEECH_RATE_HZ // FPS
    return np.array([5.0 if picture.mean() > 100 else -5.0 for picture in lips], np.float32)


def test_faces_in_view_have_evidence_while_somebody_speaks() -> None:
    first, second = evidence([face(0), face(0, 100, 200)], [Utterance(50, 150, None)], PICTURES, SILENCE, None)
    assert np.isnan(second).tolist() == [not 100 <= number < 200 for number in range(PICTURES)]
    assert np.flatnonzero(first).tolist() == list(range(50, 150))
    assert np.flatnonzero(np.nan_to_num(second)).tolist() == list(range(100, 150))


def test_the_mouth_that_moves_more_speaks_unless_lr_asd_disagrees() -> None:
    faces, utterances = [face(0, mouth=0.2), face(200, mouth=0.1)], [Utterance(50, 150, None)]
    first, second = evidence(faces, utterances, PICTURES, SILENCE, None)[:, 100]
    assert first > second
    first, second = evidence(faces, utterances, PICTURES, SILENCE, bright_speak)[:, 100]
    assert second > first


def test_lr_asd_scores_doubtful_utterances_with_several_faces_first_within_its_budget() -> None:
    scored: list[tuple[int, int]] = []

    def score(lips: Sequence[Picture], sound: Samples) -> np.ndarray:
        scored.append((int(lips[0].mean()), len(lips)))
        return np.zeros(len(lips), np.float32)

    # One face alone until 5 s, then with a second one that moves as much, and in the last two seconds with a still one.
    faces = [face(1), face(2, 125, 200), face(3, 200, mouth=0.01)]
    utterances = [Utterance(start, start + 25, None) for start in range(0, PICTURES, 25)]
    evidence(faces, utterances, PICTURES, SILENCE, score)
    assert sum(length for _, length in scored) <= BUDGET * PICTURES
    assert {mark for mark, _ in scored} == {1, 2}
    assert len(scored) == 6


def speakers_by_second(
    levels: Sequence[Sequence[float]], utterances: Sequence[Utterance], cuts: Sequence[int] = (0,)
) -> list[int]:
    """The speaker of each second, given the evidence of each face per second."""
    path = likeliest_speakers(np.repeat(np.array(levels, float), FPS, axis=1), utterances, cuts)
    return [int(path[second * FPS + FPS // 2]) for second in range(len(levels[0]))]


def test_the_leading_face_speaks_but_a_short_lead_within_an_utterance_is_ignored() -> None:
    apart = [Utterance(0, 125, None), Utterance(125, 250, None)]
    first = [0.2] * 5 + [0.0] * 5
    assert speakers_by_second([first, first[::-1]], apart) == [0] * 5 + [1] * 5
    doubt = [0.2, 0.2, 0.0, 0.2, 0.2]
    assert speakers_by_second([doubt, [0, 0, 0.2, 0, 0]], [Utterance(0, 125, None)]) == [0] * 5
    three = [Utterance(0, 50, None), Utterance(50, 75, None), Utterance(75, 125, None)]
    assert speakers_by_second([doubt, [0, 0, 0.2, 0, 0]], three) == [0, 0, 1, 0, 0]


def test_in_silence_the_speaker_is_the_last_or_the_next_one() -> None:
    utterances = [Utterance(0, 50, None), Utterance(200, 250, None)]
    speakers = speakers_by_second([[0.2] * 2 + [0.0] * 8, [0.0] * 8 + [0.2] * 2], utterances)
    assert speakers[:2] == [0, 0]
    assert speakers[-2:] == [1, 1]
    assert speakers == sorted(speakers)


def test_only_faces_in_view_speak_and_nobody_without_a_face_in_view() -> None:
    nan = np.nan
    scores = [[0.1, 0.1, nan, nan], [nan, 0.0, 0.0, nan]]
    assert speakers_by_second(scores, [Utterance(0, 100, None)], [0, 25, 50, 75]) == [0, 0, 1, -1]


@settings(deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([-0.2, 0.0, 0.2, np.nan]), min_size=6, max_size=6), max_size=3),
    st.sets(st.integers(1, 149), max_size=3),
)
def test_the_speaker_is_always_in_view(levels: list[list[float]], cuts: set[int]) -> None:
    table = np.repeat(np.array(levels, float).reshape(-1, 6), FPS, axis=1)
    path = likeliest_speakers(table, [Utterance(0, 150, None)], [0, *sorted(cuts)])
    assert path.shape == (150,)
    for number, speaks in enumerate(path):
        in_view = ~np.isnan(table[:, number])
        assert in_view[speaks] if speaks >= 0 else not in_view.any()


def test_a_window_without_pictures_or_faces_is_no_error() -> None:
    assert likeliest_speakers(np.zeros((0, 0)), [], [0]).tolist() == []
    assert evidence([], [], 0, SILENCE, None).shape == (0, 0)
    assert likeliest_speakers(np.zeros((0, 3)), [], [0]) == pytest.approx([-1, -1, -1])
