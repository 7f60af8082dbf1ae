from dataclasses import replace

import pytest

from clipper_assets.camera.direction.path import CameraPath, Keyframe, View
from clipper_assets.camera.scene import Scene, Shot
from clipper_assets.captions.layout import Captions, Place
from clipper_assets.captions.styles import load_style
from clipper_assets.clips.cuts import TimeMap
from clipper_assets.clips.mouths import Mouth, covered_share, mouths_in_clip, place_off_mouths
from clipper_assets.media.frame import FRAMES, Aspect, Box
from clipper_assets.shows.show import Layout
from clipper_assets.transcript.words import Word
from clipper_assets_tests.camera.scenes import HEIGHT_PX, WIDTH_PX, scene, seat
from clipper_assets_tests.captions.drawing import captions_of
from clipper_assets_tests.clips.test_plan import LOOK, planned

WORDS = [Word(f"word{number}", number * 0.5, number * 0.5 + 0.4, 0) for number in range(20)]
PLAN = planned(0.0, 10.0, WORDS)
CAPTIONS = PLAN.captions
AT_BOTTOM, IN_MIDDLE, AT_TOP = (Box(400, top_px, 200, 100) for top_px in (1100.0, 900.0, 300.0))


def mouths(*boxes: Box) -> list[Mouth]:
    return [Mouth(number * 0.2, box) for number in range(45) for box in boxes]


@pytest.mark.parametrize(
    ("boxes", "place"),
    [
        ([], None),
        ([AT_TOP], None),
        ([Box(400, 1300, 200, 100)], None),
        ([AT_BOTTOM], Place.middle),
        ([AT_BOTTOM, IN_MIDDLE], Place.top),
    ],
)
def test_captions_move_only_where_they_would_cover_a_mouth(boxes: list[Box], place: Place | None) -> None:
    assert place_off_mouths(CAPTIONS, mouths(*boxes)) is place
    if place:
        assert covered_share(CAPTIONS, mouths(*boxes)) == 1
        assert covered_share(replace(CAPTIONS, place=place), mouths(*boxes)) == 0


def test_a_short_cover_moves_nothing() -> None:
    assert place_off_mouths(CAPTIONS, [Mouth(0.2, AT_BOTTOM), *mouths(AT_TOP)[2:]]) is None


def test_the_place_that_covers_least_is_used_if_none_is_free() -> None:
    everywhere = [*mouths(AT_BOTTOM, IN_MIDDLE), *(Mouth(0.2 * number, AT_TOP) for number in range(10))]
    assert place_off_mouths(CAPTIONS, everywhere) is Place.top


def test_captions_never_take_the_room_of_a_hook_title() -> None:
    titled = replace(CAPTIONS, hook="Why bread?")
    assert place_off_mouths(titled, mouths(AT_BOTTOM, IN_MIDDLE)) is None
    assert place_off_mouths(titled, mouths(AT_BOTTOM)) is Place.middle


@pytest.mark.parametrize("aspect", list(Aspect))
def test_every_place_is_inside_the_safe_area(aspect: Aspect) -> None:
    for place in Place:
        captions = Captions(PLAN.words, load_style("pop"), FRAMES[aspect], 10.0, place=place)
        safe = captions.frame.safe
        assert all(safe.top - 1 <= each.box.top and each.box.bottom <= safe.bottom + 1 for each in captions.boxes)


def close_up(layout: Layout, view: View, seen: Scene, aspect: Aspect = Aspect.portrait) -> list[Mouth]:
    path = CameraPath((Keyframe(10.0, layout, (view,) * (2 if layout is Layout.split else 1)),))
    plan = replace(planned(10.0, 20.0, WORDS, look=replace(LOOK, frame=FRAMES[aspect])), cuts=TimeMap.whole(10.0))
    return mouths_in_clip(seen, path, plan, (WIDTH_PX, HEIGHT_PX))


def test_mouths_are_found_in_pixels_of_the_frame() -> None:
    seen = scene([Shot(10, 20)], [seat(0, 10, 20, WIDTH_PX / 2)], (10, 20, 0))
    (face,) = {tuple(box) for track in seen.tracks for box in track.boxes_px.tolist()}
    mouth_px = Box(*face).top + 0.73 * face[3]
    found = close_up(Layout.speaker, View(WIDTH_PX / 2, HEIGHT_PX / 2), seen)
    assert 25 < len(found) <= 51
    assert found[0].time_s == pytest.approx(0, abs=0.05)
    assert found[0].box.center_x == pytest.approx(540, abs=1)
    assert found[0].box.center_y == pytest.approx(mouth_px * 1920 / HEIGHT_PX, abs=1)
    whole = close_up(Layout.fit, View(WIDTH_PX / 2, HEIGHT_PX / 2), seen)
    assert whole[0].box.center_y == pytest.approx(960 - 607.5 / 2 + mouth_px * 1080 / WIDTH_PX, abs=1)
    assert close_up(Layout.speaker, View(0, HEIGHT_PX / 2), seen) == []
    assert len(close_up(Layout.split, View(WIDTH_PX / 2, HEIGHT_PX / 2), seen)) == 2 * len(found)


def test_captions_of_a_close_up_are_moved_off_the_lips() -> None:
    face = Box(WIDTH_PX / 2 - 250, 200, 500, 600)
    (track,) = scene([Shot(10, 20)], [seat(0, 10, 20, WIDTH_PX / 2)], (10, 20, 0)).tracks
    boxes = track.boxes_px * 0 + [*face]
    seen = replace(scene([Shot(10, 20)], [], (10, 20, None)), tracks=(replace(track, boxes_px=boxes),))
    found = close_up(Layout.speaker, View(WIDTH_PX / 2, HEIGHT_PX / 2), seen)
    captions = captions_of(PLAN.words, load_style("pop"), 10.0)
    assert covered_share(captions, found) > 0.9
    place = place_off_mouths(captions, found)
    assert place is not None
    assert covered_share(replace(captions, place=place), found) == 0
