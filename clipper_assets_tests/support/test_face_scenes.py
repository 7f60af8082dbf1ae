"""The scenes are what their truth says, and the figures measure what they say."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.camera.analysis.faces import haar
from clipper_assets.camera.direction.path import CameraPath, Keyframe, View
from clipper_assets.camera.scene import Scene, Turn
from clipper_assets.media.frame import FRAMES, Aspect, Box
from clipper_assets.shows.show import Layout
from clipper_assets_tests.support import face_scenes
from clipper_assets_tests.support.face_clips import PICTURES, needs_faces
from clipper_assets_tests.support.face_figures import figures
from clipper_assets_tests.support.face_layouts import LAYOUTS, grid
from clipper_assets_tests.support.face_pictures import CANVAS
from clipper_assets_tests.support.face_scenes import FaceScene, build
from clipper_assets_tests.support.face_video import Listening, Variation, pictures
from clipper_assets_tests.support.media import Picture, frames

SMALL = Variation(width_px=320)


def planned(name: str, variation: Variation = SMALL) -> FaceScene:
    """The scene without its video."""
    return FaceScene(name, Path("no such file"), tuple(LAYOUTS[name](variation.cast)), variation)


def cut(picture: Picture, box: Box) -> Picture:
    return picture[round(box.top) : round(box.bottom), round(box.left) : round(box.right)]


@given(st.integers(1, 4), st.integers(1, 4), st.floats(0, 20))
def test_tiles_are_equal_wide_and_apart_by_the_gutter(columns: int, rows: int, gutter: float) -> None:
    tiles = grid(columns, rows, gutter=gutter)
    assert len(tiles) == columns * rows
    assert all(tile[2:] == pytest.approx(tiles[0][2:]) for tile in tiles)
    assert tiles[0].width / tiles[0].height == pytest.approx(16 / 9)
    assert tiles[0].left >= gutter - 1e-6
    assert tiles[-1].bottom <= CANVAS.height - gutter + 1e-6
    if columns > 1:
        assert tiles[1].left - tiles[0].right == pytest.approx(gutter)


@needs_faces
@pytest.mark.parametrize(("name", "mirrored"), [("two_shot", False), ("grid_2x2_roomy", True)])
def test_faces_are_where_the_truth_says(name: str, mirrored: bool) -> None:
    scene = planned(name, Variation(width_px=960, mirrored=mirrored))
    picture = next(pictures(scene.acts, scene.variation))
    faces = scene.shots[0].faces.values()
    found = haar().find(picture.mean(axis=2).astype(np.uint8))
    centres = {(round(box[0] + box[2] / 2), round(box[1] + box[3] / 2)) for box in found.tolist()}
    near = [any(np.hypot(x - face.center_x, y - face.center_y) < face.width / 4 for x, y in centres) for face in faces]
    assert near == [True] * len(faces)
    assert len(found) == len(faces)


@needs_faces
@pytest.mark.parametrize("name", LAYOUTS)
def test_every_face_lies_in_its_tile_and_every_voice_in_the_scene(name: str) -> None:
    scene = planned(name)
    width_px, height_px = scene.size_px
    for shot in scene.shots:
        places = shot.tiles or (Box(0, 0, width_px, height_px),)
        for face in shot.faces.values():
            inside = [place.left <= face.left and face.right <= place.right + 0.01 for place in places]
            assert any(inside)
    assert scene.shots[-1].end_s == scene.duration_s
    assert all(voice.end_s <= after.start_s for voice, after in zip(scene.voices, scene.voices[1:], strict=False))
    assert scene.words.num_rows == 6 * len(scene.voices)


@needs_faces
def test_words_are_the_sentence_of_the_file_name_and_name_their_speaker_on_demand() -> None:
    words = planned("off_screen", replace(SMALL, voices=True)).words.to_pylist()
    assert " ".join(word["text"] for word in words[:6]) == "bin blue at F two now"
    assert [word["speaker"] for word in words[::12]] == [f"SPEAKER_0{person}" for person in (0, 2, 1, 3)]
    assert planned("off_screen").words["speaker"].null_count == len(words)


@needs_faces
def test_only_the_speaker_and_silent_lips_move() -> None:
    scene = planned("lips_three_shot")
    first, later = list(islice(pictures(scene.acts, scene.variation), 36, 42, 5))
    faces = scene.shots[0].faces
    moved = {person: float(np.abs(cut(first, box) - 1.0 * cut(later, box)).mean()) for person, box in faces.items()}
    assert moved[2] == 0
    assert min(moved[0], moved[1]) > 0.5
    still = replace(scene, variation=replace(SMALL, listening=Listening.still))
    first, later = list(islice(pictures(still.acts, still.variation), 36, 42, 5))
    assert np.abs(cut(first, faces[2]) - 1.0 * cut(later, faces[2])).mean() > 0


@needs_faces
def test_a_scene_is_made_once_and_lasts_as_long_as_its_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_scenes, "CACHE", tmp_path)
    monkeypatch.setitem(LAYOUTS, "short", lambda cast: LAYOUTS["narrator"](cast)[1:2])
    scene = build("short", Variation(width_px=160))
    made_ns = scene.file.stat().st_mtime_ns
    assert len(list(frames(scene.file))) == PICTURES == scene.duration_s * 25
    assert scene.source.square_size_px == scene.size_px == (160, 90)
    assert len(scene.speech) / 16_000 == pytest.approx(scene.duration_s, abs=0.05)
    assert build("short", Variation(width_px=160, voices=True)).file.stat().st_mtime_ns == made_ns
    assert build("short", Variation(width_px=160, mirrored=True)).file != scene.file
    assert len(list(tmp_path.iterdir())) == 2


@needs_faces
def test_of_two_processes_that_make_a_scene_the_first_one_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_scenes, "CACHE", tmp_path)

    def write_meanwhile(file: Path, *_: object) -> None:
        file.write_bytes(b"second")
        final = tmp_path / file.parent.name
        final.mkdir()
        (final / file.name).write_bytes(b"first")

    monkeypatch.setattr(face_scenes, "write", write_meanwhile)
    scene = build("narrator", SMALL)
    assert scene.file.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [scene.file.parent]


def path_on(scene: FaceScene, *people: int) -> CameraPath:
    """One close picture of each person, one after the other, for equal times."""
    faces = scene.shots[0].faces
    each_s = scene.duration_s / len(people)
    views = [View(faces[person].center_x, faces[person].center_y, 3.0) for person in people]
    return CameraPath(tuple(Keyframe(n * each_s, Layout.speaker, (view,)) for n, view in enumerate(views)))


def nothing_found(scene: FaceScene, *turns: Turn) -> Scene:
    return Scene(0.0, scene.duration_s, *scene.size_px, (), (), turns)


@needs_faces
def test_the_figures_of_pictures_of_the_speaker_of_others_and_of_everybody() -> None:
    scene = planned("two_shot")  # 0, 1 and 0 speak
    portrait = FRAMES[Aspect.portrait]
    right = figures(scene, nothing_found(scene), path_on(scene, 0, 1, 0), portrait)
    assert (right.in_crop, right.wrong_solo, right.alone, right.wide, right.off_screen_claims) == (1, 0, 1, 0, None)
    wrong = figures(scene, nothing_found(scene), path_on(scene, 1, 0, 1), portrait)
    assert (wrong.in_crop, wrong.wrong_solo, wrong.alone) == (0, 1, 1)
    fit = CameraPath((Keyframe(0.0, Layout.fit, (View(160, 90),)),))
    wide = figures(scene, nothing_found(scene), fit, portrait)
    assert (wide.in_crop, wide.wrong_solo, wide.alone, wide.wide) == (1, 0, 1, 1)
    both = Keyframe(0.0, Layout.speaker, (View(160, 90),))
    landscape = figures(scene, nothing_found(scene), CameraPath((both,)), FRAMES[Aspect.square])
    assert (landscape.in_crop, landscape.alone) == (1, 0)


@needs_faces
def test_a_voice_from_outside_is_claimed_where_a_turn_names_somebody() -> None:
    scene = planned("off_screen")  # 2 and 3 are not in view
    path, portrait = path_on(scene, 0), FRAMES[Aspect.portrait]
    claimed = [
        figures(scene, nothing_found(scene, Turn(0, 12, person), Turn(12, 24, None)), path, portrait).off_screen_claims
        for person in (0, None)
    ]
    assert claimed[0] == pytest.approx(0.47, abs=0.03)
    assert claimed[1] == 0
