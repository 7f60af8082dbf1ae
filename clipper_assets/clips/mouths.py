"""Keeps the captions of a clip off the faces of the people in it, above all off mouths, chins and eyes."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import NamedTuple

from clipper_assets.camera.direction.crop import Size, views_at
from clipper_assets.camera.direction.path import CameraPath, Keyframe
from clipper_assets.camera.direction.pictures import picture_of
from clipper_assets.camera.scene import Scene
from clipper_assets.captions.layout import Captions, Place, Places
from clipper_assets.clips.plan import ClipPlan
from clipper_assets.media.frame import Box, Frame

FEATURES = (
    (0.0, 0.25, 0.2),
    (0.25, 0.5, 1.0),
    (0.5, 0.64, 0.5),
    (0.64, 0.84, 1.0),
    (0.84, 1.0, 0.5),
)
"""Forehead, eyes, nose, lips and chin: top and bottom in the box of a face, from the hairline to the chin, as shares of
its height, and the harm if captions cover them. Lips and eyes say most; a covered forehead costs the viewer little."""
FEATURE_LEFT, FEATURE_WIDTH = 0.15, 0.7
TOLERATED = 0.05
"""Mean harm in a stretch that moves no captions: a chin that is touched, or lips that are covered for a moment."""
SAMPLE_S = 0.2
"""Time between two positions of a face that are looked at; a speaker does not move far in it."""


class ShownFace(NamedTuple):
    """A face that the clip shows at a time in seconds of the clip: the boxes of its `FEATURES` in pixels of the frame.

    What is outside the face's panel is cut off, so that a box may be empty.
    """

    time_s: float
    features: tuple[Box, ...]


def faces_in_clip(scene: Scene, path: CameraPath, plan: ClipPlan, source_size_px: Size) -> list[ShownFace]:
    """All faces that the clip shows, by time. `path` and `scene` count in seconds of the episode."""
    faces = []
    for track in scene.tracks:
        last_s = float("-inf")
        for time_s, box in zip(track.times_s.tolist(), track.boxes_px.tolist(), strict=True):
            if time_s - last_s < SAMPLE_S or not plan.cuts.contains(time_s - plan.start_s):
                continue
            last_s, clip_s = time_s, plan.cuts.at(time_s - plan.start_s)
            for face, panel in _in_frame(Box(*box), path, time_s, plan.frame, source_size_px):
                faces.append(ShownFace(clip_s, tuple(_common(feature, panel) for feature in _features(face))))
    return sorted(faces)


def places_off_faces(captions: Captions, faces: Sequence[ShownFace], camera: CameraPath) -> Places:
    """Where the captions cover faces least; empty where the style's position covers nothing that matters.

    One place serves for the whole clip if there is one that covers nothing, because captions that jump are hard to
    follow. Else captions change their place, but only together with the picture: at cuts of `camera`, whose times are
    those of the clip, or after the hook title, whose room they never take.
    """
    if not faces or not captions.words:
        return ()
    own = Place(captions.style.position.value)
    starts_s = _starts(camera, captions)
    harms = {own: _harms(captions, own, faces, starts_s)}
    if max(harms[own]) <= TOLERATED:
        return ()
    harms |= {place: _harms(captions, place, faces, starts_s) for place in Place if place is not own}
    for place, harm in harms.items():
        if max(harm) <= TOLERATED:
            return ((0.0, place),)
    places: list[tuple[float, Place]] = []
    for number, start_s in enumerate(starts_s):
        before = places[-1][1] if places else own
        place = _best({place: harm[number] for place, harm in harms.items()}, own, before)
        if place is not before:
            places.append((start_s, place))
    return tuple(places)


def _best(harms: Mapping[Place, float], own: Place, before: Place) -> Place:
    """The style's place or that of the picture before, if it covers nothing that matters, else that of least harm."""
    free = [place for place in (own, before) if harms[place] <= TOLERATED]
    return free[0] if free else min(harms, key=lambda place: harms[place] - TOLERATED * (place is own))


def _starts(camera: CameraPath, captions: Captions) -> list[float]:
    """The times from which captions may stand in another place: cuts, and the first page after the hook title."""
    views, starts_s = None, {0.0}
    for key in camera.keyframes:
        if views is not None and not key.ease_s and key.views != views:
            starts_s.add(key.time_s)
        views = key.views
    title_end_s = captions.title.end_s if captions.title else 0.0
    after_s = [block.start_s for block in captions.blocks if block.start_s >= title_end_s > 0]
    return sorted({*starts_s, *after_s[:1]})


def _harms(captions: Captions, place: Place, faces: Sequence[ShownFace], starts_s: Sequence[float]) -> list[float]:
    """The mean harm of captions in that place in each stretch, over the moments with captions and a face.

    Of several faces at a moment, the one that is covered most counts. Infinite where a hook title needs the place.
    """
    placed = replace(captions, places=((0.0, place),))
    blocks, title = placed.blocks, captions.title
    block_starts_s = [block.start_s for block in blocks]
    moments: list[dict[float, float]] = [{} for _ in starts_s]
    for face in faces:
        number = bisect_right(block_starts_s, face.time_s) - 1
        if number >= 0 and face.time_s < blocks[number].end_s:
            harm = sum(
                weight * min(sum(_covered(line.box, feature) for line in blocks[number].lines), 1.0)
                for feature, (_, _, weight) in zip(face.features, FEATURES, strict=True)
            )
            stretch = moments[bisect_right(starts_s, face.time_s) - 1]
            stretch[face.time_s] = max(stretch.get(face.time_s, 0.0), harm)
    harms = [fmean(stretch.values()) if stretch else 0.0 for stretch in moments]
    if title and place in {Place.top, Place.high}:
        for block in blocks:
            if block.start_s < title.end_s:
                harms[bisect_right(starts_s, block.middle_s) - 1] = float("inf")
    return harms


def _features(face: Box) -> Iterator[Box]:
    for top, bottom, _ in FEATURES:
        yield Box(
            face.left + FEATURE_LEFT * face.width,
            face.top + top * face.height,
            FEATURE_WIDTH * face.width,
            (bottom - top) * face.height,
        )


def _in_frame(
    box: Box, path: CameraPath, time_s: float, frame: Frame, source_size_px: Size
) -> Iterator[tuple[Box, Box]]:
    """Where a box of the source is seen in the frame, and in which panel: once for each panel that shows its centre."""
    key = Keyframe(time_s, *views_at(path, time_s))
    for crop, panel in picture_of(key, frame, source_size_px):
        if crop.left <= box.center_x <= crop.right and crop.top <= box.center_y <= crop.bottom:
            scale = panel.width / crop.width
            left, top = panel.left + (box.left - crop.left) * scale, panel.top + (box.top - crop.top) * scale
            yield Box(left, top, box.width * scale, box.height * scale), panel


def _common(one: Box, other: Box) -> Box:
    """What two boxes have in common; of no width or height if they do not meet."""
    left, top = max(one.left, other.left), max(one.top, other.top)
    width, height = min(one.right, other.right) - left, min(one.bottom, other.bottom) - top
    return Box(left, top, max(width, 0.0), max(height, 0.0))


def _covered(caption: Box, feature: Box) -> float:
    """The share of a feature that a line of captions covers."""
    _, _, width, height = _common(caption, feature)
    return width * height / max(feature.width * feature.height, 1.0)
