"""Splits a long transcript into overlapping parts, one for each request to a model."""

from collections.abc import Iterator, Sequence

BYTES_PER_TOKEN = 3
"""Bytes per token; OpenAI's rule of thumb is four characters of English, three bytes also suit other scripts."""

OVERLAP = 0.1
"""Share of a part's sentences that the next part repeats, so that no stretch is lost at the boundary."""


def estimated_tokens(text: str) -> int:
    """Estimate the tokens of `text` without a tokenizer; rather too many than too few."""
    return len(text.encode()) // BYTES_PER_TOKEN + 1


def parts(lines: Sequence[str], budget_tokens: int) -> Iterator[range]:
    """Split lines into overlapping ranges that fit the token budget; each range has at least one line."""
    start = 0
    while start < len(lines):
        end, tokens = start, 0
        while end < len(lines) and (end == start or tokens + estimated_tokens(lines[end]) <= budget_tokens):
            tokens += estimated_tokens(lines[end])
            end += 1
        yield range(start, end)
        if end == len(lines):
            return
        start = max(start + 1, end - max(1, round(OVERLAP * (end - start))))
