"""Writing observations to the lake table and reading them back."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from clipper_assets.camera.analysis.observation import (
    PORTRAIT_PX,
    SCENES_TABLE,
    Observation,
    read_observations,
    read_scenes,
    scenes_table,
)
from clipper_assets.camera.scene import FPS, Scene, Shot, Track, Turn
from clipper_assets.media.frame import Box
from clipper_assets.runtime.degraded import Degraded
from clipper_assets_tests.camera.scenes import scene

FACE = (340.5, 320.25, 120.0, 160.0)


def track(person: int, first: int, pictures: int) -> Track:
    return Track(person, 10.3 + np.arange(first, first + pictures) / FPS, np.tile(np.array(FACE), (pictures, 1)))


TALK = scene(
    [
        Shot(10.3, 12.3, tiles=(Box(0, 270, 960, 540), Box(960, 270, 960, 540))),
        Shot(12.3, 20.3, Box(60, 60, 1100, 620)),
    ],
    [track(0, 0, 50), track(3, 60, 100)],
    (10.3, 12, 0),
    (12.5, 18, 3, (0,)),
    (19, 20.3, None),
)
PORTRAITS = tuple(np.full((PORTRAIT_PX, PORTRAIT_PX), grey, np.uint8) for grey in (7, 200))
OBSERVED = Observation(
    TALK, 250, PORTRAITS, (np.zeros(50), np.full(100, -0.125)), (Degraded("scenes", "no model on this machine"),)
)
CARD = Observation(scene([Shot(30, 31)], []), 25, (), ())


def same(one: Scene, other: Scene) -> bool:
    tracks = zip(one.tracks, other.tracks, strict=True)
    return replace(one, tracks=()) == replace(other, tracks=()) and all(
        before.person == after.person
        and np.array_equal(before.times_s, after.times_s)
        and np.array_equal(before.boxes_px, after.boxes_px)
        for before, after in tracks
    )


def test_observations_survive_the_table_unchanged() -> None:
    table = scenes_table("show/ep", {"one": OBSERVED, "two": CARD})
    assert table.schema.equals(SCENES_TABLE.schema)
    read = read_observations(table)
    assert list(read) == ["one", "two"]
    assert all(same(before, after) for before, after in zip([TALK, CARD.scene], read_scenes(table), strict=True))
    assert same(read["one"].scene, TALK)
    assert read["one"].scene.turns[-1] == Turn(19, 20.3, None)
    assert read["one"].pictures == 250
    assert all(map(np.array_equal, read["one"].portraits, PORTRAITS))
    assert all(map(np.array_equal, read["one"].evidence, OBSERVED.evidence))
    assert (read["one"].degraded, read["two"].degraded) == (OBSERVED.degraded, ())


def test_a_table_of_an_earlier_version_has_no_tiles_and_no_rivals() -> None:
    (row,) = scenes_table("show/ep", {"one": OBSERVED}).to_pylist()
    for column, added in (("shots", "tiles"), ("turns", "rivals")):
        for span in row[column]:
            del span[added]
    earlier = pa.Table.from_pylist([row])
    (read,) = read_scenes(SCENES_TABLE.checked(earlier))
    assert {(shot.tiles, turn.rivals) for shot in read.shots for turn in read.turns} == {((), ())}
    assert [shot.screen for shot in read.shots] == [shot.screen for shot in TALK.shots]


def test_no_observations_give_an_empty_table() -> None:
    assert scenes_table("show/ep", {}).schema.equals(SCENES_TABLE.schema)
    assert read_scenes(scenes_table("show/ep", {})) == []
