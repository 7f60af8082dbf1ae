"""Tables in TOML that lie beside an upload. Whoever may upload may write anything into them."""

import tomllib
from pathlib import Path
from typing import Any

from upath import UPath

MAX_BYTES = 64_000


def read_toml(file: Path | UPath, name: str) -> dict[str, Any]:
    """The table in a file, called `name` in messages.

    Raises ValueError, in a sentence, for a file that is too large and for what is not TOML.
    """
    with file.open("rb") as opened:
        content = opened.read(MAX_BYTES + 1)
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
