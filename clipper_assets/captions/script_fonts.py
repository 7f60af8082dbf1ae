"""Chooses the fonts that draw each script, from this package or from the machine."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

from clipper_assets.captions.fonts import COLLECTIONS, FONTS_DIR, Face, faces_in, faces_of, find_face
from clipper_assets.models.store import model_path
from clipper_assets.settings import Settings
from clipper_assets.text.scripts import HAN, HANGUL, KANA, in_scripts

MACHINE_DIRS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
    Path.home() / ".fonts",
    Path.home() / "Library/Fonts",
    Path("/Library/Fonts"),
    Path("/System/Library/Fonts"),
)
"""Folders in which operating systems keep fonts."""

EMOJI_VARIANT = "\ufe0f"
"""Variation selector after a character that is to be drawn as an emoji."""


@dataclass(frozen=True)
class Script:
    """A script and the font for it; a font that covers `letter` is taken to cover the script."""

    name: str
    letter: str
    face: str = ""
    """Full name of the face in this package; empty for scripts whose fonts are too large to include."""
    region: str = ""
    """Word in the names of faces made for this region: Han characters differ between Japan, Korea and China."""


CJK_FILES = ("NotoSansCJK-Bold.ttc", "NotoSansCJK-Regular.ttc", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc")
"""Font files of Debian and macOS, best first."""
FETCHED_CJK = "noto-sans-cjk-bold"
"""The model of `clipper models` that is a font for Chinese, Japanese and Korean."""
CJK_REMEDY = f"run `clipper models fetch {FETCHED_CJK}`, or on Debian apt install fonts-noto-cjk"
OTHER_REMEDY = "put a font that has them into CLIPPER_FONTS_DIR"

SCRIPTS = (
    Script("Latin", "a", "Noto Sans Bold"),
    Script("Cyrillic", "ж", "Noto Sans Bold"),
    Script("Greek", "ω", "Noto Sans Bold"),
    Script("Arabic", "ع", "Noto Sans Arabic Bold"),
    Script("Hebrew", "ש", "Noto Sans Hebrew Bold"),
    Script("Devanagari", "क", "Noto Sans Devanagari Bold"),
    Script("Thai", "ก", "Noto Sans Thai Bold"),
    Script("Bengali", "অ", "Noto Sans Bengali Bold"),
    Script("Gurmukhi", "ਕ", "Noto Sans Gurmukhi Bold"),
    Script("Gujarati", "ક", "Noto Sans Gujarati Bold"),
    Script("Odia", "ଓ", "Noto Sans Oriya Bold"),
    Script("Tamil", "அ", "Noto Sans Tamil Bold"),
    Script("Telugu", "అ", "Noto Sans Telugu Bold"),
    Script("Kannada", "ಕ", "Noto Sans Kannada Bold"),
    Script("Malayalam", "മ", "Noto Sans Malayalam Bold"),
    Script("Sinhala", "ක", "Noto Sans Sinhala Bold"),
    Script("Lao", "ກ", "Noto Sans Lao Bold"),
    Script("Burmese", "က", "Noto Sans Myanmar Bold"),
    Script("Khmer", "ក", "Noto Sans Khmer Bold"),
    Script("Georgian", "ა", "Noto Sans Georgian Bold"),
    Script("Armenian", "ա", "Noto Sans Armenian Bold"),  # noqa: RUF001
    Script("Ethiopic", "አ", "Noto Sans Ethiopic Bold"),
    Script("emoji", "😀", "Noto Emoji Bold"),
    Script("Japanese", "の", region="JP"),
    Script("Korean", "한", region="KR"),
    Script("Chinese", "们", region="SC"),
)


@dataclass(frozen=True)
class ScriptFont:
    """The face that draws a script; None if there is none, and then `remedy` says how to get one."""

    script: str
    face: Face | None
    remedy: str


def script_fonts(fonts_dir: Path | None = None) -> list[ScriptFont]:
    """For each script, the face that draws it if the style's own font does not."""
    return [ScriptFont(script.name, _face_for(script, fonts_dir, _fetched()), CJK_REMEDY) for script in SCRIPTS]


def faces_for(text: str, font: str, fonts_dir: Path | None = None) -> tuple[Face, ...]:
    """The faces that draw `text`: the style's `font`, then one for each script that it does not cover.

    Raises ValueError for an unknown font.
    """
    faces = [find_face(font, fonts_dir)]
    missing = {char for char in text if not faces[0].covers(char) and is_drawn(char)}
    for script in _by_priority(text):
        if not missing:
            break
        face = _face_for(script, fonts_dir, _fetched())
        if face and (covered := {char for char in missing if face.covers(char)}):
            faces.append(face)
            missing -= covered
    for face in faces_in(fonts_dir) if fonts_dir and missing else ():
        if covered := {char for char in missing if face.covers(char)}:
            faces.append(face)
            missing -= covered
    return tuple(faces)


