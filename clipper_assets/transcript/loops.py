"""Phrases that come back to back more often than anybody says them: what a decoder writes when it is stuck."""

from collections.abc import Sequence

LONGEST_PHRASE = 8
"""Words; a longer loop also gives itself away to `doubt.compression_ratio`."""
LEAST_TIMES = 4
LEAST_WORDS = 10
"""A phrase said four times and ten words in all make a loop: "no, no, no, no" and "very, very, very" are speech.

Whisper's own limit, text that compresses more than 2.4 times (Radford et al. 2022, section 4.5), needs about as much:
four copies of a phrase of three words are past it. Baranski et al. 2025 (arXiv:2501.11378) remove such loops likewise.
"""


def loops(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Where words loop: first word and end (excluded) of each stretch, in order, none overlapping another.

    Case and punctuation do not count. Takes time in proportion to the number of words.
    """
    plain = ["".join(char for char in text.casefold() if char.isalnum()) for text in texts]
    found: list[tuple[int, int]] = []
    for length in range(1, LONGEST_PHRASE + 1):
        first = 0
        for at in range(length, len(plain) + 1):
            if at < len(plain) and plain[at] == plain[at - length]:
                continue
            if at - first >= max(LEAST_TIMES * length, LEAST_WORDS):
                found.append((first, at))
            first = at - length + 1
    return _merged(found)


def _merged(stretches: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, end in sorted(stretches):
        if merged and first < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((first, end))
    return merged
