"""The view of a clip's shots: what the camera shows when, and who could be shown."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from pydantic import BaseModel, Field

from clipper_assets.api.repository.camera import ClipCamera
from clipper_assets.camera.direction.choices import person_at
from clipper_assets.camera.direction.path import Keyframe
from clipper_assets.camera.direction.pictures import picture_of
from clipper_assets.camera.scene import Scene
from clipper_assets.edits.model import ChosenFace, ShotChoice
from clipper_assets.media.frame import Box
from clipper_assets.shows.show import Layout


class Rectangle(BaseModel):
    """A rectangle in pixels."""

    left: float
    top: float
    width: float
    height: float


class Panel(BaseModel):
    """A rectangle of the recording, and the place in the clip at which it is shown."""

    source: Rectangle
    frame: Rectangle


class Picture(BaseModel):
    """What the clip shows from `time` on. The panels move there from those before it within `ease` seconds."""

    time: float
    ease: float = Field(description="0: a cut; else the share t of the way is eased as 3t² - 2t³")
    panels: list[Panel] = Field(description="the whole recording for `fit`, with a blurred copy behind it")


class Shot(BaseModel):
    """A stretch of a clip without a cut, in seconds of the episode."""

    start: float
    end: float
    layout: Layout
    why: str
    chosen: Layout | None = Field(None, description="the layout that a person chose; null if the camera is automatic")
    chosen_people: list[int] = Field([], description="the people whom a person chose, of those in view")
    in_view: list[int] = Field([], description="the people whose faces are in view, from left to right")
    pictures: list[Picture]


class Person(BaseModel):
    """A person in the clip. The number may change when the episode is analysed again; edits keep the face's place."""

    person: int
    chip_url: str | None = Field(description="a small square picture of the face; null if it was not made")


class Shots(BaseModel):
    """The camera of a clip, with edits that are not rendered yet. Sizes are in pixels, times in seconds."""

    version: int = Field(description="version of the edits that is shown")
    layout: Layout = Field(description="the layout of the clip, where no shot has one of its own")
    width: int = Field(description="of the recording, upright, in square pixels")
    height: int
    frame_width: int = Field(description="of the clip")
    frame_height: int
    video_url: str | None = Field(
        description="a small video of the clip's part of the recording, for previews; null if it was not made"
    )
    video_start: float = Field(description="when that video begins, in seconds of the episode")
    people: list[Person] = Field(description="everybody whose face was found in the clip")
    shots: list[Shot]
    unmet: list[str] = Field(description="why a choice cannot be followed, one phrase per reason")


def shots_view(camera: ClipCamera, choices: Sequence[ShotChoice], version: int, url: Callable[[str], str]) -> Shots:
    """Builds the view of a clip's shots with these choices; `url` returns the URL of an object for browsers."""
    path, unmet = camera.path(choices)
    width_px, height_px = camera.source.square_size_px
    people = sorted({track.person for track in camera.scene.tracks}) if camera.scene else []
    preview, chips = camera.clip.preview, _chips(camera)
    cuts = [number for number, key in enumerate(path.keyframes) if not key.ease_s]
    shots = [path.keyframes[first:end] for first, end in pairwise([*cuts, len(path.keyframes)])]
    ends_s = [*(keys[0].time_s for keys in shots[1:]), camera.window.end]
    return Shots(
        version=version,
        layout=camera.layout,
        width=width_px,
        height=height_px,
        frame_width=camera.frame.width_px,
        frame_height=camera.frame.height_px,
        video_url=url(preview.key) if preview else None,
        video_start=camera.clip.start_time,
        people=[Person(person=each, chip_url=url(chips[each]) if each in chips else None) for each in people],
        shots=[_shot(camera, keys, end_s, choices) for keys, end_s in zip(shots, ends_s, strict=True)],
        unmet=unmet,
    )


def _chips(camera: ClipCamera) -> dict[int, str]:
    """Keys of the chips by person; they were made with the clip, when people may have had other numbers."""
    if camera.scene is None or camera.clip.preview is None:
        return {}
    faces = camera.clip.preview.faces
    people = [person_at(camera.scene, ChosenFace(time=face.time, x=face.x, y=face.y)) for face in faces]
    return {person: face.key for person, face in zip(people, faces, strict=True) if person is not None}


def _shot(camera: ClipCamera, keys: Sequence[Keyframe], end_s: float, choices: Sequence[ShotChoice]) -> Shot:
    start_s = keys[0].time_s
    middle_s = (start_s + end_s) / 2
    choice = next((each for each in choices if each.start <= middle_s < each.end), None)
    in_view = _in_view(camera.scene, start_s, end_s) if camera.scene else []
    chosen = [person_at(camera.scene, face) for face in choice.faces] if choice and camera.scene else []
    return Shot(
        start=start_s,
        end=end_s,
        layout=keys[0].layout,
        why=keys[0].why,
        chosen=choice.layout if choice else None,
        chosen_people=[person for person in chosen if person in in_view],
        in_view=in_view,
        pictures=[_picture(camera, key) for key in keys],
    )


def _in_view(scene: Scene, start_s: float, end_s: float) -> list[int]:
    """The people with a face between two times, from left to right."""
    part = scene.between(max(start_s, scene.start_s), min(end_s, scene.end_s))
    lefts = {track.person: float(track.boxes_px[:, 0].mean()) for track in part.tracks}
    return sorted(lefts, key=lambda person: lefts[person])


def _picture(camera: ClipCamera, key: Keyframe) -> Picture:
    panels = picture_of(key, camera.frame, camera.source.square_size_px)
    return Picture(
        time=key.time_s,
        ease=key.ease_s,
        panels=[Panel(source=_rectangle(panel.source), frame=_rectangle(panel.frame)) for panel in panels],
    )


def _rectangle(box: Box) -> Rectangle:
    return Rectangle(**{side: round(value, 1) for side, value in box._asdict().items()})
