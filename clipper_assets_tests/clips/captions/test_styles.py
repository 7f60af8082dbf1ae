import pytest
from pydantic import ValidationError

from clipper_assets.clips.captions.fonts import load_font
from clipper_assets.clips.captions.styles import DEFAULT_STYLE, CaptionStyle, load_style, style_names


def test_every_style_loads_with_a_font_of_this_package() -> None:
    assert style_names() == ["boxed", "classic", "pop"]
    assert DEFAULT_STYLE in style_names()
    for name in style_names():
        assert load_style(name).name == name
        assert load_font(load_style(name).font).family == load_style(name).font


@pytest.mark.parametrize("name", ["comic", "", "../styles/pop", "POP"])
def test_an_unknown_style_is_refused_with_those_that_there_are(name: str) -> None:
    with pytest.raises(ValueError, match=r"^no caption style '.*'; there are boxed, classic, pop$"):
        load_style(name)


def test_an_unknown_font_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"^no caption font 'Comic Sans' in this package; there are Anton$"):
        load_font("Comic Sans")


@pytest.mark.parametrize(
    "change",
    [{"text_colour": "white"}, {"font_size": 0}, {"outline_px": -1}, {"words_per_page": 0}, {"colour": "#ffffff"}],
)
def test_a_mistake_in_a_style_is_found(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CaptionStyle.model_validate(load_style("pop").model_dump() | change)
