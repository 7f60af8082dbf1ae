"""The fonts that draw each script: carried by this package, or found on the machine."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

from clipper_assets.captions.fonts import COLLECTIONS, FONTS_DIR, Face, faces_in, faces_of, find_face
from clipper_assets.text.scripts import HANGUL, KANA, in_scripts

MACHINE_DIRS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
    Path.home() / ".fonts",
    Path.home() / "Library/Fonts",
    Path("/Library/Fonts"),
    Path("/System/Library/Fonts"),
)


EMOJI_VARIANT = "\ufe0f"
"""Follows a sign that is to be drawn as an emoji."""


@dataclass(frozen=True)
class Script:
    """A script, a letter by which a font of it is known, and where to get such a font."""

    name: str
    letter: str
    face: str = ""
    """Full name of the face that this package carries; none for what is too large to carry."""
    region: str = ""
    """What the names of faces made for it end with: Han letters differ between Japan, Korea and China."""


CJK_FILES = ("NotoSansCJK-Bold.ttc", "NotoSansCJK-Regular.ttc", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc")
"""Debian's and those of macOS, best first."""
CJK_REMEDY = "Debian: apt install fonts-noto-cjk; elsewhere put NotoSansCJK-Bold.ttc into CLIPPER_FONTS_DIR"

SCRIPTS = (
    Script("Latin", "a", "Noto Sans Bold"),
    Script("Cyrillic", "ж", "Noto Sans Bold"),
    Script("Greek", "ω", "Noto Sans Bold"),
    Script("Arabic", "ع", "Noto Sans Arabic Bold"),
    Script("Hebrew", "ש", "Noto Sans Hebrew Bold"),
    Script("Devanagari", "क", "Noto Sans Devanagari Bold"),
    Script("Thai", "ก", "Noto Sans Thai Bold"),
    Script("emoji", "😀", "Noto Emoji Bold"),
    Script("Japanese", "の", region="JP"),
    Script("Korean", "한", region="KR"),
    Script("Chinese", "们", region="SC"),
)


@dataclass(frozen=True)
class ScriptFont:
    """The face that draws a script, or None and what to do about it."""

    script: str
    face: Face | None
    remedy: str


def script_fonts(fonts_dir: Path | None = None) -> list[ScriptFont]:
    """For each script the face that draws it where a style's own font does not."""
    return [ScriptFont(script.name, _face_for(script, fonts_dir), CJK_REMEDY) for script in SCRIPTS]


def faces_for(text: str, font: str, fonts_dir: Path | None = None) -> tuple[Face, ...]:
    """The faces that draw `text`: the style's `font`, then one per script in which `text` has letters that it lacks.

    Raises ValueError for a font that there is not.
    """
    faces = [find_face(font, fonts_dir)]
    lacking = {char for char in text if not faces[0].covers(char) and is_drawn(char)}
    for script in _in_order(text):
        if not lacking:
            break
        face = _face_for(script, fonts_dir)
        if face and (drawn := {char for char in lacking if face.covers(char)}):
            faces.append(face)
            lacking -= drawn
    return tuple(faces)


def gather_fonts(faces: Sequence[Face], folder: Path) -> None:
    """Put the faces' fonts into `folder`, which is made, for the `fontsdir` of ffmpeg's `ass` filter.

    Files are linked; a face of a collection becomes a file of its own: libass would load the whole collection once for
    each face in it, half a gigabyte for Noto Sans CJK.
    """
    from fontTools.ttLib import TTFont

    folder.mkdir(exist_ok=True)
    for face in faces:
        collected = face.file.suffix in COLLECTIONS
        font = folder / (f"{face.ass_name}.otf" if collected else face.file.name)
        if font.exists():
            continue
        if collected:
            TTFont(face.file, fontNumber=face.number, lazy=True).save(font)
        else:
            font.symlink_to(face.file.resolve())


def runs(text: str, faces: Sequence[Face]) -> list[tuple[str, Face | None]]:
    """A word in pieces of one face each, in reading order; None where no face has the letters.

    Marks, joiners and skin tones stay with the letter before them; signs without a script of their own, such as full
    stops, go with the letters beside them.
    """
    pieces: list[tuple[str, Face | None]] = []
    letters_face = next((_choice(char, faces) for char in text if char.isalnum()), None)
    for number, char in enumerate(text):
        face = pieces[-1][1] if pieces else letters_face
        if not (pieces and _attached(char, text[number - 1])):
            beside = [face] if face and not char.isalnum() and not _is_emoji(face) else []
            is_emoji = text[number + 1 : number + 2] == EMOJI_VARIANT
            face = _choice(char, [*reversed(faces)] if is_emoji else [*beside, *faces])
        if pieces and pieces[-1][1] is face:
            pieces[-1] = (pieces[-1][0] + char, face)
        else:
            pieces.append((char, face))
    return pieces


def is_drawn(char: str) -> bool:
    """Whether a character has a shape: no space, and none that only tells how its neighbours are drawn."""
    return not char.isspace() and char != EMOJI_VARIANT and unicodedata.category(char) != "Cf"


def _choice(char: str, faces: Sequence[Face]) -> Face | None:
    return next((face for face in faces if face.covers(char)), None)


def _is_emoji(face: Face) -> bool:
    return face.covers("😀")


def _attached(char: str, before: str) -> bool:
    """Whether a character belongs to the one before it, by and large as in UAX #29's grapheme clusters."""
    return (
        unicodedata.category(char) in ("Mn", "Mc", "Me", "Cf")
        or before == "\u200d"
        or "\U0001f3fb" <= char <= "\U0001f3ff"
    )


def _in_order(text: str) -> Iterator[Script]:
    """The scripts, that of the text's Han letters before its neighbours: by kana, by hangul, or else Chinese."""
    has_kana, has_hangul = (any(in_scripts(char, script) for char in text) for script in (KANA, HANGUL))
    region = "JP" if has_kana else "KR" if has_hangul else "SC"
    return iter(sorted(SCRIPTS, key=lambda script: script.region not in ("", region)))


@cache
def _face_for(script: Script, fonts_dir: Path | None) -> Face | None:
    if script.face:
        return next(face for face in faces_in(FONTS_DIR) if face.name == script.face)
    own = faces_in(fonts_dir) if fonts_dir else ()
    faces = [face for face in chain(own, _on_machine()) if face.covers(script.letter)]
    return next((face for face in faces if script.region in face.name.split()), faces[0] if faces else None)


@cache
def _on_machine() -> tuple[Face, ...]:
    found = {file.name: file for folder in MACHINE_DIRS if folder.is_dir() for file in folder.rglob("*.[to]t[cf]")}
    return tuple(face for name in CJK_FILES if name in found for face in faces_of(found[name]))
