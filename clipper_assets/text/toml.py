"""Tables in TOML that lie beside an upload. Whoever may upload may write anything into them."""

import tomllib
from typing import Any

MAX_BYTES = 64_000
READ_BYTES = MAX_BYTES + 1
"""Of a file: enough to tell that it is too large."""


def read_toml(content: bytes, name: str) -> dict[str, Any]:
    """The table in the first `READ_BYTES` of a file, called `name` in messages.

    Raises ValueError, in a sentence, for a file that is too large and for what is not TOML.
    """
    if len(content) > MAX_BYTES:
        raise ValueError(f"{name} has more than {MAX_BYTES // 1000} kB; keep only the settings in it")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"{name} is not UTF-8 text; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{name} is not TOML: {error}") from error
    except RecursionError as error:
        raise ValueError(f"{name} has brackets nested too deeply; keep only the settings in it") from error
