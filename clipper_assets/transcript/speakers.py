"""Words with the names of their speakers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from clipper_assets.transcript.words import Word


def named(words: Sequence[Word], names: Mapping[str, str]) -> list[Word]:
    """The words with their speakers called by `names`; one without a name there keeps its label."""
    return [replace(word, speaker=names.get(word.speaker, word.speaker)) if word.speaker else word for word in words]
