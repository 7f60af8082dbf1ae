"""Folders of the lake in Hive's form, which DuckDB, Spark and Athena read as a column `episode`."""

import re

_UNSAFE = re.compile(r"[%/\\=:?#*\"'<>|{}^\[\]]")


def escape(match: re.Match[str]) -> str:
    """What was matched as URI escapes of its UTF-8."""
    return "".join(f"%{byte:02X}" for byte in match.group().encode())


def hive_folder(partition: str) -> str:
    """The folder of one episode below a lake table: `episode=test1%2Fsample.mp4` (readers undo the URI escapes)."""
    return "episode=" + _UNSAFE.sub(escape, partition)
