"""Finds loops: phrases repeated more often than people repeat them, which a decoder writes when it is stuck."""

from collections.abc import Sequence

LONGEST_PHRASE = 8
"""In words. Loops of longer phrases also exceed the limit of `doubt.compression_ratio`."""
MIN_REPETITIONS = 4
MIN_WORDS = 10
"""A loop has a phrase at least four times, and ten words in all: "no, no, no, no" and "very, very, very" are speech.

Whisper's limit, text that compresses more than 2.4 times (Radford et al. 2022, section 4.5), is similar: four copies of
a phrase of three words exceed it. Baranski et al. 2025 (arXiv:2501.11378) remove such loops in the same way.
"""


def loops(texts: Sequence[str]) -> list[tuple[int, int]]:
    """First word and end (excluded) of each loop, in order and without overlaps.

    Case and punctuation are ignored. Takes linear time.
    """
    plain = ["".join(char for char in text.casefold() if char.isalnum()) for text in texts]
    stretches: list[tuple[int, int]] = []
    for length in range(1, LONGEST_PHRASE + 1):
        first = 0
        for end in range(length, len(plain) + 1):
            if end < len(plain) and plain[end] == plain[end - length]:
                continue
            if end - first >= max(MIN_REPETITIONS * length, MIN_WORDS):
                stretches.append((first, end))
            first = end - length + 1
    return _merged(stretches)


def _merged(stretches: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, end in sorted(stretches):
        if merged and first < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((first, end))
    return merged
