"""Reads TOML files beside an upload. They are untrusted: anyone who may upload can write them."""

import tomllib
from typing import Any

MAX_BYTES = 64_000
READ_BYTES = MAX_BYTES + 1
"""How many bytes of a file to read: one more than allowed, to notice that it is too large."""


def read_toml(content: bytes, name: str) -> dict[str, Any]:
    """Parse `content`, the first `READ_BYTES` of a TOML file; messages call the file `name`.

    Raises ValueError, with one sentence, if the file is too large or is not valid TOML.
    """
    if len(content) > MAX_BYTES:
        raise ValueError(f"{name} has more than {MAX_BYTES // 1000} kB; keep only the settings in it")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"{name} is not UTF-8 text; save it as UTF-8") from error
    except ValueError as error:  # also a whole number of more than 4,300 digits
        raise ValueError(f"{name} is not valid TOML: {error}") from error
    except RecursionError as error:
        raise ValueError(f"{name} has brackets nested too deeply; keep only the settings in it") from error
