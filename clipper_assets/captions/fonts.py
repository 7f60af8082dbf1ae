"""Reads font faces, of this package and of other folders, and measures text as libass draws it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import uharfbuzz as hb
    from fontTools.ttLib import TTFont

FONTS_DIR = Path(str(files("clipper_assets.captions") / "fonts"))
SHAPED_LINE_PX = 256
SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
COLLECTIONS = (".ttc", ".otc")
"""Suffixes of files with several faces."""


class Extent(NamedTuple):
    """Advance and ink box of a shaped text in ems; the origin is the start of the baseline, y points upward."""

    advance: float
    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True, eq=False)
class Face:
    """One face of a font file. `name` is its full name ("Noto Sans Bold").

    libass finds it by `ass_name`: the full name, or the PostScript name of a font with PostScript outlines (libass,
    ass_fontselect.c, matches_full_or_postscript_name).
    """

    name: str
    ass_name: str
    file: Path
    number: int
    units_per_em: int
    ascent_units: int
    descent_units: int

    def ass_size(self, em_px: float) -> float:
        """The ASS `Fontsize` that draws the em `em_px` pixels high.

        libass, like VSFilter, takes Fontsize as the height of the line from the OS/2 table's usWinAscent to
        usWinDescent, not as the em (libass, ass_font.c, set_font_metrics).
        """
        return em_px * (self.ascent_units + self.descent_units) / self.units_per_em

    @property
    def descent(self) -> float:
        """Distance from the baseline to the line's bottom, in ems; libass puts the bottom at `\\pos` with `\\an1`."""
        return self.descent_units / self.units_per_em

    def covers(self, text: str) -> bool:
        return all(self.shaper.get_nominal_glyph(ord(char)) is not None for char in text)

    def extent(self, text: str) -> Extent:
        """The extent of a text in one script, shaped by HarfBuzz, which libass uses as well."""
        return _extent(self, text)

    @cached_property
    def shaper(self) -> "hb.Font":
        import uharfbuzz as hb

        return hb.Font(hb.Face(hb.Blob.from_file_path(str(self.file)), self.number))


@lru_cache(maxsize=100_000)
def _extent(face: Face, text: str) -> Extent:
    import uharfbuzz as hb

    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    hb.shape(face.shaper, buffer, {"kern": True})
    pen, inks = 0.0, []
    for glyph, place in zip(buffer.glyph_infos, buffer.glyph_positions or (), strict=True):
        ink = face.shaper.get_glyph_extents(glyph.codepoint)
        if ink is not None and ink.width:
            x, y = pen + place.x_offset + ink.x_bearing, place.y_offset + ink.y_bearing
            inks.append((x, x + ink.width, y, y + ink.height))
        pen += place.x_advance + (_rounding(face, glyph.codepoint) if place.x_advance else 0)
    lefts, rights, tops, bottoms = zip(*inks, strict=True) if inks else ((0,), (0,), (0,), (0,))
    units = (pen, min(lefts), max(rights), max(tops), min(bottoms))
    return Extent(*(unit / face.units_per_em for unit in units))


def _rounding(face: Face, glyph: int) -> float:
    """The rounding that libass adds to a glyph's advance, in font units.

    libass shapes text at a line height of 256 pixels, and FreeType rounds advances to whole pixels at that size
    (ass_font.c, ass_face_set_size; ass_shaper.c, get_cached_metrics). This is exact for the fonts of this package,
    which are not hinted; hinting changes an advance by up to one of these pixels.
    """
    pixel = (face.ascent_units + face.descent_units) / SHAPED_LINE_PX
    advance: int = face.shaper.get_glyph_h_advance(glyph)
    return floor(advance / pixel + 0.5) * pixel - advance


@cache
def faces_of(file: Path) -> tuple[Face, ...]:
    """The faces of a font file."""
    from fontTools.ttLib import TTCollection, TTFont

    if file.suffix in COLLECTIONS:
        with TTCollection(file, lazy=True) as collection:
            return tuple(_face(font, file, number) for number, font in enumerate(collection.fonts))
    with TTFont(file, lazy=True) as font:
        return (_face(font, file, 0),)


def _face(font: "TTFont", file: Path, number: int) -> Face:
    os2, hhea, names = font["OS/2"], font["hhea"], font["name"]
    ascent, descent = os2.usWinAscent, os2.usWinDescent
    return Face(
        name=names.getDebugName(4),
        ass_name=names.getDebugName(6 if "CFF " in font else 4),
        file=file,
        number=number,
        units_per_em=font["head"].unitsPerEm,
        ascent_units=ascent if ascent + descent else hhea.ascent,
        descent_units=descent if ascent + descent else -hhea.descent,
    )


def faces_in(folder: Path) -> Iterator[Face]:
    """The faces of all font files in a folder, sorted by file name."""
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() in SUFFIXES:
            yield from faces_of(file)


def find_face(name: str, fonts_dir: Path | None = None) -> Face:
    """The face with that full name, from this package or from the user's `fonts_dir`.

    Raises ValueError, with the names of all faces, if there is none.
    """
    faces = [face for folder in (FONTS_DIR, fonts_dir) if folder for face in faces_in(folder)]
    for face in faces:
        if face.name == name:
            return face
    raise ValueError(f"unknown caption font {name!r}; use one of {', '.join(face.name for face in faces)}")
