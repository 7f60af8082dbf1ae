"""Chips of faces, and where previews of clips are stored and removed."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from clipper_assets.camera.scene import Scene, Shot, Track
from clipper_assets.clips.looks import Rendition
from clipper_assets.clips.previews import CHIP_PX, Chip, face_chips, publish_preview, remove_preview
from clipper_assets.media.frame import Aspect
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.camera.scenes import HEIGHT_PX, WIDTH_PX, seat
from clipper_assets_tests.support.media import lavfi, make

PORTRAIT = Rendition(Aspect.portrait)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds in a third of the size of `scenes`: a red face on the left, and after 5 s a blue one on the right."""
    faces = "drawbox=x=113:y=107:w=40:h=53:c=red:t=fill,drawbox=x=487:y=107:w=40:h=53:c=blue:t=fill:enable='gte(t,5)'"
    target = tmp_path_factory.mktemp("previews") / "proxy.mp4"
    return make(target, *lavfi(f"color=gray:s=640x360:r=12:d=10,{faces}"), "-an", "-pix_fmt", "yuv420p", "-g", "12")


def scene(*tracks: Track) -> Scene:
    return Scene(20, 30, WIDTH_PX, HEIGHT_PX, (Shot(20, 30),), tracks, ())


def colour(chip: Chip) -> str:
    """The colour in the middle of a chip."""
    picture = cv2.imdecode(np.frombuffer(chip.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (CHIP_PX, CHIP_PX, 3)
    blue, _, red = picture[40:56, 40:56].reshape(-1, 3).mean(axis=0)
    return "red" if red > blue + 50 else "blue" if blue > red + 50 else "neither"


def test_each_person_has_a_chip(proxy: Path) -> None:
    chips = face_chips(proxy, scene(seat(0, 20, 30, 400), seat(1, 25, 30, 1520)), start_s=20)
    assert [colour(chip) for chip in chips] == ["red", "blue"]
    assert [(chip.time_s, chip.x, chip.y) for chip in chips] == [(25.0, 0.2083, 0.3704), (27.4, 0.7917, 0.3704)]


def test_the_largest_and_longest_track_of_a_person_is_taken(proxy: Path) -> None:
    (chip,) = face_chips(proxy, scene(seat(0, 20, 22, 1000), seat(0, 25, 30, 1520)), start_s=20)
    assert (chip.time_s, colour(chip)) == (27.4, "blue")


def test_a_face_at_the_edge_stays_in_the_picture(proxy: Path) -> None:
    (chip,) = face_chips(proxy, scene(seat(0, 20, 30, 10, 10)), start_s=20)
    assert colour(chip) == "neither"


def test_a_person_after_the_end_of_the_video_has_none(proxy: Path) -> None:
    assert face_chips(proxy, scene(seat(0, 28, 30, 400)), start_s=10) == []


def test_a_preview_replaces_the_one_before_and_is_removed(proxy: Path, storage: DirectoryStorage) -> None:
    chips = [Chip(25.0, 0.2, 0.4, b"first"), Chip(25.0, 0.8, 0.4, b"second")]
    publish_preview(storage, "show/a.mp4", PORTRAIT, 1, proxy, chips)
    publish_preview(storage, "show/a.mp4", PORTRAIT, 11, proxy, [])
    preview = publish_preview(storage, "show/a.mp4", PORTRAIT, 1, proxy, chips[1:])
    folder = "lake/previews/episode=show%2Fa.mp4"
    assert preview.keys == [f"{folder}/clip_1.mp4", f"{folder}/clip_1_face_0.jpg"]
    assert storage.read_bytes(preview.faces[0].key) == b"second"
    stored = {each.key for each in storage.list_objects(folder)}
    assert stored == {*preview.keys, f"{folder}/clip_11.mp4"}
    remove_preview(storage, "show/a.mp4", PORTRAIT, 1)
    assert [each.key for each in storage.list_objects(folder)] == [f"{folder}/clip_11.mp4"]


def test_aspects_have_previews_of_their_own(proxy: Path, storage: DirectoryStorage) -> None:
    publish_preview(storage, "show/a.mp4", PORTRAIT, 0, proxy, [])
    square = publish_preview(storage, "show/a.mp4", Rendition(Aspect.square), 0, proxy, [])
    assert square.key == "lake/previews/episode=show%2Fa.mp4/1x1/clip_0.mp4"
    remove_preview(storage, "show/a.mp4", PORTRAIT, 0)
    assert storage.exists(square.key)
