"""Composes pictures of several people: tiles of a remote recording, people in one room, slides beside tiles.

Layouts are planned on a canvas of 1280x720 and drawn at any size of the same shape.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from clipper_assets.media.frame import Box
from clipper_assets_tests.support.face_clips import Clip
from clipper_assets_tests.support.media import Picture

CANVAS = Box(0, 0, 1280, 720)
EDGE_PX = 3
"""Rows and columns at the border of a clip that are dark, and are not shown."""


class Backdrop(Enum):
    """What is behind the people: nothing, as in a remote recording, a room, or one of two slides."""

    black = "black"
    room = "room"
    slide = "slide"
    next_slide = "next slide"


@dataclass(frozen=True)
class Seat:
    """A person in the picture: `pane` is filled with the clip, scaled to a height and centre of the face's box.

    With `cut_out` only the person is drawn, and what is behind stays. All in pixels of the canvas.
    """

    person: int
    pane: Box
    face_height: float
    face_x: float
    face_y: float
    cut_out: bool = False


def filling(person: int, clip: Clip, pane: Box, enlarged: float = 1.0) -> Seat:
    """The clip as large as needed to fill the pane, times `enlarged`; the face is as near the middle as possible."""
    height, width = (side - 2 * EDGE_PX for side in clip.pictures.shape[1:3])
    scale = max(pane.width / width, pane.height / height) * enlarged
    face = clip.face
    x, y = scale * (face.center_x - EDGE_PX), scale * (face.center_y - EDGE_PX)
    left = min(max(x - pane.width / 2, 0.0), scale * width - pane.width)
    top = min(max(y - pane.height / 2, 0.0), scale * height - pane.height)
    return Seat(person, pane, scale * face.height, pane.left + x - left, pane.top + y - top)


def roomy(person: int, pane: Box, share: float = 0.36) -> Seat:
    """A face of this share of the pane's height, a little above its middle, as in front of a webcam."""
    return Seat(person, pane, share * pane.height, pane.center_x, pane.top + 0.46 * pane.height)


def in_room(person: int, x: float, y: float, face_height: float) -> Seat:
    """A person in the room, whose face has its centre at a point."""
    left, top, right = x - 1.3 * face_height, y - 1.2 * face_height, x + 1.3 * face_height
    left, top, right = max(left, 0.0), max(top, 0.0), min(right, CANVAS.right)
    return Seat(person, Box(left, top, right - left, CANVAS.bottom - top), face_height, x, y, cut_out=True)


def face_of(seat: Seat, clip: Clip) -> Box:
    """The part of the face's box that is seen in the pane, in pixels of the canvas."""
    width = clip.face.width * seat.face_height / clip.face.height
    left, top = seat.face_x - width / 2, seat.face_y - seat.face_height / 2
    right, bottom = min(left + width, seat.pane.right), min(top + seat.face_height, seat.pane.bottom)
    left, top = max(left, seat.pane.left), max(top, seat.pane.top)
    return Box(left, top, right - left, bottom - top)


def scaled(box: Box, scale: float) -> Box:
    """The box in pixels of a picture that is `scale` times as large as the canvas."""
    return Box(*(scale * side for side in box))


def compose(
    backdrop: Backdrop,
    seats: tuple[Seat, ...],
    pictures: Mapping[int, Picture],
    clips: Mapping[int, Clip],
    scale: float,
) -> Picture:
    """The picture with these people, `scale` times as large as the canvas; `pictures` and `clips` are by person."""
    canvas = _backdrop(backdrop, scale).copy()
    for seat in seats:
        _draw(canvas, seat, pictures[seat.person], clips[seat.person], scale)
    return canvas


