"""`python -m benchmarks.faces`: who is in the picture, in scenes of real faces; exit code 1 if a limit is broken."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.run import SHARED_MODELS
from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets.shows.show import Layout
from clipper_assets_tests.support.face_figures import Figures, figures
from clipper_assets_tests.support.face_layouts import LAYOUTS
from clipper_assets_tests.support.face_limits import broken_limits, look
from clipper_assets_tests.support.face_scenes import build
from clipper_assets_tests.support.face_video import Join, Listening, Variation

ASPECTS = (Aspect.portrait, Aspect.square)


def measured(
    names: Sequence[str], variation: Variation, ways: Sequence[Path | None], layout: Layout
) -> Iterator[tuple[str, bool, Aspect, Figures, list[str]]]:
    """The figures of each scene, with models and without, in each frame, and the limits that are broken."""
    for name in names:
        scene = build(name, variation)
        for models_dir in ways:
            found, path = look(scene, models_dir, layout)
            for aspect in ASPECTS:
                result = figures(scene, found, path, FRAMES[aspect])
                with_models = models_dir is not None
                yield name, with_models, aspect, result, broken_limits(scene, result, with_models=with_models)


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
@click.option("--gop", default=250, show_default=True, help="Most pictures from one key picture to the next.")
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
    gop: int,
    voices: bool,
) -> None:
    """Build the SCENES (default: all), look at them, direct the camera, and compare with the truth."""
    variation = Variation(width, mirrored, rotation, gain, Listening(listening), Join(join), lag, voices, gop)
    os.environ["XDG_CACHE_HOME"] = os.devnull
    ways = [way for way in (models_dir, None) if with_models is None or with_models == (way is not None)]
    console = Console(width=120)
    table = Table("scene", "models", "frame", "in crop", "wrong solo", "alone", "wide", "off-screen claims")
    broken = []
    for name, way, aspect, result, limits in measured(scenes or list(LAYOUTS), variation, ways, Layout(layout)):
        shares = (result.in_crop, result.wrong_solo, result.alone, result.wide, result.off_screen_claims)
        cells = ["-" if share is None else f"{share:.1%}" for share in shares]
        table.add_row(name, "yes" if way else "no", aspect.value, *cells)
        broken += [f"{name}, {'with' if way else 'without'} models, {aspect.value}: {limit}" for limit in limits]
    console.print(table)
    for line in broken:
        console.print(line, style="red")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
