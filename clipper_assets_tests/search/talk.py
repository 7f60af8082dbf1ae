"""Episodes in the lake whose sentences tests search for."""

from collections.abc import Sequence

import pyarrow as pa

from clipper_assets.episodes.partitions import partition_key
from clipper_assets.runtime.asset_names import ALIGNED_TRANSCRIPT
from clipper_assets.storage.base import Storage
from clipper_assets.storage.lake import parquet_bytes, table_key
from clipper_assets.transcript.words import Word, words_table

Said = tuple[str | None, str]
"""A speaker and one sentence."""

BEES: list[Said] = [
    ("Anna", "Welcome to the show about gardens."),
    ("Ben", "Honey bees visited two thousand flowers yesterday."),
    ("Anna", "How do they find the way home?"),
    ("Ben", "They are dancing in the dark."),
]
TRAINS: list[Said] = [
    ("Carla", "The night train to Vienna was late again."),
    ("SPEAKER_01", "Trains need more money, not more speeches."),
]


def store_talk(storage: Storage, key: str, said: Sequence[Said], language: str = "en") -> None:
    """Store the words table of an episode; each word lasts half a second."""
    table = words_of(partition_key(key), said, language)
    storage.put_bytes(words_key(key), parquet_bytes(table.drop_columns(["episode"])))


def words_of(partition: str, said: Sequence[Said], language: str = "en") -> pa.Table:
    """The words table of an episode; each word lasts half a second."""
    spoken = [(number, speaker, word) for number, (speaker, text) in enumerate(said) for word in text.split()]
    words = [
        Word(text, place / 2, place / 2 + 0.5, number, speaker=speaker)
        for place, (number, speaker, text) in enumerate(spoken)
    ]
    return words_table(partition, words, [number for number, _, _ in spoken], language, {})


def words_key(key: str) -> str:
    return table_key(ALIGNED_TRANSCRIPT, "words", partition_key(key))
