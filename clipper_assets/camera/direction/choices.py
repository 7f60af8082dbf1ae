"""Applies what people chose for single shots to the camera path of a clip.

A pure function of the path, the scene and the edits. In a chosen stretch the camera is directed as if the chosen people
spoke, and nobody else; before and after it the automatic path stays as it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import hypot

import numpy as np

from clipper_assets.camera.direction.cast import ABSENT_S
from clipper_assets.camera.direction.path import CameraPath, Keyframe
from clipper_assets.camera.scene import SAME_TIME_S, Scene, Shot, Turn
from clipper_assets.edits.model import ChosenFace, ShotChoice
from clipper_assets.edits.shots import SHORTEST_S
from clipper_assets.media.frame import Box
from clipper_assets.shows.show import Layout

SNAP_S = 0.5
"""The ends of a choice move to a cut of the automatic camera that is nearer than this.

Another analysis finds the same cuts some tenths of a second away, and a picture of that length looks like a flash.
"""
CHOSEN = "chosen by a person"


def with_choices(path: CameraPath, scene: Scene, choices: Sequence[ShotChoice]) -> tuple[CameraPath, list[str]]:
    """The path with the chosen layouts and people, and why a choice could not be followed, one phrase per reason.

    `path` is the automatic path of `scene`, in seconds of the episode, and no two choices overlap. Where no chosen face
    is in view, the automatic camera is used.
    """
    cuts_s = [scene.start_s, *(key.time_s for key in path.keyframes if not key.ease_s), scene.end_s]
    unmet = []
    for choice in choices:
        start_s, end_s = _span(choice, scene, cuts_s)
        if end_s - start_s < SHORTEST_S - SAME_TIME_S:
            continue
        people = _people(scene, choice.faces)
        for shot in scene.between(start_s, end_s).shots:
            taken = _take(scene.between(shot.start_s, shot.end_s), choice, people)
            if taken.keyframes:
                path = _replaced(path, shot, taken.keyframes, scene.end_s)
            else:
                path = _remarked(path, shot, taken.unmet)
            if taken.unmet:
                unmet.append(f"from {shot.start_s:.1f} to {shot.end_s:.1f} s {taken.unmet}")
    return path, unmet


def person_at(scene: Scene, face: ChosenFace) -> int | None:
    """The person whose face is at this place at this time; None if nobody's face is.

    The centre of a face's box may lie up to half of the box away, because face detectors draw boxes differently.
    """
    x_px, y_px = face.x * scene.width_px, face.y * scene.height_px
    nearest, least = None, 1.0
    for track in scene.tracks:
        number = int(np.abs(track.times_s - face.time).argmin())
        box = Box(*track.boxes_px[number].tolist())
        distance = hypot(box.center_x - x_px, box.center_y - y_px) / (max(box.width, box.height) / 2)
        if abs(track.times_s[number] - face.time) <= ABSENT_S and distance < least:
            nearest, least = track.person, distance
    return nearest


def chosen_face(scene: Scene, person: int, start_s: float, end_s: float) -> ChosenFace | None:
    """Where the face of a person is between two times, as near to their middle as it is seen; None if it is not."""
    middle_s = (start_s + end_s) / 2
    seen = [
        (abs(time_s - middle_s), time_s, Box(*box))
        for track in scene.between(start_s, end_s).tracks
        if track.person == person
        for time_s, box in zip(track.times_s.tolist(), track.boxes_px.tolist(), strict=True)
    ]
    if not seen:
        return None
    _, time_s, box = min(seen)
    x, y = (min(max(share, 0.0), 1.0) for share in (box.center_x / scene.width_px, box.center_y / scene.height_px))
    return ChosenFace(time=round(time_s, 3), x=round(x, 4), y=round(y, 4))


@dataclass(frozen=True)
class _Take:
    """How a shot is shown as a person chose; `unmet` says what is not possible, as a phrase, empty if all is.

    Without keyframes the automatic camera stays.
    """

    keyframes: tuple[Keyframe, ...]
    unmet: str = ""


def _take(scene: Scene, choice: ShotChoice, people: Sequence[int]) -> _Take:
    """The take of a scene with a single shot."""
    from clipper_assets.camera.direction.director import direct

    in_view = [person for person in people if any(track.person == person for track in scene.tracks)]
    if choice.faces and not in_view:
        return _Take((), "no chosen face is in view, so the camera is automatic")
    keyframes = direct(_as_if_speaking(scene, in_view, choice.layout), choice.layout).keyframes
    shown = {key.layout for key in keyframes}
    if Layout.fit in shown and choice.layout is not Layout.fit:
        return _Take((), "no face is in view for long enough, so the camera is automatic")
    possible = choice.layout is Layout.auto or shown == {choice.layout}
    unmet = "" if possible else f"the layout {choice.layout.value} is not possible"
    return _Take(tuple(replace(key, why=_why(key, unmet)) for key in keyframes), unmet)


def _why(key: Keyframe, unmet: str) -> str:
    moved = " and has moved" if key.ease_s else ""
    return f"{unmet}; {CHOSEN}{moved}" if unmet else f"{CHOSEN}{moved}"


def _as_if_speaking(scene: Scene, people: Sequence[int], layout: Layout) -> Scene:
    """The scene with turns of equal length in which each of these people speaks; the same scene for no people.

    The director fills a `grid` with people who do not speak, so others are left out of one.
    """
    if not people:
        return scene
    ends_s = np.linspace(scene.start_s, scene.end_s, len(people) + 1).tolist()
    turns = tuple(Turn(*span, person) for span, person in zip(pairwise(ends_s), people, strict=True))
    tracks = [track for track in scene.tracks if layout is not Layout.grid or track.person in people]
    return replace(scene, tracks=tuple(tracks), turns=turns)


def _people(scene: Scene, faces: Iterable[ChosenFace]) -> list[int]:
    """The people whose faces these are, each once; faces that nobody has any more are left out."""
    found = [person for face in faces if (person := person_at(scene, face)) is not None]
    return list(dict.fromkeys(found))


def _span(choice: ShotChoice, scene: Scene, cuts_s: Sequence[float]) -> tuple[float, float]:
    """Start and end of a choice in a scene, moved to the cuts nearby unless that leaves too little."""
    start_s, end_s = max(choice.start, scene.start_s), min(choice.end, scene.end_s)
    snapped = (_snapped(start_s, cuts_s), _snapped(end_s, cuts_s))
    return snapped if snapped[1] - snapped[0] >= SHORTEST_S else (start_s, end_s)


def _snapped(time_s: float, cuts_s: Sequence[float]) -> float:
    nearest_s = min(cuts_s, key=lambda cut_s: abs(cut_s - time_s))
    return nearest_s if abs(nearest_s - time_s) < SNAP_S else time_s


def _replaced(path: CameraPath, shot: Shot, keyframes: Sequence[Keyframe], end_s: float) -> CameraPath:
    """The path, which ends at `end_s`, with other keyframes in a shot; after it, the path continues with a cut."""
    before = [key for key in path.keyframes if key.time_s < shot.start_s - SAME_TIME_S]
    rest = [key for key in path.keyframes if key.time_s >= shot.end_s - SAME_TIME_S]
    if rest and rest[0].time_s <= shot.end_s + SAME_TIME_S:
        rest[0] = replace(rest[0], ease_s=0.0)
    elif shot.end_s < end_s - SAME_TIME_S:
        until = [key for key in path.keyframes if key.time_s < shot.end_s]
        rest.insert(0, replace(until[-1], time_s=shot.end_s, ease_s=0.0))
    return CameraPath((*before, *keyframes, *rest))


def _remarked(path: CameraPath, shot: Shot, remark: str) -> CameraPath:
    """The path with a remark before the reasons of the keyframes in a shot."""
    inside = (shot.start_s - SAME_TIME_S, shot.end_s - SAME_TIME_S)
    return CameraPath(
        tuple(
            replace(key, why=f"{remark}: {key.why}") if inside[0] <= key.time_s < inside[1] else key
            for key in path.keyframes
        )
    )
