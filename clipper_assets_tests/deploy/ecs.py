"""Reads the files of `deploy/ecs` with their variables filled in."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

ECS = Path(__file__).parents[2] / "deploy" / "ecs"
SERVICES = ("code-location", "webserver", "daemon", "api")
ROLES = ("run", *SERVICES)
DEFINITIONS = ("transcript", *ROLES)
"""Transcripts have the role of runs."""


def settings(**instead: str) -> dict[str, str]:
    """Parses `settings.env` as a shell does."""
    lines = (ECS / "settings.env").read_text().splitlines()
    named = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: "".join(shlex.split(value)) for name, _, value in named} | instead


def filled(file: str, values: Mapping[str, str]) -> Any:
    """Reads a JSON file and replaces each `${NAME}`, as envsubst does. Raises KeyError for an unset name."""
    return json.loads(Template((ECS / file).read_text()).substitute(values))
