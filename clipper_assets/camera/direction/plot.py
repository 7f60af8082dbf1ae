"""Plots camera paths: over time, which part of the source's width each clip shows, and where the faces are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from clipper_assets.camera.direction.crop import shown_boxes, views_at
from clipper_assets.camera.direction.panels import PANELS
from clipper_assets.camera.direction.path import CameraPath
from clipper_assets.camera.scene import Scene
from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets.media.plots import png_of
from clipper_assets.shows.show import Layout
from clipper_assets.text.markdown import clock

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {
    Layout.speaker: "#4477AA",
    Layout.split: "#228833",
    Layout.grid: "#66CCEE",
    Layout.screen: "#AA3377",
    Layout.fit: "#BBBBBB",
    Layout.center: "#CCBB44",
}
"""Paul Tol's "bright" scheme (SRON/EPS/TN/09-002, 2021), which colour-blind people can read too."""
SHADE = 0.4
SILENT_COLOUR, SPEAKING_COLOUR, CUT_COLOUR = "#999999", "#EE6677", "#000000"
WIDTH_PX, STRIP_PX, KEY_PX, PX_PER_INCH = 900, 150, 40, 100
STEP_S = 0.1


def camera_plot(paths: Sequence[tuple[int, CameraPath]], scenes: Sequence[tuple[int, Scene]]) -> bytes | None:
    """Plot what each clip shows of the source, and its faces, over time: a PNG with a strip for each clip with a scene.

    None without scenes, because the camera follows nobody then.
    """
    return png_of(_figure(dict(paths), scenes)) if scenes else None


def _figure(paths: dict[int, CameraPath], scenes: Sequence[tuple[int, Scene]]) -> "Figure":
    from matplotlib.figure import Figure

    size_px = (WIDTH_PX, KEY_PX + STRIP_PX * len(scenes))
    figure = Figure((size_px[0] / PX_PER_INCH, size_px[1] / PX_PER_INCH), dpi=PX_PER_INCH, layout="constrained")
    strips = figure.subplots(len(scenes), squeeze=False)[:, 0]
    for axes, (clip, scene) in zip(strips, scenes, strict=True):
        _draw(axes, paths[clip], scene)
        axes.set_ylabel(f"clip {clip}", fontsize=8)
    layouts = list(dict.fromkeys(layout for clip, _ in scenes for layout in paths[clip].layouts))
    figure.legend(handles=_key(layouts), loc="outside upper left", ncols=len(layouts) + 3, frameon=False, fontsize=8)
    return figure


def _draw(axes: "Axes", path: CameraPath, scene: Scene) -> None:
    """Draw one clip: time runs to the right, the source's left edge is at the top."""
    times_s = np.arange(scene.start_s, scene.end_s, STEP_S)
    source_size_px = (scene.width_px, scene.height_px)
    layouts = np.array([views_at(path, time_s)[0] for time_s in times_s])
    boxes = [shown_boxes(path, time_s, FRAMES[Aspect.portrait], source_size_px) for time_s in times_s]
    for layout in path.layouts:
        where = layouts == layout
        for panel in range(max(PANELS[layout])):
            crops = [shown[min(panel, len(shown) - 1)] for shown in boxes]
            left, right = [crop.left for crop in crops], [crop.right for crop in crops]
            axes.fill_between(times_s, left, right, where=where, step="post", color=COLOURS[layout], alpha=SHADE, lw=0)
    for track in scene.tracks:
        middle = track.boxes_px[:, 0] + track.boxes_px[:, 2] / 2
        turns = [turn for turn in scene.turns if turn.person == track.person]
        speaks = np.any([(track.times_s >= turn.start_s) & (track.times_s < turn.end_s) for turn in turns], axis=0)
        axes.plot(track.times_s, middle, color=SILENT_COLOUR, lw=1)
        axes.plot(track.times_s, np.where(speaks, middle, np.nan), color=SPEAKING_COLOUR, lw=3)
    for shot in scene.shots[1:]:
        axes.axvline(shot.start_s, color=CUT_COLOUR, lw=0.8, ls=":")
    axes.set_xlim(scene.start_s, scene.end_s)
    axes.set_ylim(scene.width_px, 0)
    axes.set_yticks([0, scene.width_px], ["left", "right"])
    ticks = axes.get_xticks()
    axes.set_xticks(ticks, [clock(tick) for tick in ticks])
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def _key(layouts: Sequence[Layout]) -> list["Artist"]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    return [
        *(
            Patch(color=COLOURS[layout], alpha=SHADE, linewidth=0, label=f"shown as {layout.value}")
            for layout in layouts
        ),
        Line2D([], [], color=SPEAKING_COLOUR, lw=3, label="speaking face"),
        Line2D([], [], color=SILENT_COLOUR, lw=1, label="face"),
        Line2D([], [], color=CUT_COLOUR, lw=0.8, ls=":", label="cut in the source"),
    ]
