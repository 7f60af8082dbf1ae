"""The caption font: carried by this package, since a bare machine has none."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from fontTools.ttLib import TTFont

FONTS_DIR = Path(str(files("clipper_assets.clips.captions") / "fonts"))


@dataclass(frozen=True)
class Font:
    """Advance widths and size of one font file, in units of its em."""

    family: str
    advances: dict[int, int]
    units_per_em: int
    line_units: int

    def width_px(self, text: str, font_size: float) -> float:
        """Width of `text` in pixels at an ASS `Fontsize`.

        libass, like VSFilter, takes Fontsize as the height of the line from the OS/2 table's usWinAscent to
        usWinDescent, not as the em (libass, ass_font.c, set_font_metrics). Characters that the font lacks count as wide
        as the line is high: whichever font stands in for them, they take less.
        """
        units = sum(self.advances.get(ord(char), self.line_units) for char in text)
        return units * font_size / self.line_units

    def lacking(self, text: str) -> str:
        """The characters of `text` that the font cannot draw, each once, sorted; white space needs no drawing."""
        return "".join(sorted({char for char in text if ord(char) not in self.advances and not char.isspace()}))

    def em_px(self, font_size: float) -> float:
        """Height of the em in pixels at an ASS `Fontsize`: what lines of text are spaced by."""
        return self.units_per_em * font_size / self.line_units


@cache
def load_font(family: str) -> Font:
    """The font of this package with that family name. Raises ValueError, naming those that there are, for no match."""
    families = []
    for path in sorted(FONTS_DIR.glob("*.ttf")):
        font = TTFont(path, lazy=True)
        name = font["name"].getBestFamilyName()
        if name == family:
            os2, widths = font["OS/2"], font["hmtx"].metrics
            return Font(
                family=family,
                advances={code: widths[glyph][0] for code, glyph in font.getBestCmap().items()},
                units_per_em=font["head"].unitsPerEm,
                line_units=os2.usWinAscent + os2.usWinDescent,
            )
        families.append(name)
    raise ValueError(f"no caption font {family!r} in this package; there are {', '.join(families)}")
