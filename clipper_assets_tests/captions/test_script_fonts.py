# ruff: noqa: RUF001  # all the world's letters

import shutil
from pathlib import Path

import pytest
from fontTools.ttLib import TTCollection, TTFont
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

from clipper_assets.captions import script_fonts as scripts
from clipper_assets.captions.fonts import FONTS_DIR, Face, faces_in, faces_of, find_face
from clipper_assets.captions.script_fonts import faces_for, gather_fonts, runs, script_fonts
from clipper_assets.captions.sheet import SCRIPTS, spoken
from clipper_assets.captions.styles import load_style
from clipper_assets.models.table import MODELS
from clipper_assets_tests.captions.drawing import CJK_DIR, captions_of, log_of


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any fonts."""
    monkeypatch.setattr(scripts, "_on_machine", tuple)
    monkeypatch.setattr(scripts, "_face_for", scripts._face_for.__wrapped__)


@pytest.mark.parametrize(("script", "language", "text"), SCRIPTS)
@pytest.mark.parametrize("style_name", ["pop", "subtitle"])
@pytest.mark.usefixtures("bare_machine")
def test_every_script_is_drawn_with_the_gathered_fonts(
    style_name: str, script: str, language: str, text: str, tmp_path: Path
) -> None:
    captions = captions_of(spoken(text, language), load_style(style_name), 1.0, hook=text)
    assert captions.missing_glyphs == "", script
    log = log_of(captions, tmp_path)
    chosen = [line for line in log.splitlines() if "fontselect:" in line]
    gathered = {face.file.stem for face in captions.faces} | {face.ass_name for face in captions.faces}
    assert chosen
    assert all(line.rsplit(" ", 1)[1] in gathered for line in chosen)
    assert "not found" not in log


def pieces(text: str, font: str = "Anton Regular") -> list[tuple[str, str]]:
    faces = faces_for(text, font, CJK_DIR)
    return [(piece, face.name if face else "") for piece, face in runs(text, faces)]


def test_a_word_is_split_where_its_font_changes() -> None:
    assert pieces("bread") == [("bread", "Anton Regular")]
    assert pieces("хлеб.") == [("хлеб.", "Noto Sans Bold")]
    assert pieces("«хлеб»") == [("«хлеб»", "Noto Sans Bold")]
    assert pieces("iPhoneのパン") == [("iPhone", "Anton Regular"), ("のパン", "Noto Sans CJK JP Bold")]
    assert pieces("wow🔥!") == [("wow", "Anton Regular"), ("🔥", "Noto Emoji Bold"), ("!", "Anton Regular")]


def test_marks_and_joiners_stay_with_their_letter() -> None:
    assert pieces("नि") == [("नि", "Noto Sans Devanagari Bold")]
    assert pieces("👩🏽‍🍳") == [("👩🏽‍🍳", "Noto Emoji Bold")]
    assert pieces("❤️") == [("❤️", "Noto Emoji Bold")]
    assert pieces("🇫🇷") == [("🇫🇷", "Noto Emoji Bold")]


def test_invisible_characters_need_no_font() -> None:
    assert [face.name for face in faces_for("a\u200cb\u00a0\u200d\ufe0f c", "Bebas Neue Regular")] == [
        "Bebas Neue Regular"
    ]
    captions = captions_of(spoken("می\u200cخواهم bread\u2060 ❤\ufe0f", "fa"), load_style("headline"))
    assert captions.missing_glyphs == ""


@pytest.mark.parametrize(("text", "region"), [("今日は", "JP"), ("오늘", "KR"), ("今天们", "SC")])
def test_han_characters_get_the_font_of_their_region(text: str, region: str) -> None:
    assert faces_for(text, "Anton Regular", CJK_DIR)[1].name == f"Noto Sans CJK {region} Bold"


@pytest.mark.usefixtures("bare_machine")
def test_characters_without_a_font_are_reported_and_still_laid_out() -> None:
    captions = captions_of(spoken("今天 bread", ""), load_style("classic"))
    without = type(captions)(captions.words, captions.style, captions.frame, captions.clip_s)
    assert captions.missing_glyphs == ""
    assert without.missing_glyphs == "今天"
    assert len(without.boxes) == 1


@pytest.mark.usefixtures("bare_machine")
@pytest.mark.usefixtures("bare_machine")
def test_a_users_font_draws_a_script_that_the_package_does_not_know(tmp_path: Path) -> None:
    assert [face.name for face in faces_for("a\U00012000", "Anton Regular", tmp_path)] == ["Anton Regular"]
    font = TTFont(FONTS_DIR / "NotoSansThai-Bold.ttf")
    for table in font["cmap"].tables:
        table.cmap = {0x12000: "uni0E01"} if table.isUnicode() and table.format == 12 else table.cmap
    if not any(table.format == 12 for table in font["cmap"].tables):
        table = CmapSubtable.newSubtable(12)
        table.platformID, table.platEncID, table.language, table.cmap = 3, 10, 0, {0x12000: font.getGlyphOrder()[5]}
        font["cmap"].tables.append(table)
    font.save(tmp_path / "cuneiform.ttf")
    assert len(faces_for("a\U00012000", "Anton Regular", tmp_path)) == 2


def test_signs_without_a_font_are_left_out() -> None:
    captions = captions_of(spoken("♪ fresh bread ♫", "en"), load_style("pop"))
    assert (captions.missing_glyphs, captions.lost_signs) == ("", "♪♫")
    drawn = [
        run.run.text for block in captions.blocks for line in block.lines for word in line.words for run in word.runs
    ]
    assert [text for text in drawn if text] == ["FRESH", "BREAD"]


def test_every_script_has_a_font_or_a_remedy() -> None:
    missing = {font.script for font in script_fonts() if font.face is None}
    assert missing == {"Chinese", "Japanese", "Korean"}
    assert all("fonts-noto-cjk" in font.remedy for font in script_fonts() if font.script in missing)
    assert all("clipper models fetch noto-sans-cjk-bold" in font.remedy for font in script_fonts())
    assert all(font.face for font in script_fonts(CJK_DIR))


@pytest.mark.usefixtures("bare_machine")
def test_the_fetched_font_draws_what_the_machine_has_no_font_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIPPER_MODELS_DIR", str(tmp_path))
    fetched = tmp_path / MODELS["noto-sans-cjk-bold"].path
    fetched.parent.mkdir()
    shutil.copy(CJK_DIR / "NotoSansCJKJP-tiny.otf", fetched)
    faces = {font.script: font.face for font in script_fonts()}
    assert faces["Japanese"]
    assert faces["Japanese"].file == fetched


def test_system_fonts_are_found_by_their_file_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nested = tmp_path / "opentype" / "noto"
    nested.mkdir(parents=True)
    (nested / "NotoSansCJK-Bold.ttc").touch()
    (nested / "NotoSerif-Bold.ttf").touch()
    read: list[Path] = []

    def faces_of(file: Path) -> tuple[Face, ...]:
        read.append(file)
        return (find_face("Anton Regular"),)

    monkeypatch.setattr(scripts, "MACHINE_DIRS", (tmp_path, tmp_path / "missing"))
    monkeypatch.setattr(scripts, "faces_of", faces_of)
    assert scripts._on_machine.__wrapped__() == (find_face("Anton Regular"),)
    assert read == [nested / "NotoSansCJK-Bold.ttc"]


def test_gathered_fonts_are_links_to_the_files(tmp_path: Path) -> None:
    for text in ("bread", "хлеб"):
        gather_fonts(faces_for(text, "Anton Regular"), tmp_path / "fonts")
    names = ["Anton-Regular.ttf", "NotoSans-Bold.ttf"]
    assert sorted(file.name for file in (tmp_path / "fonts").iterdir()) == names
    assert all((tmp_path / "fonts" / name).resolve() == FONTS_DIR / name for name in names)


def test_a_face_of_a_collection_is_saved_as_a_single_font(tmp_path: Path) -> None:
    collection = TTCollection()
    collection.fonts = [TTFont(FONTS_DIR / f"{name}.ttf") for name in ("NotoSansHebrew-Bold", "NotoSansThai-Bold")]
    collection.save(tmp_path / "both.ttc")
    _, thai = faces_of(tmp_path / "both.ttc")
    gather_fonts([thai], tmp_path / "fonts")
    (single,) = faces_in(tmp_path / "fonts")
    assert (single.ass_name, single.number) == (thai.ass_name, 0)
    assert single.covers("ก")
    assert not single.covers("ש")