def _draw(canvas: Picture, seat: Seat, picture: Picture, clip: Clip, scale: float) -> None:
    left, top, right, bottom = _edges(seat, scale)
    drawn = _moved(picture, seat, clip, scale)
    pane = canvas[top:bottom, left:right]
    if seat.cut_out:
        _draw_body(pane, seat, clip, scale)
        opaque = _opaque(seat, clip, scale)
        drawn = ((drawn * opaque + pane * (255 - opaque)) // 255).astype(np.uint8)
    pane[:] = drawn


def _edges(seat: Seat, scale: float) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the pane in pixels of the picture."""
    pane = seat.pane
    return round(scale * pane.left), round(scale * pane.top), round(scale * pane.right), round(scale * pane.bottom)


def _move(seat: Seat, clip: Clip, scale: float) -> NDArray[np.float64]:
    """How pixels of the clip without its edges move to pixels of the pane, as an affine matrix of shape (2, 3)."""
    left, top, _, _ = _edges(seat, scale)
    enlarged = scale * seat.face_height / clip.face.height
    x = scale * seat.face_x - left - enlarged * (clip.face.center_x - EDGE_PX)
    y = scale * seat.face_y - top - enlarged * (clip.face.center_y - EDGE_PX)
    return np.array([[enlarged, 0, x], [0, enlarged, y]])


def _moved(picture: Picture, seat: Seat, clip: Clip, scale: float, border: int = cv2.BORDER_REPLICATE) -> Picture:
    left, top, right, bottom = _edges(seat, scale)
    shown = picture[EDGE_PX:-EDGE_PX, EDGE_PX:-EDGE_PX]
    move = _move(seat, clip, scale)
    moved = cv2.warpAffine(shown, move, (right - left, bottom - top), flags=cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(moved, np.uint8)


def _draw_body(pane: Picture, seat: Seat, clip: Clip, scale: float) -> None:
    """Draw shoulders and chest, of which the clip shows little, in the colours of the clothes."""
    height = clip.pictures.shape[1]
    move = _move(seat, clip, scale)
    center_x, top = move @ (clip.face.center_x - EDGE_PX, height - 2 * EDGE_PX - 0.1 * clip.face.height, 1)
    wide, high = 1.15 * move[0, 0] * clip.face.width, 0.5 * move[0, 0] * clip.face.height
    border = clip.pictures[0, -12, :, :][clip.mask[-12] > 128]
    colour = tuple(int(value) for value in np.median(border[:20], axis=0))
    cv2.ellipse(pane, ((center_x, top + high), (2 * wide, 2 * high), 0), colour, cv2.FILLED, cv2.LINE_AA)
    lower = (round(center_x - wide), round(top + high)), (round(center_x + wide), len(pane))
    cv2.rectangle(pane, *lower, colour, cv2.FILLED)


@cache
def _opaque(seat: Seat, clip: Clip, scale: float) -> NDArray[np.uint16]:
    """The mask of the clip in its place, of shape (height, width, 1)."""
    return _moved(clip.mask, seat, clip, scale, cv2.BORDER_CONSTANT)[..., None].astype(np.uint16)


@cache
def _backdrop(backdrop: Backdrop, scale: float) -> Picture:
    width, height = round(scale * CANVAS.width), round(scale * CANVAS.height)
    if backdrop == Backdrop.black:
        return np.zeros((height, width, 3), np.uint8)
    drawn = _room() if backdrop == Backdrop.room else _slide(backdrop == Backdrop.next_slide)
    return np.asarray(cv2.resize(drawn, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _room() -> Picture:
    """A wall with light from the left, a window, a picture and a shelf of books; out of focus."""
    random = np.random.default_rng(19)
    light = np.linspace(185, 120, int(CANVAS.width))[None, :, None] * np.array([1.0, 0.93, 0.82])
    room = np.repeat(light, int(CANVAS.height), axis=0).astype(np.uint8)
    cv2.rectangle(room, (90, 60), (300, 330), (215, 225, 235), cv2.FILLED)
    cv2.rectangle(room, (90, 60), (300, 330), (95, 80, 66), 8)
    cv2.rectangle(room, (560, 70), (740, 200), (70, 92, 88), cv2.FILLED)
    for left in range(960, 1220, 26):
        colour = tuple(int(value) for value in random.integers(50, 170, 3))
        cv2.rectangle(room, (left, int(random.integers(90, 140))), (left + 22, 300), colour, cv2.FILLED)
    cv2.rectangle(room, (940, 300), (1240, 316), (84, 62, 44), cv2.FILLED)
    return np.asarray(cv2.GaussianBlur(room, (0, 0), 3), np.uint8)


def _slide(follows: bool) -> Picture:
    """A white slide with a heading and lines of text or bars, at the left of a dark window."""
    slide = np.full((int(CANVAS.height), int(CANVAS.width), 3), 24, np.uint8)
    cv2.rectangle(slide, (20, 90), (960, 619), (246, 246, 246), cv2.FILLED)
    heading = "What the listeners said" if follows else "Three questions for today"
    cv2.putText(slide, heading, (60, 170), cv2.FONT_HERSHEY_DUPLEX, 1.4, (30, 40, 90), 2, cv2.LINE_AA)
    for number, length in enumerate((660, 540, 720, 420)):
        top = 230 + 90 * number
        if follows:
            cv2.rectangle(slide, (60, top), (60 + length, top + 50), (60, 110 + 20 * number, 160), cv2.FILLED)
        else:
            text = f"{number + 1}. A line of text that is {length} pixels long"
            cv2.putText(slide, text, (60, top + 30), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (50, 50, 50), 2, cv2.LINE_AA)
    return slide


SLIDE = Box(20, 90, 940, 529)
"""Where the slide is on the canvas."""
