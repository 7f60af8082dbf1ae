import math
from pathlib import Path

import pytest

from clipper_assets.captions import styles
from clipper_assets.captions.fonts import find_face
from clipper_assets.captions.styles import load_style, style_names
from clipper_assets.shows.show import DEFAULT_STYLE

NAMES = ["boxed", "classic", "editorial", "headline", "karaoke", "marker", "neon", "pop", "subtitle"]


def test_every_style_loads_with_a_font_of_this_package() -> None:
    assert style_names() == NAMES
    assert DEFAULT_STYLE in NAMES
    for name in NAMES:
        style = load_style(name)
        assert style.name == name
        assert find_face(style.font).name == style.font


def test_styles_differ_in_more_than_a_color() -> None:
    looks = {
        (
            style.font,
            style.uppercase,
            style.position,
            style.panel_colour is None,
            style.highlight_box_colour is None,
            style.underline_colour is None,
            style.blur_px > 0,
        )
        for style in map(load_style, NAMES)
    }
    assert len(looks) == len(NAMES)


def test_classic_looks_like_the_previous_service() -> None:
    classic = load_style("classic")
    assert (classic.font, classic.text_colour, classic.words_per_page) == ("Anton Regular", "#ffffff", 5)


@pytest.mark.parametrize("name", ["comic", "", "../styles/pop", "POP"])
def test_an_unknown_style_is_rejected_with_the_known_names(name: str) -> None:
    with pytest.raises(ValueError, match=r"^unknown caption style '.*'; use one of boxed, classic, .*, subtitle$"):
        load_style(name)


def test_a_style_is_added_by_its_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "styles").mkdir()
    fields = 'font = "Anton Regular"\nfont_size = 80\nwords_per_page = 4\ntext_colour = "#ffffff"\n'
    (tmp_path / "styles" / "comic.toml").write_text(fields)
    monkeypatch.setattr(styles, "files", lambda _: tmp_path)
    assert style_names() == ["comic"]
    assert (load_style("comic").name, load_style("comic").font_size) == ("comic", 80)


def test_a_show_overrides_fields() -> None:
    style = load_style("pop", {"highlight_colour": "#00ff00", "words_per_page": 3, "speaker_colours": ["#ffffff"]})
    assert (style.name, style.highlight_colour, style.words_per_page) == ("pop", "#00ff00", 3)
    assert style.speaker_colours == ("#ffffff",)
    assert style.font == load_style("pop").font
    assert load_style("pop", {}) == load_style("pop")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"text_colour": "white"}, "text_colour is 'white'; it should be a colour: #rrggbb"),
        (
            {"speaker_colours": ["#ffffff", "red"]},
            "speaker_colours.1 is 'red'; it should be a colour: #rrggbb",
        ),
        ({"font_size": 0}, "font_size is 0; it should be greater than or equal to 20"),
        ({"outline_px": -1}, "outline_px is -1; it should be greater than or equal to 0"),
        ({"outline_px": math.inf}, "outline_px is inf; it should be less than or equal to 20"),
        ({"panel_opacity": math.nan}, "panel_opacity is nan; it should be "),
        ({"words_per_page": "many"}, "words_per_page is 'many'; it should be a valid integer"),
        ({"position": "top"}, "position is 'top'; it should be 'bottom' or 'middle'"),
        ({"col\0our": "#ffffff"}, "there is no field colour; there are font, font_size, "),
        ({"colour": "#ffffff"}, "there is no field colour; there are font, font_size, "),
    ],
)
def test_an_invalid_override_fails_in_one_sentence_that_names_the_field(
    change: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ValueError, match="caption style 'pop'") as raised:
        load_style("pop", change)
    assert str(raised.value).startswith(f"caption style 'pop': {sentence}")
    assert "\n" not in str(raised.value)
