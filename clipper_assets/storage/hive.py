"""Hive-style partition folders of the lake, which DuckDB, Spark and Athena read as a column `episode`."""

import re

_UNSAFE = re.compile(r"[%/\\=:?#*\"'<>|{}^\[\]]")


def escape(match: re.Match[str]) -> str:
    """Percent-encode the UTF-8 bytes of a match."""
    return "".join(f"%{byte:02X}" for byte in match.group().encode())


def hive_value(text: str) -> str:
    """A text as part of a folder's name, percent-encoded; readers decode it."""
    return _UNSAFE.sub(escape, text)


def hive_folder(partition: str, column: str = "episode") -> str:
    """An episode's folder below a lake table: `episode=test1%2Fsample.mp4` (readers decode the percent-encoding)."""
    return f"{column}={hive_value(partition)}"
