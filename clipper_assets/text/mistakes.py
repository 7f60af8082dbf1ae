"""Turns pydantic's validation errors into a sentence for the person who wrote the value."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clipper_assets.text.clean import clean_text

NAME_CHARACTERS, VALUE_CHARACTERS = 200, 60
"""How much a message quotes of a field's name and value, which come from outside and may be very long."""

_SUBJECT = re.compile(r"^\w+ should\b")  # "Input should", "String should"
_OWN_CLASS = re.compile(r" or instance of \w+")


@dataclass(frozen=True)
class Mistake:
    """One invalid value.

    Attributes:
        path: Keys and indexes that lead to the value; empty if the whole input is invalid.
        kind: pydantic's error type, such as `extra_forbidden`.
        reason: What the value should be, such as "it should be a valid number".
        value: The invalid value.
    """

    path: tuple[str | int, ...]
    kind: str
    reason: str
    value: object

    def sentence(self, *, fields: Collection[str] = (), whole: str) -> str:
        """The field, its value, and what it should be.

        Args:
            fields: Known fields, listed in the sentence if the input has an unknown one.
            whole: Name of the input, used if the path is empty.
        """
        name = clean_text(".".join(map(str, self.path)))[:NAME_CHARACTERS] or whole
        if self.kind == "extra_forbidden":
            known = f"; there are {', '.join(fields)}" if fields else ""
            return f"there is no field {name}{known}"
        if self.kind == "missing":
            return f"{name} is missing"
        if isinstance(self.value, Mapping | list) or not self.reason.startswith("it should"):
            return f"{name}: {self.reason}"
        return f"{name} is {_shown(self.value)}; {self.reason}"


def first_mistake(errors: Sequence[Any]) -> Mistake:
    """The first mistake in `errors()` of pydantic's ValidationError or FastAPI's RequestValidationError."""
    first = errors[0]
    reason = _OWN_CLASS.sub("", _SUBJECT.sub("it should", first["msg"].removeprefix("Value error, ")))
    return Mistake(tuple(first["loc"]), first["type"], reason, first["input"])


def _shown(value: object) -> str:
    """A value as TOML and JSON write it, shortened to `VALUE_CHARACTERS`."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value).removesuffix(".0")
    return text if len(text) <= VALUE_CHARACTERS else f"{text[: VALUE_CHARACTERS - 3]}..."
