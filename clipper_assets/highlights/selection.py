"""What is picked from an episode: by the options of the run, else of its show, else of the settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clipper_assets.highlights.rules import Rules
from clipper_assets.runtime.asset_names import HIGHLIGHT_WINDOWS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.settings import Settings
from clipper_assets.shows.clip_options import MAX_TOPICS, length_s, range_s
from clipper_assets.shows.show import Show


@dataclass(frozen=True)
class Selection:
    """The rules for windows, at most how many there are (None: as many as the speech is worth), and their topics."""

    rules: Rules
    max_clips: int | None = None
    topics: str = ""


def selection(
    show: Show,
    settings: Settings,
    *,
    length: str | None = None,
    within: str | None = None,
    max_clips: int | None = None,
    topics: str | None = None,
) -> Selection:
    """The selection by the run config of `highlight_windows`, of which None is unset.

    Raises ValueError, naming the option, for a value that is not allowed.
    """
    try:
        length = length or show.length
        shortest_s, longest_s = length_s(length) if length else (settings.window_min_s, settings.window_max_s)
    except ValueError as mistake:
        raise ValueError(f"length is {length!r}; {mistake}") from None
    try:
        rules = Rules(shortest_s, longest_s, within_s=range_s(within)) if within else Rules(shortest_s, longest_s)
    except ValueError as mistake:
        raise ValueError(f"range is {within!r}; {mistake}") from None
    topics = show.topics if topics is None else topics
    if len(topics) > MAX_TOPICS:
        raise ValueError(f"topics have {len(topics)} characters; they should have at most {MAX_TOPICS}")
    return Selection(rules, max_clips or show.max_clips, topics.strip())


def ignored_options(options: Mapping[str, Any], clips: int) -> list[Degraded]:
    """A fallback if a run has `options`, as arguments of `selection`, that its `clips` edited clips do not follow."""
    ignored = [name for name, value in options.items() if value is not None and name != "max_clips"]
    reasons, most = [], options["max_clips"]
    if most is not None and most < clips:
        reasons.append(
            f"all {clips} edited clips are kept although max_clips is {most}; discard the edits to have fewer clips"
        )
    if ignored:
        named = " and ".join(name.replace("within", "range") for name in ignored)
        reasons.append(f"the edited clips are kept although {named} was given; discard the edits to have other clips")
    return [Degraded(HIGHLIGHT_WINDOWS, reason) for reason in reasons]
