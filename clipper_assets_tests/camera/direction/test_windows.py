"""The camera path of one clip, with and without faces, and with what a person chose."""

from dataclasses import fields, replace
from typing import Any

from clipper_assets.camera.direction.windows import clip_path
from clipper_assets.edits.model import ChosenFace, ShotChoice
from clipper_assets.episodes.source import RawVideo
from clipper_assets.highlights.window import Window
from clipper_assets.shows.show import Layout
from clipper_assets_tests.camera.scenes import HEIGHT_PX, ONE_SHOT, TWO, WIDTH_PX, readable, scene

TALK = scene(ONE_SHOT, TWO, (10.5, 39, 0))
WINDOW = Window(
    episode="a.mp4",
    clip=0,
    start=10.0,
    end=40.0,
    first_sentence=0,
    last_sentence=1,
    virality_score=5.0,
    hook="",
    title="",
    reason="",
    picker="heuristic",
)
FACTS: dict[str, Any] = {field.name: 0 for field in fields(RawVideo)}
SOURCE = RawVideo(**FACTS | {"width_px": WIDTH_PX, "height_px": HEIGHT_PX, "sample_aspect_ratio": 1.0})
RIGHT_FACE = ChosenFace(time=20.0, x=1520 / WIDTH_PX, y=400 / HEIGHT_PX)
CHOICE = ShotChoice(start=20, end=30, layout=Layout.speaker, faces=(RIGHT_FACE,))


def test_a_choice_changes_the_automatic_path() -> None:
    path, unmet = clip_path(WINDOW, Layout.auto, [CHOICE], TALK, SOURCE)
    assert readable(path) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "20.0 speaker 1493,517 x1.35: chosen by a person",
        "30.0 speaker 427,517 x1.35: person 0 speaks",
    ]
    assert unmet == []


def test_a_still_camera_has_no_faces_to_choose() -> None:
    fit = ShotChoice(start=30, end=35, layout=Layout.fit)
    path, unmet = clip_path(WINDOW, Layout.center, [CHOICE, fit], None, SOURCE)
    assert [f"{key.time_s:.1f} {key.layout.value}" for key in path.keyframes] == [
        "10.0 center",
        "30.0 fit",
        "35.0 center",
    ]
    assert unmet == ["from 20.0 to 30.0 s no chosen face is in view, so the camera is automatic"]


def test_a_recording_without_a_picture_has_no_choices() -> None:
    path, unmet = clip_path(WINDOW, Layout.auto, [CHOICE], None, replace(SOURCE, video_stream=None))
    assert [key.layout for key in path.keyframes] == [Layout.fit]
    assert unmet == []
