"""The camera path of a scene: an editor's cuts (`cutting`), composed pictures (`composition`), an operator's reframes.

A pure function of tables. A picture holds still while the face stays about its place, and is the same one again when it
is cut back to; where the face leaves its place for good, one slow move follows. No move goes on over a cut.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
"""Between the looks at where the faces are."""
COMFORT = 0.18
"""How far a view may be from the one that suits the face: share of the crop's width. The face is inside by far."""
AWAY_S = 0.7
"""A face that leaves its place for less than that comes back: a nod, a laugh."""
SETTLED_S = 2.0
"""The least time between a cut and a reframe, and between two reframes."""
EASE_S = 1.0
SAME_SIZE = 1.15
"""Two zooms are the same up to this ratio."""


def direct(scene: Scene, wish: Layout) -> CameraPath:
    """Where the camera looks, in seconds of the episode: one path for all aspect ratios.

    `auto` is `screen` while slides are shown, `split` while two people talk to each other in short turns, else
    `speaker`, and `fit` where there is no face or nobody of several people in view is heard for long. Any other wish is
    met where it can be. There is a keyframe at each cut of the source, with ease 0.
    """
    composer = Composer((scene.width_px, scene.height_px))
    if wish in {Layout.fit, Layout.center}:
        return CameraPath((Keyframe(scene.start_s, wish, (composer.whole(),), why="as asked"),))
    keyframes: list[Keyframe] = []
    held: Subject = ()
    setups: dict[_Panel, View] = {}
    for shot in scene.shots:
        cast = cast_of(shot, scene.tracks, composer.together_px)
        operator = _Operator(cast, composer, setups)
        for stretch in stretches(cast, scene.turns, wish, held):
            keyframes += operator.keyframes(stretch)
            if len(stretch.subjects) == 1:
                held = stretch.subjects[0]
    return CameraPath(tuple(keyframes))


@dataclass(frozen=True)
class _Panel:
    """A panel of a layout, and whom it shows."""

    layout: Layout
    number: int
    subject: Subject


@dataclass(frozen=True)
class _Operator:
    """Frames one shot of the source; `setups` are the views that the panels had last."""

    cast: Cast
    composer: Composer
    setups: dict[_Panel, View]

    def keyframes(self, stretch: Stretch) -> Iterator[Keyframe]:
        """A cut to a stretch's picture, and the reframes in it."""
        layout, screen = stretch.layout, self.cast.shot.screen
        if layout == Layout.fit:
            yield Keyframe(stretch.start_s, layout, (self.composer.whole(),), why=stretch.why)
            return
        slides = (self.composer.screen(screen),) if layout == Layout.screen and screen else ()
        panels = [_Panel(layout, number, subject) for number, subject in enumerate(stretch.subjects, len(slides))]
        times_s = np.arange(stretch.start_s, stretch.end_s, STEP_S)
        suited = np.concatenate([self._suited(panel, times_s) for panel in panels], axis=1)
        starts = [stretch.start_s, *moves(times_s, suited, stretch.start_s, stretch.end_s)]
        for start_s, end_s in pairwise([*starts, stretch.end_s]):
            views = (*slides, *(self._view(panel, start_s, end_s) for panel in panels))
            if start_s == stretch.start_s:
                yield Keyframe(start_s, layout, views, why=stretch.why)
            else:
                yield Keyframe(start_s - EASE_S / 2, layout, views, EASE_S, f"{stretch.why} and has moved")

    def _view(self, panel: _Panel, start_s: float, end_s: float) -> View:
        """The view for the usual places of the faces between two times, or the panel's last one if that suits."""
        view = self._composed(panel, self.cast.medians(panel.subject, start_s, end_s))
        last = self.setups.get(panel)
        if last and self._is_near(panel, view, last):
            return last
        self.setups[panel] = view
        return view

    def _is_near(self, panel: _Panel, view: View, last: View) -> bool:
        width, _ = self.composer.crop_px(panel.layout, panel.number, view.zoom)
        off_px = max(abs(view.center_x_px - last.center_x_px), abs(view.center_y_px - last.center_y_px))
        return off_px <= COMFORT / 2 * width and 1 / SAME_SIZE < view.zoom / last.zoom < SAME_SIZE

    def _suited(self, panel: _Panel, times_s: Seconds) -> Positions:
        """The centre of the view that would suit each time, of shape (n, 2)."""
        tracked = [self.cast.faces[person].at(times_s).tolist() for person in panel.subject]
        views = [self._composed(panel, [Box(*box) for box in boxes]) for boxes in zip(*tracked, strict=True)]
        zoom = float(np.median([view.zoom for view in views]))
        width, _ = self.composer.crop_px(panel.layout, panel.number, zoom)
        return np.array([(view.center_x_px, view.center_y_px) for view in views]) / (COMFORT * width)

    def _composed(self, panel: _Panel, faces: Sequence[Box]) -> View:
        shot = self.cast.shot
        others = [
            box
            for subject in self.cast.subjects
            if subject != panel.subject
            for box in self.cast.medians(subject, shot.start_s, shot.end_s)
        ]
        return self.composer.faces(panel.layout, panel.number, faces, others)


def moves(times_s: Seconds, suited: Positions, start_s: float, end_s: float) -> list[float]:
    """When the people leave their places for good, in seconds between start and end.

    By binary segmentation (Scott and Knott, 1974) with the sum of absolute deviations from the medians as the cost.
    """
    off = np.abs(suited - np.median(suited, axis=0)).max(axis=1) > 1
    runs = np.flatnonzero(np.diff(off, prepend=False, append=False)).reshape(-1, 2)
    if not len(runs) or np.diff(runs).max() * STEP_S < AWAY_S:
        return []
    cuts = np.flatnonzero((times_s >= start_s + SETTLED_S) & (times_s <= end_s - SETTLED_S))
    if not len(cuts):
        return []
    cut = min(cuts, key=lambda cut: _spread(suited[:cut]) + _spread(suited[cut:]))
    if np.abs(np.median(suited[:cut], axis=0) - np.median(suited[cut:], axis=0)).max() <= 1:
        return []
    at_s = float(times_s[cut])
    before = moves(times_s[:cut], suited[:cut], start_s, at_s)
    return [*before, at_s, *moves(times_s[cut:], suited[cut:], at_s, end_s)]


def _spread(positions: Positions) -> float:
    return float(np.abs(positions - np.median(positions, axis=0)).sum())
