"""Caption styles as data: one TOML file each in `styles/`."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_STYLE = "pop"

Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$", description="`#rrggbb`")]


class CaptionStyle(BaseModel):
    """How burned captions look; sizes are pixels of the 1080x1920 frame."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    font: str
    font_size: int = Field(gt=0, description="ASS Fontsize: the height of the font's line box")
    uppercase: bool
    text_colour: Colour
    highlight_colour: Colour
    outline_colour: Colour
    outline_px: float = Field(ge=0)
    shadow_px: float = Field(ge=0)
    box: bool = Field(description="an opaque box behind each line, in the outline's colour")
    words_per_page: int = Field(ge=1, description="words on screen at once, at most")


def style_names() -> list[str]:
    """The styles of this package, sorted."""
    folder = files("clipper_assets.clips.captions") / "styles"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


@cache
def load_style(name: str) -> CaptionStyle:
    """The style of that name. Raises ValueError, naming those that there are, for no match."""
    if name not in style_names():
        raise ValueError(f"no caption style {name!r}; there are {', '.join(style_names())}")
    text = (files("clipper_assets.clips.captions") / "styles" / f"{name}.toml").read_text()
    return CaptionStyle(name=name, **tomllib.loads(text))
