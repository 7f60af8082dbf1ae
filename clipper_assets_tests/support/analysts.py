"""The code of docs/analysts.md, for its test and its benchmark."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "analysts.md"
TOOLS = ("sql", "pandas", "polars")
_BLOCK = re.compile(r"^```(?:python )?(sql|pandas|polars)(?: ([\w-]+))?\n(.*?)^```", re.DOTALL | re.MULTILINE)


def code(library: str) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """What each Python tool defines first, by tool, and the queries, by name and tool; `library` is their folder."""
    first: dict[str, str] = {}
    queries: dict[str, dict[str, str]] = {}
    for tool, name, text in _BLOCK.findall(PAGE.read_text()):
        placed = text.replace("data/lake/library", library)
        if name:
            queries.setdefault(name, {})[tool] = placed
        elif tool != "sql":
            first[tool] = placed
    return first, queries
