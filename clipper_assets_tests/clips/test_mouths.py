from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.camera.direction.path import CameraPath, Keyframe, View
from clipper_assets.camera.scene import Scene, Shot, Track
from clipper_assets.captions.layout import HOOK_S, Captions, Place
from clipper_assets.captions.styles import load_style
from clipper_assets.clips.cuts import TimeMap
from clipper_assets.clips.mouths import FEATURES, ShownFace, faces_in_clip, places_off_faces
from clipper_assets.media.frame import FRAMES, Aspect, Box
from clipper_assets.shows.show import Layout
from clipper_assets.transcript.words import Word
from clipper_assets_tests.camera.scenes import HEIGHT_PX, WIDTH_PX, scene, seat
from clipper_assets_tests.clips.test_plan import LOOK, planned

WORDS = [Word(f"word{number}", number * 0.5, number * 0.5 + 0.4, 0) for number in range(20)]
PLAN = planned(0.0, 10.0, WORDS)
CAPTIONS = PLAN.captions
NOWHERE = Box(0, 0, 0, 0)
LIPS = 3
AT_BOTTOM, IN_MIDDLE, HIGH, AT_TOP = (Box(400, top_px, 200, 100) for top_px in (1100.0, 910.0, 600.0, 300.0))
STILL = CameraPath((Keyframe(0.0, Layout.speaker, (View(640, 360),)),))
ONE_CUT = CameraPath((*STILL.keyframes, Keyframe(5.0, Layout.speaker, (View(300, 360),))))


def mouths(*boxes: Box, start_s: float = 0.0, end_s: float = 10.0) -> list[ShownFace]:
    """Faces of which only the lips matter, five times a second."""
    times_s = [number * 0.2 for number in range(50) if start_s <= number * 0.2 < end_s]
    features = [tuple(box if number == LIPS else NOWHERE for number in range(len(FEATURES))) for box in boxes]
    return [ShownFace(time_s, each) for time_s in times_s for each in features]


@pytest.mark.parametrize(
    ("boxes", "place"),
    [
        ([], None),
        ([AT_TOP], None),
        ([Box(400, 1300, 200, 100)], None),
        ([AT_BOTTOM], Place.middle),
        ([AT_BOTTOM, IN_MIDDLE], Place.high),
        ([AT_BOTTOM, IN_MIDDLE, HIGH], Place.top),
    ],
)
def test_captions_move_only_where_they_would_cover_a_mouth(boxes: list[Box], place: Place | None) -> None:
    assert places_off_faces(CAPTIONS, mouths(*boxes), STILL) == (((0.0, place),) if place else ())


def test_a_short_cover_moves_nothing() -> None:
    assert places_off_faces(CAPTIONS, [*mouths(AT_BOTTOM)[1:2], *mouths(AT_TOP)[3:]], STILL) == ()


def test_the_place_that_covers_least_is_used_if_none_is_free() -> None:
    everywhere = mouths(AT_BOTTOM, IN_MIDDLE, HIGH) + mouths(AT_TOP, end_s=3.0)
    assert places_off_faces(CAPTIONS, sorted(everywhere), STILL) == ((0.0, Place.top),)


def test_a_chin_moves_captions_and_a_forehead_does_not_while_a_mouth_would_be_covered() -> None:
    forehead, eyes, nose, lips, chin = range(5)

    def face(**boxes: Box) -> list[ShownFace]:
        named = {"forehead": forehead, "eyes": eyes, "nose": nose, "lips": lips, "chin": chin}
        features = [NOWHERE] * len(FEATURES)
        for name, box in boxes.items():
            features[named[name]] = box
        return [ShownFace(number * 0.2, tuple(features)) for number in range(50)]

    assert places_off_faces(CAPTIONS, face(chin=AT_BOTTOM), STILL) == ((0.0, Place.middle),)
    close_up = face(forehead=AT_TOP, eyes=HIGH, nose=IN_MIDDLE, lips=AT_BOTTOM)
    assert places_off_faces(CAPTIONS, close_up, STILL) == ((0.0, Place.top),)


def test_one_place_serves_the_whole_clip_if_it_is_free_in_all_pictures() -> None:
    faces = mouths(AT_BOTTOM, end_s=5.0) + mouths(AT_TOP, start_s=5.0)
    assert places_off_faces(CAPTIONS, faces, ONE_CUT) == ((0.0, Place.middle),)


def test_else_captions_change_their_place_with_the_picture() -> None:
    faces = mouths(AT_BOTTOM, end_s=5.0) + mouths(IN_MIDDLE, HIGH, AT_TOP, start_s=5.0)
    places = places_off_faces(CAPTIONS, faces, ONE_CUT)
    assert places == ((0.0, Place.middle), (5.0, Place.bottom))
    tops = {block.box.top > 950 for block in replace(CAPTIONS, places=places).blocks if block.end_s <= 5}
    assert tops == {False}
    assert all(block.box.top > 950 for block in replace(CAPTIONS, places=places).blocks if block.start_s >= 5)


