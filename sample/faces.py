"""The sample episode's people: two public-domain portraits cut out of their photographs, which speak, blink and sway.

A portrait is drawn in its own tile (half of the frame) at rest; each frame bends a patch around the mouth and the eyes
and then sways the whole person over the backdrop.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import numpy.typing as npt
import skimage.data
from PIL import Image
from voices import GUEST, HOST

TILE_WIDTH, TILE_HEIGHT = 640, 720

Floats = npt.NDArray[np.floating]
Bytes = npt.NDArray[np.uint8]
Point = tuple[float, float]


@dataclass(frozen=True)
class Portrait:
    """A photograph and its landmarks in the photograph's own pixels."""

    photograph: str
    zoom: float
    corner: Point  # of the photograph's part that fills the tile
    face: tuple[float, float, float, float]  # left, top, right, bottom
    mouth: tuple[Point, Point]  # the corners of the mouth
    sag: float  # how far the line between the lips hangs below the corners
    chin: float  # the chin's y
    teeth: bool  # the photograph shows the upper teeth
    colour: float  # saturation, 1 for the photograph's own
    eyes: tuple[tuple[float, float, float, float], ...]  # x, upper lid, lower lid, half width
    inside: list[Point]  # an outline surely within the person
    outside: list[Point]  # an outline surely around the person


