"""Evidence that a face speaks, and the story that is made of it."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.mouth import Motion
from clipper_assets.camera.analysis.speaking import BUDGET, evidence, likeliest
from clipper_assets.camera.analysis.tracks import Followed
from clipper_assets.camera.analysis.utterances import Utterance
from clipper_assets.camera.scene import FPS
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples

PICTURES = 10 * FPS
SILENCE = np.zeros(10 * SPEECH_RATE_HZ, np.float32)


def face(mark: int, start: int = 0, end: int = PICTURES, mouth: float = 0.1) -> Followed:
    """A face whose mouth always moves so much and whose lips are all of one grey."""
    lips = [np.full((112, 112), mark, np.uint8)] * (end - start)
    box = np.zeros(4)
    return Followed(0, start, [box] * (end - start), [Motion(mouth, 0.1, 0.0)] * (end - start), lips)


def bright_speak(lips: Sequence[Picture], sound: Samples) -> np.ndarray:
    """In place of LR-ASD: bright lips speak."""
    assert len(sound) == len(lips) * SPEECH_RATE_HZ // FPS
    return np.array([5.0 if each.mean() > 100 else -5.0 for each in lips], np.float32)


def test_evidence_is_there_for_faces_in_view_while_somebody_speaks() -> None:
    found = evidence([face(0), face(0, 100, 200)], [Utterance(50, 150, None)], PICTURES, SILENCE, None)
    assert np.isnan(found[1]).tolist() == [not 100 <= number < 200 for number in range(PICTURES)]
    assert np.flatnonzero(found[0]).tolist() == list(range(50, 150))
    assert np.flatnonzero(np.nan_to_num(found[1])).tolist() == list(range(100, 150))


def test_a_mouth_that_moves_more_speaks_unless_lr_asd_knows_better() -> None:
    faces, utterances = [face(0, mouth=0.2), face(200, mouth=0.1)], [Utterance(50, 150, None)]
    first, second = evidence(faces, utterances, PICTURES, SILENCE, None)[:, 100]
    assert first > second
    first, second = evidence(faces, utterances, PICTURES, SILENCE, bright_speak)[:, 100]
    assert second > first


def test_lr_asd_sees_doubtful_phrases_of_several_faces_first_and_keeps_its_budget() -> None:
    seen: list[tuple[int, int]] = []

    def score(lips: Sequence[Picture], sound: Samples) -> np.ndarray:
        seen.append((int(lips[0].mean()), len(lips)))
        return np.zeros(len(lips), np.float32)

    # Alone until 5 s, then with a second face that moves as much, and in the last two seconds with one that does not.
    faces = [face(1), face(2, 125, 200), face(3, 200, mouth=0.01)]
    utterances = [Utterance(start, start + 25, None) for start in range(0, PICTURES, 25)]
    evidence(faces, utterances, PICTURES, SILENCE, score)
    assert sum(length for _, length in seen) <= BUDGET * PICTURES
    assert {mark for mark, _ in seen} == {1, 2}
    assert len(seen) == 6


def story(levels: Sequence[Sequence[float]], utterances: Sequence[Utterance], cuts: Sequence[int] = (0,)) -> list[int]:
    """Who speaks in each second, of evidence per second."""
    path = likeliest(np.repeat(np.array(levels, float), FPS, axis=1), utterances, cuts)
    return [int(path[second * FPS + FPS // 2]) for second in range(len(levels[0]))]


def test_who_leads_speaks_and_a_short_lead_within_a_phrase_is_none() -> None:
    apart = [Utterance(0, 125, None), Utterance(125, 250, None)]
    first = [0.2] * 5 + [0.0] * 5
    assert story([first, first[::-1]], apart) == [0] * 5 + [1] * 5
    doubt = [0.2, 0.2, 0.0, 0.2, 0.2]
    assert story([doubt, [0, 0, 0.2, 0, 0]], [Utterance(0, 125, None)]) == [0] * 5
    three = [Utterance(0, 50, None), Utterance(50, 75, None), Utterance(75, 125, None)]
    assert story([doubt, [0, 0, 0.2, 0, 0]], three) == [0, 0, 1, 0, 0]


def test_silence_keeps_who_spoke_last_or_will_speak_next() -> None:
    utterances = [Utterance(0, 50, None), Utterance(200, 250, None)]
    found = story([[0.2] * 2 + [0.0] * 8, [0.0] * 8 + [0.2] * 2], utterances)
    assert found[:2] == [0, 0]
    assert found[-2:] == [1, 1]
    assert found == sorted(found)


def test_only_faces_in_view_speak_and_nobody_where_there_is_none() -> None:
    nan = np.nan
    scores = [[0.1, 0.1, nan, nan], [nan, 0.0, 0.0, nan]]
    assert story(scores, [Utterance(0, 100, None)], [0, 25, 50, 75]) == [0, 0, 1, -1]


@given(
    st.lists(st.lists(st.sampled_from([-0.2, 0.0, 0.2, np.nan]), min_size=6, max_size=6), max_size=3),
    st.sets(st.integers(1, 149), max_size=3),
)
def test_whoever_speaks_is_in_view(levels: list[list[float]], cuts: set[int]) -> None:
    table = np.repeat(np.array(levels, float).reshape(-1, 6), FPS, axis=1)
    path = likeliest(table, [Utterance(0, 150, None)], [0, *sorted(cuts)])
    assert path.shape == (150,)
    for number, speaks in enumerate(path):
        in_view = ~np.isnan(table[:, number])
        assert in_view[speaks] if speaks >= 0 else not in_view.any()


def test_a_window_without_pictures_has_no_story() -> None:
    assert likeliest(np.zeros((0, 0)), [], [0]).tolist() == []
    assert evidence([], [], 0, SILENCE, None).shape == (0, 0)
    assert likeliest(np.zeros((0, 3)), [], [0]) == pytest.approx([-1, -1, -1])