def scripts_of(letters: str) -> list[str]:
    """The names of the scripts of some letters; Han characters beside kana are Japanese, beside hangul Korean."""
    from fontTools import unicodedata as tables

    east_asian = next((script.name for script in _by_priority(letters) if script.region), "")
    names = (
        east_asian
        if in_scripts(char, HAN | KANA | HANGUL)
        else tables.script_name(tables.script(char)).replace("_", " ")
        for char in letters
    )
    return list(dict.fromkeys(names))


def remedy_for(letters: str) -> str:
    """What to do to have a font for letters that no face covers."""
    return CJK_REMEDY if any(in_scripts(char, HAN | KANA | HANGUL) for char in letters) else OTHER_REMEDY


def gather_fonts(faces: Sequence[Face], folder: Path) -> None:
    """Create `folder` with the fonts of the faces, to be used as `fontsdir` of ffmpeg's `ass` filter.

    Files are linked, except that a face of a collection is saved as a single font: libass would load the whole
    collection once for each face in it, half a gigabyte for Noto Sans CJK.
    """
    from fontTools.ttLib import TTFont

    folder.mkdir(exist_ok=True)
    for face in faces:
        in_collection = face.file.suffix in COLLECTIONS
        font = folder / (f"{face.ass_name}.otf" if in_collection else face.file.name)
        if font.exists():
            continue
        if in_collection:
            TTFont(face.file, fontNumber=face.number, lazy=True).save(font)
        else:
            font.symlink_to(face.file.resolve())


def runs(text: str, faces: Sequence[Face]) -> list[tuple[str, Face | None]]:
    """Split a word into pieces of one face each, in reading order; the face is None if none covers the letters.

    Marks, joiners and skin tones stay with the letter before them. Characters without a script, such as full stops,
    get the face of the neighbouring letters.
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
    """Whether a character is visible: neither a space nor a format character that only affects its neighbours."""
    return not char.isspace() and char != EMOJI_VARIANT and unicodedata.category(char) != "Cf"


def is_sign(char: str) -> bool:
    """Whether a character is a visible sign or punctuation mark: a caption can be read without it."""
    return is_drawn(char) and unicodedata.category(char)[0] in "SP"


def _choice(char: str, faces: Sequence[Face]) -> Face | None:
    return next((face for face in faces if face.covers(char)), None)


def _is_emoji(face: Face) -> bool:
    return face.covers("😀")


def _attached(char: str, before: str) -> bool:
    """Whether a character belongs to the one before it; approximates the grapheme clusters of UAX #29."""
    return (
        unicodedata.category(char) in ("Mn", "Mc", "Me", "Cf")
        or before == "\u200d"
        or "\U0001f3fb" <= char <= "\U0001f3ff"
    )


def _by_priority(text: str) -> Iterator[Script]:
    """The scripts in the order to try; text with kana tries Japanese first for Han characters, with hangul Korean."""
    has_kana, has_hangul = (any(in_scripts(char, script) for char in text) for script in (KANA, HANGUL))
    region = "JP" if has_kana else "KR" if has_hangul else "SC"
    return iter(sorted(SCRIPTS, key=lambda script: script.region not in ("", region)))


@cache
def _face_for(script: Script, fonts_dir: Path | None, fetched_faces: tuple[Face, ...]) -> Face | None:
    if script.face:
        return next(face for face in faces_in(FONTS_DIR) if face.name == script.face)
    users_faces = faces_in(fonts_dir) if fonts_dir else ()
    faces = [face for face in chain(users_faces, _on_machine(), fetched_faces) if face.covers(script.letter)]
    return next((face for face in faces if script.region in face.name.split()), faces[0] if faces else None)


def _fetched() -> tuple[Face, ...]:
    """The faces of the font that `clipper models fetch` downloads."""
    file = model_path(FETCHED_CJK, Settings().models_dir)
    return faces_of(file) if file else ()


@cache
def _on_machine() -> tuple[Face, ...]:
    files = {file.name: file for folder in MACHINE_DIRS if folder.is_dir() for file in folder.rglob("*.[to]t[cf]")}
    return tuple(face for name in CJK_FILES if name in files for face in faces_of(files[name]))
