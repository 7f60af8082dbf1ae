"""`python -m benchmarks.faces`: who is in the picture, in scenes of real faces; exit code 1 if a limit is broken."""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.run import SHARED_MODELS
from clipper_assets.camera.analysis.analyse import analyse  # noqa: TID253  # not part of what is measured
from clipper_assets.camera.direction.director import direct  # noqa: TID253
from clipper_assets.camera.direction.path import CameraPath
from clipper_assets.camera.scene import Scene
from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets.shows.show import Layout
from clipper_assets_tests.support.face_figures import Figures, figures
from clipper_assets_tests.support.face_layouts import LAYOUTS
from clipper_assets_tests.support.face_scenes import FaceScene, build
from clipper_assets_tests.support.face_video import Join, Listening, Variation

ASPECTS = (Aspect.portrait, Aspect.square)
SPEAKER_IN_CROP, SPEAKER_IN_CROP_WITHOUT_MODELS = 0.95, 0.85
ALONE_IN_GRIDS = 0.95
LIPS_IN_CROP, MOST_WRONG_SOLO = 0.9, 0.05
MOST_CLAIMS = 0.1


@dataclass(frozen=True)
class Limit:
    """A limit of one figure and whether it holds; a figure that a scene does not have keeps every limit."""

    name: str
    value: float | None
    least: float = 0.0
    below: float = float("inf")

    @property
    def holds(self) -> bool:
        return self.value is None or self.least <= self.value < self.below

    @property
    def text(self) -> str:
        least = f"at least {self.least:.0%}" if self.least else f"below {self.below:.0%}"
        return f"{self.name} {self.value or 0.0:.1%}, must be {least}"


def limits(name: str, measured: Figures, *, with_models: bool) -> list[Limit]:
    """The limits of the scene of that name."""
    in_crop = SPEAKER_IN_CROP if with_models else SPEAKER_IN_CROP_WITHOUT_MODELS
    moving = name.startswith("lips_")
    bounds = [Limit("in_crop", measured.in_crop, least=min(in_crop, LIPS_IN_CROP) if moving else in_crop)]
    if moving:
        bounds.append(Limit("wrong_solo", measured.wrong_solo, below=MOST_WRONG_SOLO))
    if "grid" in name:
        bounds.append(Limit("alone", measured.alone, least=ALONE_IN_GRIDS))
    return [*bounds, Limit("off_screen_claims", measured.off_screen_claims, below=MOST_CLAIMS)]


def look(scene: FaceScene, models_dir: Path | None, layout: Layout = Layout.auto) -> tuple[Scene, CameraPath]:
    """What the analysis finds in the scene, and the camera path; without `models_dir` no model is used."""
    windows = [(0.0, scene.duration_s)]
    found = analyse(windows, scene.source, f"file:{scene.file}", scene.words, scene.speech, models_dir, lambda _: None)
    return found.scenes[0], direct(found.scenes[0], layout)


def measured(
    names: Sequence[str], variation: Variation, ways: Sequence[Path | None], layout: Layout
) -> Iterator[tuple[str, bool, Aspect, Figures]]:
    """The figures of each scene, with models and without, in each frame."""
    for name in names:
        scene = build(name, variation)
        for models_dir in ways:
            found, path = look(scene, models_dir, layout)
            for aspect in ASPECTS:
                yield name, models_dir is not None, aspect, figures(scene, found, path, FRAMES[aspect])


@click.command()
@click.argument("scenes", nargs=-1, type=click.Choice(list(LAYOUTS)))
@click.option("--with-models/--without-models", default=None, help="Only one of the two ways; default: both.")
@click.option("--models-dir", type=click.Path(path_type=Path), envvar="CLIPPER_MODELS_DIR", default=SHARED_MODELS)
@click.option("--layout", type=click.Choice([layout.value for layout in Layout]), default="auto", show_default=True)
@click.option("--width", default=1280, show_default=True, help="Width of the source in pixels.")
@click.option("--mirrored", is_flag=True, help="Left and right exchanged.")
@click.option("--rotation", default=0, show_default=True, help="Other people in the seats.")
@click.option("--gain", default=1.0, show_default=True, help="Brightness of the people.")
@click.option("--listening", type=click.Choice([way.value for way in Listening]), default="frozen", show_default=True)
@click.option("--join", type=click.Choice([way.value for way in Join]), default="hard", show_default=True)
@click.option("--lag", default=0, show_default=True, help="Pictures that silent lips are late.")
@click.option("--voices", is_flag=True, help="The transcript names the speakers.")
def main(
    scenes: tuple[str, ...],
    with_models: bool | None,
    models_dir: Path,
    layout: str,
    width: int,
    mirrored: bool,
    rotation: int,
    gain: float,
    listening: str,
    join: str,
    lag: int,
    voices: bool,
) -> None:
    """Build the SCENES (default: all), look at them, direct the camera, and compare with the truth."""
    variation = Variation(width, mirrored, rotation, gain, Listening(listening), Join(join), lag, voices)
    os.environ["XDG_CACHE_HOME"] = os.devnull
    ways = [way for way in (models_dir, None) if with_models is None or with_models == (way is not None)]
    console = Console(width=120)
    table = Table("scene", "models", "frame", "in crop", "wrong solo", "alone", "wide", "off-screen claims")
    broken = []
    for name, with_model, aspect, result in measured(scenes or list(LAYOUTS), variation, ways, Layout(layout)):
        shares = (result.in_crop, result.wrong_solo, result.alone, result.wide, result.off_screen_claims)
        cells = ["-" if share is None else f"{share:.1%}" for share in shares]
        table.add_row(name, "yes" if with_model else "no", aspect.value, *cells)
        broken += [
            f"{name}, {'with' if with_model else 'without'} models, {aspect.value}: {limit.text}"
            for limit in limits(name, result, with_models=with_model)
            if not limit.holds
        ]
    console.print(table)
    for line in broken:
        console.print(line, style="red")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