PORTRAITS = {
    HOST: Portrait(
        photograph="astronaut",
        zoom=2.36,
        corner=(88, 0),
        face=(179, 63, 269, 173),
        mouth=((203.5, 140.0), (243.8, 141.3)),
        sag=8.9,
        chin=178,
        teeth=True,
        colour=1.0,
        eyes=((202.7, 96.9, 104.2, 9.2), (248.0, 98.9, 106.4, 10.4)),
        inside=[
            (165, 75), (175, 40), (220, 24), (270, 40), (292, 85), (276, 118), (262, 128), (256, 156), (253, 176),
            (262, 194), (290, 230), (300, 250), (340, 290), (360, 360), (360, 400), (40, 400), (50, 330), (70, 270),
            (115, 235), (125, 190), (150, 162), (188, 176), (182, 132), (172, 112),
        ],
        outside=[
            (146, 100), (148, 50), (180, 10), (225, 5), (275, 15), (306, 50), (306, 110), (282, 134), (268, 137),
            (261, 160), (256, 171), (285, 172), (310, 195), (312, 245), (345, 262), (370, 310), (380, 400), (15, 400),
            (20, 340), (40, 270), (70, 235), (104, 220), (104, 180), (130, 150), (182, 150), (176, 130), (166, 122),
        ],
    ),
    GUEST: Portrait(
        photograph="grace_hopper",
        zoom=1.32,
        corner=(22, 2),
        face=(173, 123, 357, 334),
        mouth=((229.6, 281.1), (306.9, 278.4)),
        sag=0.5,
        chin=328,
        teeth=False,
        colour=0.84,
        eyes=((222.5, 185.0, 195.4, 14.0), (305.6, 181.8, 192.4, 14.0)),
        inside=[
            (158, 140), (160, 105), (184, 60), (220, 32), (265, 26), (285, 37), (318, 54), (344, 82), (362, 100),
            (364, 140), (362, 185), (372, 200), (360, 235), (345, 270), (345, 290), (325, 320), (335, 334), (400, 364),
            (480, 395), (505, 450), (510, 599), (30, 599), (35, 480), (50, 390), (120, 362), (206, 330), (198, 286),
            (172, 260), (164, 225), (163, 190),
        ],
        outside=[
            (147, 165), (147, 100), (168, 82), (180, 45), (215, 20), (265, 20), (292, 30), (326, 44), (352, 72),
            (376, 95), (376, 170), (382, 200), (370, 260), (340, 316), (410, 350), (490, 382), (511, 420), (511, 599),
            (12, 599), (18, 470), (40, 380), (120, 351), (203, 320), (197, 297), (182, 298), (160, 280), (165, 262),
            (153, 215), (151, 185),
        ],
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Pose:
    """What a person does in one frame."""

    open: float = 0.0  # the mouth, 0 at rest; a little below 0 the lips press together
    wide: float = 0.0  # below 0 the lips round
    blink: float = 0.0  # 1: eyes shut
    shift: Point = (0.0, 0.0)  # px
    tilt: float = 0.0  # degrees


class Person:
    """A portrait that can be drawn in any pose."""

    def __init__(self, portrait: Portrait) -> None:
        self._portrait = portrait
        picture, alpha = _cut_out(portrait)
        self._picture = picture
        self._alpha = alpha
        zoom = portrait.zoom
        self._left, self._right = (self._tile(point) for point in portrait.mouth)
        self._sag = portrait.sag * zoom
        self._chin = self._tile((0, portrait.chin))[1]
        centre = (self._left[0] + self._right[0]) / 2
        reach = int((self._right[0] - self._left[0]) * 1.15)
        top = min(self._tile((0, eye[1]))[1] for eye in portrait.eyes) - 0.1 * reach
        eye_reach = max(abs(self._tile((eye[0], 0))[0] - centre) + 1.5 * eye[3] * zoom for eye in portrait.eyes)
        reach = max(reach, int(eye_reach))
        bottom = self._chin + 1.2 * (self._chin - self._left[1])
        self._patch = (int(centre) - reach, int(top), int(centre) + reach, int(bottom))

    @property
    def face(self) -> tuple[int, int, int, int]:
        """The face at rest in the tile: x, y, width, height."""
        left, top, right, bottom = self._portrait.face
        (x, y), (x2, y2) = self._tile((left, top)), self._tile((right, bottom))
        return round(x), round(y), round(x2 - x), round(y2 - y)

    def draw(self, pose: Pose, backdrop: Bytes) -> Bytes:
        """Draw the person before a tile of backdrop."""
        left, top, right, bottom = self._patch
        picture = self._picture.copy()
        picture[top:bottom, left:right] = self._expression(pose)
        centre = (TILE_WIDTH / 2, TILE_HEIGHT * 1.15)  # people sway about their seat
        matrix = cv2.getRotationMatrix2D(centre, pose.tilt, 1.0)
        matrix[:, 2] += np.array(pose.shift)
        size = (TILE_WIDTH, TILE_HEIGHT)
        moved = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        alpha = cv2.warpAffine(self._alpha, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        alpha = alpha[..., None]
        mixed = backdrop + (moved.astype(np.float32) - backdrop) * alpha
        return np.clip(mixed + 0.5, 0, 255).astype(np.uint8)

    def _tile(self, point: Point) -> Point:
        portrait = self._portrait
        return (point[0] - portrait.corner[0]) * portrait.zoom, (point[1] - portrait.corner[1]) * portrait.zoom

    @cached_property
    def _grid(self) -> tuple[Floats, Floats]:
        left, top, right, bottom = self._patch
        x, y = np.meshgrid(np.arange(left, right, dtype=np.float32), np.arange(top, bottom, dtype=np.float32))
        return x, y

    @cached_property
    def _fade(self) -> Floats:
        """1 inside the patch, 0 at its border, so that the patch joins the rest of the picture."""
        x, y = self._grid
        left, top, right, bottom = self._patch
        edge = np.minimum.reduce([x - left, right - 1 - x, y - top, bottom - 1 - y])
        fade: Floats = np.clip(edge / 12, 0, 1).astype(np.float32)
        return fade

    def _expression(self, pose: Pose) -> Bytes:
        x, y = self._grid
        half = (self._right[0] - self._left[0]) / 2
        centre = (self._left[0] + self._right[0]) / 2
        middle = (self._left[1] + self._right[1]) / 2
        slope = (self._right[1] - self._left[1]) / (2 * half)
        # Rounding and spreading the lips: squeeze the picture sideways around the mouth.
        near = np.exp(-(((x - centre) / (1.15 * half)) ** 2) - ((y - middle - self._sag) / (0.9 * half)) ** 2)
        across = x - centre - pose.wide * (x - centre) * near
        u = across / half
        arch = np.clip(1 - u**2, 0, 1)
        seam = middle + slope * across + self._sag * arch
        drop = pose.open * 0.42 * half * arch**0.75  # the lower lip's way down
        lift = max(pose.open, 0.0) * 0.07 * half * arch  # the upper lip's way up
        below = y - seam - drop
        above = seam - lift - y
        # Displacement of what lies below the lower lip: the lip itself, and the jaw down to the chin and neck.
        jaw_height = self._chin - middle
        t = np.maximum(below, 0)
        lip_part = drop * np.exp(-((t / (0.75 * jaw_height)) ** 2))
        jaw = pose.open * 0.24 * half * np.exp(-((u / 1.5) ** 2)) * (1 - np.exp(-((t / (0.45 * jaw_height)) ** 2)))
        jaw *= np.exp(-((np.maximum(t - 0.75 * jaw_height, 0) / (0.8 * jaw_height)) ** 2))
        down = np.where(below >= 0, lip_part + jaw, 0)
        up = np.where(above >= 0, lift * np.exp(-((np.maximum(above, 0) / (0.4 * half)) ** 2)), 0)
        from_y = y + self._lids(pose.blink)
        from_y += (up - down) * self._fade
        from_x = x + (centre + across - x) * self._fade
        map_x, map_y = from_x.astype(np.float32), from_y.astype(np.float32)
        drawn = cv2.remap(self._picture, map_x, map_y, cv2.INTER_CUBIC, None, cv2.BORDER_REPLICATE)
        return self._mouth(drawn.astype(np.float32), np.minimum(-below, -above), drop + lift, -above, half)

    def _mouth(self, drawn: Floats, depth: Floats, gap: Floats, under: Floats, half: float) -> Bytes:
        """Paint the open mouth: dark, with upper teeth below the upper lip and a tongue at the bottom."""
        room = np.maximum(gap, 1e-3)
        at = np.clip(under / room, 0, 1)[..., None]  # 0 at the upper lip, 1 at the lower lip
        dark = np.array([30, 12, 14], np.float32) + np.array([30, 10, 10], np.float32) * at**3
        tongue = np.clip((at - 0.55) / 0.3, 0, 1) * np.clip(gap / (0.3 * half) - 0.5, 0, 1)[..., None]
        dark += (np.array([138, 66, 66], np.float32) - dark) * 0.8 * tongue
        inner = dark
        if not self._portrait.teeth:
            height = np.minimum(0.34 * gap, 0.13 * half)
            band = np.clip((height - under) / 2 + 0.5, 0, 1) * np.clip(under / 4, 0.25, 1)
            inner = dark + (np.array([172, 158, 146], np.float32) - dark) * (0.85 * band)[..., None]
        cover = (np.clip(depth / 2 + 0.5, 0, 1) * np.clip(gap / 3, 0, 1))[..., None]
        return np.clip(drawn + (inner - drawn) * cover + 0.5, 0, 255).astype(np.uint8)

    def _lids(self, blink: float) -> Floats:
        """How far up to look for each pixel so that the upper lids cover the eyes."""
        x, y = self._grid
        offset = np.zeros_like(x)
        if blink <= 0:
            return offset
        for ex, upper, lower, half in self._portrait.eyes:
            cx, top = self._tile((ex, upper))
            bottom = self._tile((ex, lower))[1]
            wide = half * self._portrait.zoom * 1.15
            arch = np.clip(1 - ((x - cx) / wide) ** 2, 0, 1) ** 0.6
            lid = top + (bottom - top) * (1 - arch) * 0.5  # the open lid's edge
            travel = blink * (bottom - lid) * np.clip(arch * 1.5, 0, 1)
            start = lid - 0.9 * (bottom - top)  # skin above this line stays
            share = np.clip((y - start) / np.maximum(lid + travel - start, 1e-3), 0, 1)
            offset -= np.where(y <= lid + travel, travel * share, 0)
        return offset


def _photograph(name: str) -> Bytes:
    if name == "astronaut":
        return np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]  # skimage has no types
    path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"), np.uint8)


def _cut_out(portrait: Portrait) -> tuple[Bytes, Floats]:
    """Return the portrait's tile and how far each pixel belongs to the person."""
    photograph = _photograph(portrait.photograph)
    marks = np.full(photograph.shape[:2], cv2.GC_BGD, np.uint8)
    cv2.fillPoly(marks, [np.array(portrait.outside, np.int32)], cv2.GC_PR_BGD)
    cv2.fillPoly(marks, [np.array(portrait.inside, np.int32)], cv2.GC_FGD)
    cv2.setRNGSeed(1)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    whole = (0, 0, photograph.shape[1], photograph.shape[0])
    cv2.grabCut(photograph, marks, whole, background, foreground, 8, cv2.GC_INIT_WITH_MASK)
    photograph = np.asarray(cv2.bilateralFilter(photograph, 7, 30, 2), np.uint8)  # grain costs the film bits
    mask = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    zoom, (x, y) = portrait.zoom, portrait.corner
    matrix = np.array([[zoom, 0, -x * zoom], [0, zoom, -y * zoom]])
    size = (TILE_WIDTH, TILE_HEIGHT)
    tile = cv2.warpAffine(photograph, matrix, size, flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)
    soft = cv2.warpAffine(mask, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(soft, (0, 0), 2.2)
    alpha = np.clip((soft - 0.45) / 0.5, 0, 1)  # a little inside the outline: no fringe of the old background
    grey = tile.mean(axis=2, keepdims=True)
    tile = np.clip(grey + (tile - grey) * portrait.colour, 0, 255)
    return tile.astype(np.uint8), np.asarray(alpha, np.float32)
