"""Caption styles: one TOML file each in `styles/`, and a show's overrides of their fields."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clipper_assets.text.mistakes import first_mistake

Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$", description="`#rrggbb`")]
Opacity = Annotated[float, Field(ge=0, le=1, description="0 invisible, 1 opaque")]


class Position(StrEnum):
    """Vertical position of captions: at the bottom of the safe area, or in the middle of the frame."""

    bottom = "bottom"
    middle = "middle"


class CaptionStyle(BaseModel):
    """How burned captions look.

    Sizes are pixels of a frame whose shorter side is 1080; a colour of None draws nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str
    font: str = Field(description="full name of a face in this package or in CLIPPER_FONTS_DIR")
    font_size: int = Field(ge=20, le=200, description="height of the em, as in CSS")
    uppercase: bool = False
    words_per_page: int = Field(ge=1, le=20, description="words on screen at once, at most")
    max_lines: int = Field(default=2, ge=1, le=2)
    position: Position = Position.bottom

    text_colour: Colour
    speaker_colours: tuple[Colour, ...] = Field(
        default=(), description="text colours by speaker, in order of their first words"
    )
    emphasis_colour: Colour | None = Field(default=None, description="colour of numbers and key words")
    highlight_colour: Colour | None = Field(default=None, description="colour of the word being spoken")
    highlight_box_colour: Colour | None = Field(
        default=None, description="colour of a box behind the word being spoken"
    )
    underline_colour: Colour | None = Field(default=None, description="colour of a line below the word being spoken")
    upcoming_opacity: Opacity = Field(default=1.0, description="opacity of words not spoken yet")

    outline_colour: Colour = "#000000"
    outline_px: float = Field(default=0, ge=0, le=20)
    shadow_px: float = Field(default=0, ge=0, le=20)
    blur_px: float = Field(default=0, ge=0, le=20, description="softens outline and shadow")
    panel_colour: Colour | None = Field(default=None, description="colour of a box behind the whole page")
    panel_opacity: Opacity = 1.0

    hook_size: int = Field(default=72, ge=20, le=200, description="height of the em of the hook title")
    hook_text_colour: Colour = "#0b0b0f"
    hook_box_colour: Colour = "#ffffff"


def style_names() -> list[str]:
    """The styles of this package, sorted."""
    folder = files("clipper_assets.captions") / "styles"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_style(name: str, overrides: Mapping[str, object] | None = None) -> CaptionStyle:
    """The style of that name, with a show's overrides applied.

    Raises ValueError for an unknown name, with all names, and for an invalid override, with its field.
    """
    if name not in style_names():
        raise ValueError(f"unknown caption style {name!r}; use one of {', '.join(style_names())}")
    style = _packaged(name)
    if not overrides:
        return style
    try:
        return CaptionStyle.model_validate(style.model_dump() | dict(overrides) | {"name": name})
    except ValidationError as error:
        mistake = first_mistake(error.errors())
        if mistake.kind == "string_pattern_mismatch":
            mistake = replace(mistake, reason="it should be a colour: #rrggbb")
        fields = list(CaptionStyle.model_fields)[1:]
        raise ValueError(f"caption style {name!r}: {mistake.sentence(fields=fields, whole=name)}") from None


@cache
def _packaged(name: str) -> CaptionStyle:
    text = (files("clipper_assets.captions") / "styles" / f"{name}.toml").read_text()
    return CaptionStyle(name=name, **tomllib.loads(text))
