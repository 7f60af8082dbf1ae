"""Keeps the captions of a clip off the mouths of the people in it."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from clipper_assets.camera.direction.crop import Size, are_wide, shown_boxes, views_at
from clipper_assets.camera.direction.panels import layout_in, panels_px
from clipper_assets.camera.direction.path import CameraPath
from clipper_assets.camera.scene import Scene
from clipper_assets.captions.layout import Captions, Place
from clipper_assets.clips.plan import ClipPlan
from clipper_assets.media.frame import Box, Frame
from clipper_assets.shows.show import Layout

MOUTH_TOP, MOUTH_HEIGHT = 0.64, 0.18
"""Where the lips are in the box of a face, from the forehead to the chin: shares of its height, with some room."""
MOUTH_LEFT, MOUTH_WIDTH = 0.2, 0.6
COVERED = 0.3
"""Share of a mouth's box above which captions count as covering it: below, they touch only the chin (the sample)."""
MOST_COVERED = 0.05
"""Share of the time with captions in which they may cover a mouth before they are moved."""
SAMPLE_S = 0.2
"""Time between two positions of a face that are looked at; a speaker does not move far in it."""


class Mouth(NamedTuple):
    """The box of a mouth in pixels of the clip's frame, at a time in seconds of the clip."""

    time_s: float
    box: Box


def mouths_in_clip(scene: Scene, path: CameraPath, plan: ClipPlan, source_size_px: Size) -> list[Mouth]:
    """The mouths of all faces that the clip shows, by time. `path` and `scene` count in seconds of the episode."""
    mouths = []
    for track in scene.tracks:
        last_s = float("-inf")
        for time_s, box in zip(track.times_s.tolist(), track.boxes_px.tolist(), strict=True):
            if time_s - last_s < SAMPLE_S or not plan.cuts.contains(time_s - plan.start_s):
                continue
            last_s = time_s
            shown = _in_frame(_mouth(Box(*box)), path, time_s, plan.frame, source_size_px)
            mouths += [Mouth(plan.cuts.at(time_s - plan.start_s), each) for each in shown]
    return sorted(mouths)


def place_off_mouths(captions: Captions, mouths: Sequence[Mouth]) -> Place | None:
    """Where the captions cover mouths least; None where the style's position does not cover any for long.

    One place serves for the whole clip, because captions that jump are hard to follow. Captions at the top would take
    the room of a hook title.
    """
    if not mouths or not captions.words:
        return None
    own = Place(captions.style.position.value)
    others = [place for place in Place if place is not own and not (captions.hook and place is Place.top)]
    shares = {own: covered_share(captions, mouths)}
    for place in others:
        if min(shares.values()) > MOST_COVERED:
            shares[place] = covered_share(replace(captions, place=place), mouths)
    best = min(shares, key=lambda place: shares[place])
    return None if best is own or shares[own] <= MOST_COVERED else best


def covered_share(captions: Captions, mouths: Sequence[Mouth]) -> float:
    """The share, 0 to 1, of the moments with captions and a mouth in which captions cover one."""
    blocks = captions.blocks
    starts_s = [block.start_s for block in blocks]
    covered: dict[float, bool] = {}
    for mouth in mouths:
        number = bisect_right(starts_s, mouth.time_s) - 1
        if number >= 0 and mouth.time_s < blocks[number].end_s:
            overlap = max(_overlap(line.box, mouth.box) for line in blocks[number].lines)
            covered[mouth.time_s] = covered.get(mouth.time_s, False) or overlap > COVERED
    return sum(covered.values()) / len(covered) if covered else 0.0


def _mouth(face: Box) -> Box:
    return Box(
        face.left + MOUTH_LEFT * face.width,
        face.top + MOUTH_TOP * face.height,
        MOUTH_WIDTH * face.width,
        MOUTH_HEIGHT * face.height,
    )


def _in_frame(box: Box, path: CameraPath, time_s: float, frame: Frame, source_size_px: Size) -> Iterator[Box]:
    """Where a box of the source is seen in the frame: once for each panel that shows its centre."""
    layout, views = views_at(path, time_s)
    layout = layout_in(frame, layout)
    shown = shown_boxes(path, time_s, frame, source_size_px)
    if layout is Layout.fit:
        scale = min(frame.width_px / source_size_px[0], frame.height_px / source_size_px[1])
        width_px, height_px = source_size_px[0] * scale, source_size_px[1] * scale
        places = [Box((frame.width_px - width_px) / 2, (frame.height_px - height_px) / 2, width_px, height_px)]
    else:
        places = panels_px(layout, len(views), frame, wide=are_wide(views))
    for crop, place in zip(shown, places, strict=True):
        if crop.left <= box.center_x <= crop.right and crop.top <= box.center_y <= crop.bottom:
            scale = place.width / crop.width
            yield Box(
                place.left + (box.left - crop.left) * scale,
                place.top + (box.top - crop.top) * scale,
                box.width * scale,
                box.height * scale,
            )


def _overlap(caption: Box, mouth: Box) -> float:
    """The share of the mouth that the caption covers."""
    width_px = min(caption.right, mouth.right) - max(caption.left, mouth.left)
    height_px = min(caption.bottom, mouth.bottom) - max(caption.top, mouth.top)
    return max(width_px, 0) * max(height_px, 0) / max(mouth.width * mouth.height, 1)
