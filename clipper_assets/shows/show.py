"""The settings of a show: `show.toml` in the folder of its uploads."""

import re
from enum import Enum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, ValidationError

from clipper_assets.media.frame import Aspect
from clipper_assets.setting_types import PickerName
from clipper_assets.settings import Settings
from clipper_assets.shows.clip_options import CLIPS, LENGTH, TOPICS, Length, MaxClips, Topics
from clipper_assets.shows.speech_options import LANGUAGE, SPEAKERS, Language, Speakers, language_code
from clipper_assets.storage.base import Storage
from clipper_assets.text.mistakes import first_mistake
from clipper_assets.text.toml import READ_BYTES, read_toml

DEFAULT_STYLE = "pop"
"""The caption style if `show.toml` names none."""


class Layout(Enum):
    """How the source fills the frame of a clip.

    `auto` chooses one of the others for each shot, and so never occurs in a camera path.
    """

    auto = "auto"
    speaker = "speaker"
    split = "split"
    grid = "grid"
    screen = "screen"
    fit = "fit"
    center = "center"


STILL = frozenset({Layout.fit, Layout.center})
"""Layouts with a fixed camera, for which the video need not be analysed."""


PromptName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
PromptShare = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]

MAX_OWNER = 254
"""Most characters of an owner: the longest address of e-mail."""
_OWNER = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}|team:\w[\w .&-]*")
"""What Dagster takes as an owner, with a team's name of printable characters."""


def _checked_owner(text: str) -> str:
    if len(text) > MAX_OWNER or not _OWNER.fullmatch(text):
        raise ValueError("it should be an address such as 'anna@example.org' or a team such as 'team:morning show'")
    return text


Owner = Annotated[str, AfterValidator(_checked_owner)]


class Show(BaseModel):
    """Contents of `show.toml`; every setting has a default.

    `captions` overrides fields of the caption style and `gates` limits of the gates; both are checked by `load_style`
    and `read_limits`, which know the fields.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    caption_style: str = Field(DEFAULT_STYLE, description="name of a caption style")
    captions: dict[str, Any] = Field({}, description="overrides of that style: colours, font, ...")
    aspect: Aspect = Field(Aspect.portrait, description="width to height of the clips")
    layout: Layout = Field(Layout.auto, description="how the source fills the frame")
    hook_title: StrictBool = Field(False, description="whether the hook is shown as a title in the first seconds")
    tighten: StrictBool = Field(False, description="whether fillers and long pauses are cut out")
    length: Length | None = Field(None, description=f"length of the clips: {LENGTH}")
    max_clips: MaxClips | None = Field(None, description=CLIPS)
    topics: Topics = Field("", description=TOPICS)
    gates: dict[str, Any] = Field({}, description="overrides of the gates' limits, and which gates block")
    prompt: PromptName = Field("standard", description="name of the prompt that a language model picks highlights with")
    prompts: dict[PromptName, PromptShare] = Field(
        {},
        max_length=8,
        description="prompts that pick side by side, and their shares of the episodes",
    )
    picker: PickerName | None = Field(
        None, description="`auto`, `openai` or `heuristic`, which asks no model about highlights, adverts and chapters"
    )
    language: Language | None = Field(None, description=LANGUAGE)
    speakers: Speakers | None = Field(None, description=SPEAKERS)
    owner: Owner | None = Field(None, description="who answers for the show: an e-mail address or `team:name`")


def show_key(upload: str) -> str:
    """Key of the `show.toml` for an upload, in the same folder."""
    return f"{''.join(upload.rpartition('/')[:2])}show.toml"


def load_show(storage: Storage, upload: str) -> Show:
    """The settings of the show that an upload (an object key) belongs to; the defaults if it has no `show.toml`.

    Raises ValueError, naming the file and its line or field, for invalid TOML or an invalid setting, and StorageError
    if the file cannot be read.
    """
    key = show_key(upload)
    if not storage.exists(key):
        return Show()
    try:
        return Show.model_validate(read_toml(storage.read_bytes(key, READ_BYTES), key))
    except ValidationError as error:
        mistake = first_mistake(error.errors())
        raise ValueError(f"{key}: {mistake.sentence(fields=Show.model_fields, whole=key)}") from error


def spoken_language(asked: str | None, show: Show, settings: Settings) -> str | None:
    """The code of the language of the speech by the run config `asked`, else the show, else the settings.

    None to detect it. A run config or setting that is no known language stays as it is, for the engine to refuse.
    """
    language = asked or show.language or settings.language
    return (language_code(language) or language) if language else None
