"""Computes the camera path of a scene: cuts (`cutting`), composed pictures (`composition`) and reframes.

A pure function of tables. The camera holds still while a face stays near its place, and a cut back to a person shows
the same picture as before. When a face leaves its place for good, one slow move follows it. No move crosses a cut.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.direction.cast import Cast, Subject, cast_of
from clipper_assets.camera.direction.composition import Composer
from clipper_assets.camera.direction.cutting import Stretch, stretches
from clipper_assets.camera.direction.path import CameraPath, Keyframe, View
from clipper_assets.camera.scene import Scene, Seconds
from clipper_assets.media.frame import Box
from clipper_assets.shows.show import Layout

Positions = NDArray[np.float64]
"""Rows of coordinates, one for each time, of shape (n, k), in units of `COMFORT`."""

STEP_S = 0.2
"""Interval at which the positions of faces are sampled."""
COMFORT = 0.18
"""Tolerated distance between a view and the ideal one, as a share of the crop's width; the face stays well inside."""
AWAY_S = 0.7
"""A face that leaves its place for a shorter time, in a nod or a laugh, is not followed."""
SETTLED_S = 2.0
"""Least time between a cut and a reframe, and between two reframes."""
EASE_S = 1.0
SAME_SIZE = 1.15
"""Largest ratio of two zooms that count as the same."""


def direct(scene: Scene, requested: Layout) -> CameraPath:
    """The camera path of a scene, in seconds of the episode; the same for all aspect ratios.

    `auto` chooses `screen` while slides are shown, `split` while two people talk to each other in short turns, `fit`
    while there is no face, or several people are in view and none is heard for long, and else `speaker`. Any other
    layout is used wherever it is possible. There is a keyframe with ease 0 at each cut of the source.
    """
    composer = Composer((scene.width_px, scene.height_px))
    if requested in {Layout.fit, Layout.center}:
        return CameraPath((Keyframe(scene.start_s, requested, (composer.whole(),), why="requested layout"),))
    keyframes: list[Keyframe] = []
    previous: Subject = ()
    setups: dict[_Panel, View] = {}
    for shot in scene.shots:
        cast = cast_of(shot, scene.tracks, composer.together_px)
        operator = _Operator(cast, composer, setups)
        for stretch in stretches(cast, scene.turns, requested, previous):
            keyframes += operator.keyframes(stretch)
            if len(stretch.subjects) == 1:
                previous = stretch.subjects[0]
    return CameraPath(tuple(keyframes))


@dataclass(frozen=True)
class _Panel:
    """A panel of a layout and the subject that it shows.

    `others` are the other faces in the same picture, and `tile` is this picture in a remote recording.
    """

    layout: Layout
    number: int
    count: int
    subject: Subject
    others: Sequence[Box] = field(compare=False)
    tile: Box | None = field(compare=False)


