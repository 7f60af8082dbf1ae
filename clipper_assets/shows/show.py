"""What a show decides for all its clips: `show.toml` in the folder of its uploads."""

from enum import Enum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from clipper_assets.media.frame import Aspect
from clipper_assets.storage.base import Storage
from clipper_assets.text.mistakes import first_mistake
from clipper_assets.text.toml import READ_BYTES, read_toml

DEFAULT_STYLE = "pop"
"""The caption style of a show that names none."""


class Layout(Enum):
    """How the source fills the frame of a clip; `auto` is a wish, decided shot by shot and never part of a path."""

    auto = "auto"
    speaker = "speaker"
    split = "split"
    screen = "screen"
    fit = "fit"
    center = "center"


STILL = frozenset({Layout.fit, Layout.center})
"""Layouts that show the same throughout, so that the picture need not be looked at."""


class Show(BaseModel):
    """The settings of a show, each with a default.

    `captions` overrides fields of the caption style and `gates` limits of the gates; both are checked by `load_style`
    and `read_limits`, which know the fields.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    caption_style: str = Field(DEFAULT_STYLE, description="name of a caption style")
    captions: dict[str, Any] = Field({}, description="what differs from that style: colours, font, ...")
    aspect: Aspect = Field(Aspect.portrait, description="width to height of the clips")
    layout: Layout = Field(Layout.auto, description="how the source fills the frame")
    hook_title: StrictBool = Field(False, description="whether the hook is written over the first seconds")
    tighten: StrictBool = Field(False, description="whether fillers and long pauses are taken out")
    gates: dict[str, Any] = Field({}, description="what differs from the limits of the gates, and which of them block")


def show_key(upload: str) -> str:
    """Where the settings for an upload lie: in its folder."""
    return f"{''.join(upload.rpartition('/')[:2])}show.toml"


def load_show(storage: Storage, upload: str) -> Show:
    """The settings of the show that an upload (an object key) belongs to; the defaults where there is no file.

    Raises ValueError, naming the file and its line or field, for broken TOML and for a setting that cannot be, and
    StorageError where the storage does not give the file.
    """
    key = show_key(upload)
    if not storage.exists(key):
        return Show()
    try:
        return Show.model_validate(read_toml(storage.read_bytes(key, READ_BYTES), key))
    except ValidationError as error:
        mistake = first_mistake(error.errors())
        raise ValueError(f"{key}: {mistake.sentence(fields=Show.model_fields, whole=key)}") from error
