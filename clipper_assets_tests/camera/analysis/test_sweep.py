"""Looking through synthetic windows at few pictures, with a scripted detector."""

from collections.abc import Callable, Iterator, Sequence
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.camera.analysis.excerpts import Span
from clipper_assets.camera.analysis.faces import Detector
from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.recording import Recording
from clipper_assets.camera.analysis.sweep import LONGEST_GAP, Swept, sweep
from clipper_assets.camera.analysis.tracks import follow
from clipper_assets.camera.scene import FPS, Boxes
from clipper_assets_tests.camera.analysis.test_shots import room

Seen = Callable[[int], list[tuple[float, float, float, float]]]
EVERY = 5
FACE = (100.0, 40.0, 40.0, 50.0)


class Script:
    """A recording that shows `shown(number)` and tells which pictures were read."""

    def __init__(self, count: int, keys: Sequence[int], shown: Callable[[int], Picture], bursts: Sequence[int] = ()):
        self.count, self._keys, self._shown, self._bursts = count, keys, shown, bursts
        self.read_numbers: list[int] = []
        self.numbers: dict[int, int] = {}

    def key_pictures(self) -> Iterator[tuple[int, Picture]]:
        return ((key, self._picture(key)) for key in self._keys)

    def read(self, first: int, end: int) -> Iterator[tuple[int, Picture]]:
        for number in range(first, min(end, self.count)):
            self.read_numbers.append(number)
            yield number, self._picture(number)

    def has_key(self, after: int, before: int) -> bool:
        return any(after < key <= before for key in self._keys)

    def may_have_cut(self, first: int, end: int) -> bool:
        return any(first < burst <= end for burst in self._bursts)

    def _picture(self, number: int) -> Picture:
        picture = self._shown(number).copy()
        self.numbers[id(picture)] = number
        self.kept = [*getattr(self, "kept", []), picture]  # so that no other picture gets the same id
        return picture


def swept(script: Script, seen: Seen = lambda _: [FACE], spans: Sequence[Span] = ()) -> Swept:
    def find(picture: Picture) -> Boxes:
        return np.array(seen(script.numbers[id(picture)]), float).reshape(-1, 4)

    return sweep(cast(Recording, script), Detector("script", find, EVERY), lambda _: spans, lambda _: None)


def still(_: int) -> Picture:
    return room(0)


def test_between_key_pictures_of_a_still_scene_only_the_spans_are_read() -> None:
    script = Script(300, [-40, 60, 160, 260, 360], still)
    result = swept(script, spans=[(70, 100), (160, 190)])
    assert sorted(script.read_numbers) == [*range(60, 100), *range(160, 190)]
    (face,) = follow(result.looks, result.cuts, result.pictures)
    assert (result.pictures, face.first, face.end) == (300, 0, 300)
    assert [*result.excerpts] == [(70, 100), (160, 190)]
    assert {len(seen.excerpt.lips) for found in result.excerpts.values() for seen in found} == {30}


def test_of_many_key_pictures_faces_are_looked_for_in_some_and_spans_are_read_from_all() -> None:
    script = Script(300, range(0, 325, 12), still)
    result = swept(script, spans=[(40, 60), (70, 90), (160, 190)])
    assert sorted(script.read_numbers) == [*range(40, 90), *range(160, 190)]
    (face,) = follow(result.looks, result.cuts, result.pictures)
    assert (face.first, face.end) == (0, 300)
    assert [*result.excerpts] == [(40, 60), (70, 90), (160, 190)]
    assert set(result.looks) & set(result.keys) == {0, 60, 120, 180, 240, 300}


def test_a_shot_between_two_looks_for_faces_is_seen_in_a_key_picture() -> None:
    script = Script(300, range(0, 325, 12), lambda number: room(1 if 130 <= number < 150 else 0))
    assert swept(script).cuts == [0, 130, 150]
    assert len(script.read_numbers) < 150


@pytest.mark.parametrize(
    ("shown", "seen", "bursts"),
    [
        (lambda number: room(0 if number < 90 else 1), lambda _: [FACE], []),
        (still, lambda number: [FACE if number < 90 else (140.0, *FACE[1:])], []),
        (still, lambda number: [FACE] if number < 90 else [], []),
        (still, lambda _: [FACE], [75]),
    ],
    ids=["cut", "moved", "gone", "burst"],
)
def test_everything_is_read_where_something_changes(
    shown: Callable[[int], Picture], seen: Seen, bursts: list[int]
) -> None:
    script = Script(200, [0, 50, 100, 150, 200], shown, bursts)
    result = swept(script, seen)
    assert set(range(50, 100)) <= set(script.read_numbers)
    assert not set(range(1, 50)) & set(script.read_numbers)
    assert result.cuts == ([0, 90] if shown is not still else [0])


def test_key_pictures_far_apart_are_not_trusted() -> None:
    count = 2 * LONGEST_GAP + 10
    script = Script(count, [0, LONGEST_GAP + 5, count], still)
    swept(script)
    assert script.read_numbers == list(range(count))


def test_without_key_pictures_everything_is_read() -> None:
    script = Script(100, [], still)
    assert swept(script).pictures == 100
    assert script.read_numbers == list(range(100))


@pytest.mark.parametrize("count", [0, 1, 60])
def test_a_video_that_ends_early_has_fewer_pictures(count: int) -> None:
    script = Script(100, [], still)
    script.read = lambda first, end: Script.read(script, first, min(end, count))  # type: ignore[method-assign]
    result = swept(script)
    assert result.pictures == count
    assert max(result.looks, default=-1) < count


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(15, 40), min_size=1, max_size=4), st.integers(10, 60))
def test_every_cut_is_found_exactly_wherever_the_key_pictures_are(lengths: list[int], apart: int) -> None:
    begins = np.cumsum(lengths)
    count = int(begins[-1])
    script = Script(
        count, range(0, count + apart, apart), lambda number: room(int(np.searchsorted(begins, number, side="right")))
    )
    assert swept(script).cuts == [0, *begins[:-1].tolist()]


def test_faces_that_move_are_looked_for_more_often_than_faces_that_stay() -> None:
    moving = swept(Script(200, [], still), lambda number: [(100 + 2 * number % 80, 40.0, 40.0, 50.0)])
    staying = swept(Script(200, [], still))
    assert len(moving.looks) > 2 * len(staying.looks)
    assert np.diff(sorted(staying.looks)).max() <= FPS


def test_samples_are_a_second_apart() -> None:
    result = swept(Script(200, [0, 90, 200], still), spans=[(90, 200)])
    assert np.diff([*result.samples]).min() >= FPS
    assert {sample.shape for sample in result.samples.values()} == {(90, 160)}