@dataclass(frozen=True)
class _Operator:
    """Frames one shot of the source; `setups` holds the latest view of each panel and is shared between shots."""

    cast: Cast
    composer: Composer
    setups: dict[_Panel, View]

    def keyframes(self, stretch: Stretch) -> Iterator[Keyframe]:
        """The keyframes of a stretch: a cut to its picture, then reframes."""
        layout, screen = stretch.layout, self.cast.shot.screen
        if layout == Layout.fit:
            yield Keyframe(stretch.start_s, layout, (self.composer.whole(),), why=stretch.why)
            return
        slides = (self.composer.screen(screen),) if layout == Layout.screen and screen else ()
        count = len(slides) + len(stretch.subjects)
        panels = [self._panel(layout, number, count, who) for number, who in enumerate(stretch.subjects, len(slides))]
        times_s = np.arange(stretch.start_s, stretch.end_s, STEP_S)
        ideal = np.concatenate([self._ideal_centers(panel, times_s) for panel in panels], axis=1)
        starts = [stretch.start_s, *moves(times_s, ideal, stretch.start_s, stretch.end_s)]
        for start_s, end_s in pairwise([*starts, stretch.end_s]):
            views = (*slides, *(self._view(panel, start_s, end_s) for panel in panels))
            if start_s == stretch.start_s:
                yield Keyframe(start_s, layout, views, why=stretch.why)
            else:
                yield Keyframe(start_s - EASE_S / 2, layout, views, EASE_S, f"{stretch.why} and has moved")

    def _panel(self, layout: Layout, number: int, count: int, subject: Subject) -> _Panel:
        shot, tile = self.cast.shot, self.cast.tiles[subject[0]]
        others = [
            box
            for other in self.cast.subjects
            if other != subject and self.cast.tiles[other[0]] == tile
            for box in self.cast.medians(other, shot.start_s, shot.end_s)
        ]
        return _Panel(layout, number, count, subject, others, tile)

    def _view(self, panel: _Panel, start_s: float, end_s: float) -> View:
        """The view for the median places of the faces between two times, or the panel's last view if that is near."""
        view = self._composed(panel, self.cast.medians(panel.subject, start_s, end_s))
        last = self.setups.get(panel)
        if last and self._is_near(panel, view, last):
            return last
        self.setups[panel] = view
        return view

    def _is_near(self, panel: _Panel, view: View, last: View) -> bool:
        width, _ = self.composer.crop_px(panel.layout, panel.number, view.zoom, count=panel.count)
        distance_px = max(abs(view.center_x_px - last.center_x_px), abs(view.center_y_px - last.center_y_px))
        is_same_size = 1 / SAME_SIZE < view.zoom / last.zoom < SAME_SIZE
        return distance_px <= COMFORT / 2 * width and is_same_size and view.within == last.within

    def _ideal_centers(self, panel: _Panel, times_s: Seconds) -> Positions:
        """The centre of the ideal view at each time, of shape (n, 2)."""
        boxes_of_people = [self.cast.faces[person].at(times_s).tolist() for person in panel.subject]
        views = [self._composed(panel, [Box(*box) for box in boxes]) for boxes in zip(*boxes_of_people, strict=True)]
        zoom = float(np.median([view.zoom for view in views]))
        width, _ = self.composer.crop_px(panel.layout, panel.number, zoom, count=panel.count)
        return np.array([(view.center_x_px, view.center_y_px) for view in views]) / (COMFORT * width)

    def _composed(self, panel: _Panel, faces: Sequence[Box]) -> View:
        return self.composer.faces(panel.layout, panel.number, faces, panel.others, count=panel.count, tile=panel.tile)


def moves(times_s: Seconds, centers: Positions, start_s: float, end_s: float) -> list[float]:
    """The times between start and end, in seconds, at which the people leave their places for good.

    Uses binary segmentation (Scott and Knott, 1974); the cost is the sum of absolute deviations from the medians.
    """
    is_away = np.abs(centers - np.median(centers, axis=0)).max(axis=1) > 1
    runs = np.flatnonzero(np.diff(is_away, prepend=False, append=False)).reshape(-1, 2)
    if not len(runs) or np.diff(runs).max() * STEP_S < AWAY_S:
        return []
    cuts = np.flatnonzero((times_s >= start_s + SETTLED_S) & (times_s <= end_s - SETTLED_S))
    if not len(cuts):
        return []
    cut = min(cuts, key=lambda cut: _spread(centers[:cut]) + _spread(centers[cut:]))
    if np.abs(np.median(centers[:cut], axis=0) - np.median(centers[cut:], axis=0)).max() <= 1:
        return []
    at_s = float(times_s[cut])
    before = moves(times_s[:cut], centers[:cut], start_s, at_s)
    return [*before, at_s, *moves(times_s[cut:], centers[cut:], at_s, end_s)]


def _spread(positions: Positions) -> float:
    return float(np.abs(positions - np.median(positions, axis=0)).sum())
