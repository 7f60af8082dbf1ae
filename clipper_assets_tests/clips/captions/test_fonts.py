from pathlib import Path

import pytest

from clipper_assets.clips.captions.fonts import load_font
from clipper_assets.clips.captions.styles import load_style, style_names
from clipper_assets_tests.clips.captions.drawing import first_frame, ink
from clipper_assets_tests.media import words


@pytest.mark.parametrize("style_name", style_names())
@pytest.mark.parametrize("text", ["bakery-at-the-edge", "Mississippi!", "1000,300?"])
def test_width_is_what_libass_draws(style_name: str, text: str, tmp_path: Path) -> None:
    style = load_style(style_name).model_copy(update={"outline_px": 0.0, "shadow_px": 0.0, "box": False})
    shown = text.upper() if style.uppercase else text
    left, _, right, _ = ink(first_frame(words(text), style, tmp_path))
    width_px = load_font(style.font).width_px(shown, style.font_size)
    # A glyph is a little narrower than its advance: at most its two side bearings at the ends of the line.
    assert right - left == pytest.approx(width_px, rel=0.03)
    assert (left + right) / 2 == pytest.approx(540, abs=4)


def test_width_grows_with_text_and_size() -> None:
    font = load_font("Anton")
    assert font.width_px("木", 100) == 100  # the font lacks it
    assert font.width_px("", 100) == 0
    assert font.width_px("ab", 200) == pytest.approx(2 * font.width_px("ab", 100))


def test_what_the_font_lacks_is_named() -> None:
    assert load_font("Anton").lacking("Déjà vu, Жук 木 Жук!") == "Жку木"
    assert load_font("Anton").lacking("Naïve café: 300 € \u00a0ok?") == ""
