"""Replaces speaker labels by names."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from clipper_assets.transcript.words import Word


def name_speakers(words: Sequence[Word], names: Mapping[str, str]) -> list[Word]:
    """Replace the speaker labels of words by `names`; a speaker without a name keeps the label."""
    return [replace(word, speaker=names.get(word.speaker, word.speaker)) if word.speaker else word for word in words]
