"""Recognising a person across shots."""

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.camera.analysis.people import Appearance, recognise

LEFT, RIGHT = (100.0, 100.0, 80.0, 100.0), (500.0, 100.0, 80.0, 100.0)


def seen(who: int, start_s: float, end_s: float, box: tuple[float, ...] = LEFT, unlike: float = 0.0) -> Appearance:
    """A face of person `who`; `unlike` is the share, 0 to 1, of another portrait that is mixed into theirs."""
    portrait, other = (np.random.default_rng(seed).normal(100, 30, (24, 24)) for seed in (who, 1000))
    return Appearance(start_s, end_s, np.array(box), portrait * (1 - unlike) + other * unlike)


def test_alike_faces_are_one_person_wherever_they_appear() -> None:
    assert recognise([seen(1, 0, 4), seen(2, 0, 4, RIGHT), seen(1, 4, 8, RIGHT), seen(2, 100, 104)]) == [0, 1, 0, 1]


def test_in_the_same_place_a_person_may_look_a_little_different() -> None:
    assert recognise([seen(1, 0, 4), seen(1, 10, 14, unlike=0.4)]) == [0, 0]
    assert recognise([seen(1, 0, 4), seen(1, 10, 14, RIGHT, unlike=0.4)]) == [0, 1]
    assert recognise([seen(1, 0, 4), seen(2, 10, 14)]) == [0, 1]


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 20), st.integers(-2, 2), st.integers(-2, 2), st.sampled_from([21, 24, 27]))
def test_a_box_beside_the_face_or_of_another_size_hides_nobody(who: int, across: int, down: int, side: int) -> None:
    import cv2

    scene = cv2.resize(np.random.default_rng(who).normal(100, 30, (14, 14)), (40, 40), interpolation=cv2.INTER_CUBIC)
    top, left = 20 - side // 2 + down, 20 - side // 2 + across
    cut = cv2.resize(scene[top : top + side, left : left + side], (24, 24), interpolation=cv2.INTER_LINEAR)
    first, second = (portrait.astype(np.float64, copy=False) for portrait in (scene[8:32, 8:32], cut))
    assert recognise([Appearance(0, 4, np.array(LEFT), first), Appearance(10, 14, np.array(RIGHT), second)]) == [0, 0]


def test_known_people_keep_their_numbers() -> None:
    known = [(4, seen(1, 0, 4)), (2, seen(2, 0, 4, RIGHT))]
    assert recognise([seen(3, 10, 14), seen(2, 10, 14, RIGHT), seen(1, 20, 24)], known) == [5, 2, 4]


def test_a_blank_portrait_matches_no_other() -> None:
    blank = [Appearance(start, start + 1, np.array(LEFT), np.full((24, 24), 7.0)) for start in (0.0, 2.0)]
    assert recognise(blank) == [0, 1]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 20), st.integers(1, 5)), max_size=12))
def test_numbers_count_from_0_and_faces_in_view_at_once_are_different_people(faces: list[tuple[int, int, int]]) -> None:
    shown = [seen(who, start, start + length) for who, start, length in faces]
    numbers = recognise(shown)
    assert list(dict.fromkeys(numbers)) == list(range(len(set(numbers))))
    for (one, face), (other, another) in combinations(zip(numbers, shown, strict=True), 2):
        apart = face.end_s <= another.start_s or another.end_s <= face.start_s
        assert one != other or apart
