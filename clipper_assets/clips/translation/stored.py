"""Keeps the translations of an episode's clips beside the records of a look, so that none is asked for twice."""

from collections.abc import Iterable, Mapping

from pydantic import RootModel, ValidationError

from clipper_assets.clips.translation.texts import Translation
from clipper_assets.storage.base import Storage

FILE = "translation.json"
MOST_BYTES = 4_000_000
"""A longer file is none of ours: the translations of 40 clips have a tenth of it."""


class Stored(RootModel[dict[str, Translation]]):
    """Translations by recipe."""


def read_translations(storage: Storage, folders: Iterable[str]) -> dict[str, Translation]:
    """The translations by recipe that are kept in any of these folders, such as those of looks in one language.

    A file that cannot be read is like none: its translations are asked for again, and it is replaced.
    """
    found: dict[str, Translation] = {}
    for folder in folders:
        key = f"{folder}/{FILE}"
        if not storage.exists(key):
            continue
        try:
            found |= Stored.model_validate_json(storage.read_bytes(key, MOST_BYTES)).root
        except (ValidationError, FileNotFoundError):
            continue
    return found


def write_translations(storage: Storage, folder: str, translations: Mapping[str, Translation]) -> None:
    """Keep these translations, by recipe, in a folder; replaces those that were there."""
    storage.put_bytes(f"{folder}/{FILE}", Stored(dict(translations)).model_dump_json(indent=2).encode())