def test_a_cut_to_the_same_picture_and_a_moving_camera_move_no_captions() -> None:
    faces = mouths(AT_BOTTOM, end_s=5.0) + mouths(IN_MIDDLE, HIGH, AT_TOP, start_s=5.0)
    same = CameraPath((*STILL.keyframes, Keyframe(5.0, Layout.speaker, (View(640, 360),))))
    moving = CameraPath((*STILL.keyframes, Keyframe(5.0, Layout.speaker, (View(300, 360),), ease_s=1.0)))
    assert len(places_off_faces(CAPTIONS, faces, same)) < 2
    assert len(places_off_faces(CAPTIONS, faces, moving)) < 2


def test_captions_never_take_the_room_of_a_hook_title() -> None:
    titled = replace(CAPTIONS, hook="Why bread?")
    assert places_off_faces(titled, mouths(AT_BOTTOM), STILL) == ((0.0, Place.middle),)
    places = places_off_faces(titled, mouths(AT_BOTTOM, IN_MIDDLE, HIGH), STILL)
    assert [place for _, place in places] == [Place.top]
    assert places[0][0] >= HOOK_S
    placed = replace(titled, places=places)
    assert placed.title is not None
    for block in placed.blocks:
        assert block.start_s >= HOOK_S or block.box.top > placed.title.box.bottom


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.floats(0, 10), st.sampled_from(Place)), max_size=4), st.sampled_from(Aspect))
def test_captions_are_inside_the_safe_area_in_every_place(drawn: list[tuple[float, Place]], aspect: Aspect) -> None:
    captions = Captions(PLAN.words, load_style("pop"), FRAMES[aspect], 10.0, places=tuple(sorted(drawn)))
    safe = captions.frame.safe
    assert all(safe.top - 1 <= each.box.top and each.box.bottom <= safe.bottom + 1 for each in captions.boxes)


def close_up(layout: Layout, *views: View, seen: Scene, aspect: Aspect = Aspect.portrait) -> list[ShownFace]:
    path = CameraPath((Keyframe(10.0, layout, views),))
    plan = replace(planned(10.0, 20.0, WORDS, look=replace(LOOK, frame=FRAMES[aspect])), cuts=TimeMap.whole(10.0))
    return faces_in_clip(seen, path, plan, (WIDTH_PX, HEIGHT_PX))


def test_faces_are_found_in_pixels_of_the_frame() -> None:
    middle = View(WIDTH_PX / 2, HEIGHT_PX / 2)
    seen = scene([Shot(10, 20)], [seat(0, 10, 20, WIDTH_PX / 2)], (10, 20, 0))
    (face,) = {tuple(box) for track in seen.tracks for box in track.boxes_px.tolist()}
    lips_px = Box(*face).top + 0.74 * face[3]
    found = close_up(Layout.speaker, middle, seen=seen)
    assert 25 < len(found) <= 51
    assert found[0].time_s == pytest.approx(0, abs=0.05)
    assert found[0].features[LIPS].center_x == pytest.approx(540, abs=1)
    assert found[0].features[LIPS].center_y == pytest.approx(lips_px * 1920 / HEIGHT_PX, abs=1)
    whole = close_up(Layout.fit, middle, seen=seen)
    assert whole[0].features[LIPS].center_y == pytest.approx(960 - 607.5 / 2 + lips_px * 1080 / WIDTH_PX, abs=1)
    assert close_up(Layout.speaker, View(0, HEIGHT_PX / 2), seen=seen) == []
    assert len(close_up(Layout.split, middle, middle, seen=seen)) == 2 * len(found)


def test_a_face_in_a_grid_is_found_in_its_panel_and_cut_off_at_the_seam() -> None:
    seen = scene([Shot(10, 20)], [seat(0, 10, 20, 1400, 700)], (10, 20, 0))
    elsewhere = View(300, 200, 3)
    found = close_up(Layout.grid, elsewhere, elsewhere, elsewhere, View(1400, 620, 3), seen=seen)
    assert all(box.left >= 540 and box.right <= 1080 and box.top >= 960 for face in found for box in face.features)
    assert found[0].features[LIPS].height > 0
    low = close_up(Layout.grid, View(1400, 520, 3), elsewhere, elsewhere, elsewhere, seen=seen)
    assert all(box.bottom <= 960 or not box.height for face in low for box in face.features)


def test_captions_of_a_close_up_are_moved_to_the_forehead() -> None:
    (track,) = scene([Shot(10, 20)], [seat(0, 10, 20, WIDTH_PX / 2)], (10, 20, 0)).tracks
    near = Track(0, track.times_s, track.boxes_px * 0 + [WIDTH_PX / 2 - 250, 100, 500, 800])
    found = close_up(
        Layout.speaker, View(WIDTH_PX / 2, HEIGHT_PX / 2), seen=replace(scene([Shot(10, 20)], []), tracks=(near,))
    )
    assert places_off_faces(CAPTIONS, found, STILL) == ((0.0, Place.top),)
