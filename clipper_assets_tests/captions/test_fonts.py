# ruff: noqa: RUF001  # all the world's letters

from pathlib import Path

import pytest

from clipper_assets.captions.fonts import FONTS_DIR, faces_in, find_face
from clipper_assets.captions.lines import CaptionWord
from clipper_assets.captions.styles import load_style
from clipper_assets_tests.captions.drawing import captions_of, drawn_boxes

TEXTS = ("bakery-at-the-edge-of-it", "AVATAR!", "Ναι", "Ещё", "שלום", "مرحبا", "नमस्ते", "ขนมปัง", "パン", "🍞🔥")


@pytest.mark.parametrize("font", [face.name for face in faces_in(FONTS_DIR) if face.covers("Aa1")])
def test_computed_ink_is_where_libass_draws_it(font: str, tmp_path: Path) -> None:
    style = load_style("classic", {"font": font, "outline_px": 0, "font_size": 90})
    spoken_words = [CaptionWord(text, 2.0 * number, 2.0 * number + 1, 0, None) for number, text in enumerate(TEXTS)]
    captions = captions_of(spoken_words, style, 2.0 * len(TEXTS))
    words = [line.words[0] for block in captions.blocks for line in block.lines]
    for number, (word, drawn) in enumerate(zip(words, drawn_boxes(captions, tmp_path, rate=1)[::2], strict=True)):
        assert drawn is not None
        for edge in ("left", "right", "top", "bottom"):  # libass draws every pixel that is touched
            assert getattr(drawn, edge) == pytest.approx(getattr(word.ink, edge), abs=1.3), (TEXTS[number], edge)


def test_extent_grows_with_the_text_and_is_measured_from_the_baseline() -> None:
    face = find_face("Anton Regular")
    assert face.extent("").advance == 0
    assert face.extent("ab").advance > face.extent("a").advance > 0
    assert face.extent("H").bottom == 0 > face.extent("g").bottom
    assert face.extent("H").top == pytest.approx(1760 / 2048)
    assert face.extent("To").advance < face.extent("T").advance + face.extent("o").advance


def test_an_unknown_font_is_rejected_with_the_known_names() -> None:
    with pytest.raises(
        ValueError, match=r"^unknown caption font 'Comic Sans'; use one of Anton Regular, Bebas Neue Regular, "
    ):
        find_face("Comic Sans")


def test_fonts_in_the_users_folder_are_found(tmp_path: Path) -> None:
    other = tmp_path / "brand.ttf"
    other.write_bytes((FONTS_DIR / "Anton-Regular.ttf").read_bytes())
    (tmp_path / "notes.txt").write_text("not a font")
    assert [face.file for face in faces_in(tmp_path)] == [other]
    assert find_face("Anton Regular", tmp_path).file.parent == FONTS_DIR


def test_every_font_has_its_license_beside_it() -> None:
    licenses = [file.stem.split("-", 1)[1] for file in FONTS_DIR.glob("*.txt")]
    for file in FONTS_DIR.glob("*.ttf"):
        assert any(file.stem.startswith(license_of) for license_of in licenses)
    assert sum(file.stat().st_size for file in FONTS_DIR.iterdir()) < 3_500_000
