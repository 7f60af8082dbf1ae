"""`clipper styles`: draws all caption styles side by side into one picture."""

from pathlib import Path

import click

from clipper_assets.captions.sheet import contact_sheet, script_tiles, style_tiles
from clipper_assets.cli.mistakes import MISTAKES
from clipper_assets.settings import Settings
from clipper_assets.text.terminal import console, mistakes_in_one_sentence


@click.command()
@click.argument("picture", type=click.Path(path_type=Path, dir_okay=False), default="styles.png")
@click.option(
    "--over",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Picture or video to draw the styles on.",
)
@click.option("--scripts", is_flag=True, help="Draw every writing system in the default style instead.")
def styles(picture: Path, over: Path | None, scripts: bool) -> None:
    """Draw all caption styles side by side into PICTURE (a PNG)."""
    with mistakes_in_one_sentence(*MISTAKES):
        if not picture.absolute().parent.is_dir():
            raise ValueError(f"cannot write {picture}: the folder {picture.parent} does not exist; create it first")
        fonts_dir = Settings().fonts_dir
        contact_sheet(picture, script_tiles(fonts_dir=fonts_dir) if scripts else style_tiles(fonts_dir), over)
    console.print(str(picture), markup=False, highlight=False, soft_wrap=True)
