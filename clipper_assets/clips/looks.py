"""Looks: other aspects, caption styles and languages of captions in which an episode's clips are made as well."""

import re
from dataclasses import dataclass
from typing import NamedTuple

import dagster as dg

from clipper_assets.captions.styles import style_names
from clipper_assets.episodes.partitions import episodes
from clipper_assets.media.frame import Aspect
from clipper_assets.runtime.tenant import partition_set
from clipper_assets.storage.base import is_key
from clipper_assets.text.languages import iso_language

LOOK_SET = partition_set("looks")
looks = dg.DynamicPartitionsDefinition(name=LOOK_SET)
episodes_and_looks = dg.MultiPartitionsDefinition({"episodes": episodes, "looks": looks})
"""Partitions of `clip_variants`: each look of each episode."""
LOOKS = "looks"
"""The folder, below that of an episode's clips or records, with a folder for each of its looks."""
_FOLDER = re.compile(rf"(?:^|/)clips/(?:[^/]+/)?{LOOKS}/((?:{'|'.join(Aspect.__members__)})-[^/]+)(?:/|$)")
MAX_NAME = 60
"""Most characters of a look's name that are read; the longest that exists has less than half as many."""


class NamedLook(NamedTuple):
    """What the name of a look says: `square-marker`, or `feed-pop-es` with captions in Spanish.

    `language` is an ISO 639-1 code; None for captions in the language that is spoken.
    """

    aspect: Aspect
    style: str
    language: str | None = None


@dataclass(frozen=True)
class Rendition:
    """Which clips of an episode are meant: those of `rendered_clips` in an aspect, or those of a look.

    Clips and records of each rendition lie in a folder of their own.
    """

    aspect: Aspect
    look: str | None = None

    @property
    def folder(self) -> str:
        """Its folder below another: `/1x1` or `/looks/square-marker`; empty for the default clips in 9:16."""
        if self.look is not None:
            return look_folder(self.look)
        return "" if self.aspect is Aspect.portrait else f"/{self.aspect.replace(':', 'x')}"

    def __str__(self) -> str:
        return self.aspect.value if self.look is None else f"the look {self.look}"


def parse_look(name: str) -> NamedLook:
    """What the name of a look means. Raises ValueError, with one sentence that lists what there is."""
    aspect, _, rest = name[:MAX_NAME].partition("-")
    if len(name) <= MAX_NAME and aspect in Aspect.__members__:
        for style in style_names():
            if rest == style:
                return NamedLook(Aspect[aspect], style)
            language = rest.removeprefix(f"{style}-")
            if language != rest and language == iso_language(language):
                return NamedLook(Aspect[aspect], style, language)
    raise ValueError(
        f"unknown look {name[:MAX_NAME]!r}; name it <aspect>-<caption style>, such as square-marker, or "
        f"<aspect>-<caption style>-<language> with an ISO 639-1 code, such as square-marker-es; the aspects are "
        f"{', '.join(Aspect.__members__)}, and the caption styles {', '.join(style_names())}"
    )


def may_have_files(name: str) -> bool:
    """Whether a run of this or another version can have made clips in a look; Dagster lets a person add any name."""
    return len(name) <= MAX_NAME and "/" not in name and is_key(name)


def look_folder(name: str) -> str:
    """The folder of a look below that of an episode's clips or records: `/looks/square-marker`."""
    return f"/{LOOKS}/{name}"


def look_in(key: str) -> str | None:
    """The look that an object in a folder of clips, or such a folder, belongs to, by its key; None for default clips.

    An upload may lie in a folder named `looks` itself, but not in one of clips.
    """
    match = _FOLDER.search(key)
    return match[1] if match else None
