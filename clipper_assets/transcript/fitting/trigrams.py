"""A trigram language model of a text in the ARPA format, for a recogniser that expects this text."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

DISCOUNT = 0.4
"""Taken from each count for unseen successors (absolute discounting; Ney, Essen and Kneser 1994)."""
_ORDER = 3

_Grams = dict[tuple[str, ...], float]


def arpa(tokens: Sequence[str]) -> str:
    """The language model of a text of at least one token."""
    padded = ["<s>", *tokens, "</s>"]
    counts: list[Counter[tuple[str, ...]]] = [
        Counter(zip(*(padded[place:] for place in range(n)), strict=False)) for n in range(1, _ORDER + 1)
    ]
    histories = [_histories(grams) for grams in counts]
    shares: list[_Grams] = [{gram: count / len(padded) for gram, count in counts[0].items()}]
    shares += [
        {gram: (count - DISCOUNT) / histories[n][gram[:-1]] for gram, count in counts[n].items()}
        for n in range(1, _ORDER)
    ]
    lines = ["\\data\\", *(f"ngram {n}={len(grams)}" for n, grams in enumerate(shares, start=1))]
    for n, grams in enumerate(shares):
        backoffs = _backoffs(shares[n + 1], histories[n + 1], grams) if n + 1 < _ORDER else {}
        lines += ["", f"\\{n + 1}-grams:"]
        lines += [f"{_log(share)} {' '.join(gram)} {_log(backoffs.get(gram, 1.0))}" for gram, share in grams.items()]
    return "\n".join([*lines, "", "\\end\\", ""])


def _histories(counts: Counter[tuple[str, ...]]) -> Counter[tuple[str, ...]]:
    """How often each history has a successor."""
    histories: Counter[tuple[str, ...]] = Counter()
    for gram, count in counts.items():
        histories[gram[:-1]] += count
    return histories


def _backoffs(longer: _Grams, histories: Counter[tuple[str, ...]], shorter: _Grams) -> _Grams:
    """The weight of each history's shorter history: what its discounts left, for successors that it does not have."""
    successors, seen = Counter(gram[:-1] for gram in longer), defaultdict[tuple[str, ...], float](float)
    for gram in longer:
        seen[gram[:-1]] += shorter[gram[1:]]
    return {
        history: DISCOUNT * successors[history] / histories[history] / max(1 - seen[history], 0.001)
        for history in successors
    }


def _log(share: float) -> str:
    return f"{math.log10(share):.4f}"
