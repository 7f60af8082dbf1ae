from typing import Any

from clipper_assets.clips.gates.verdicts import Limits, read_limits


def limits_of(**table: Any) -> Limits:
    """The limits of a show whose `[gates]` table has these fields."""
    return read_limits(table, "show.toml")
