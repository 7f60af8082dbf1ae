"""Cuts a sequence into stretches whose costs add up to the least, as Knuth and Plass break a paragraph into lines.

Donald Knuth and Michael Plass, Breaking Paragraphs into Lines, Software: Practice and Experience 11, 1981.
"""

from collections.abc import Callable
from typing import TypeVar

Stretch = TypeVar("Stretch")


def cheapest_partition(count: int, stretch: Callable[[int, int], tuple[float, Stretch] | None]) -> list[Stretch]:
    """The stretches that `count` items are cut into, in order.

    Args:
        count: Number of items.
        stretch: What the items from `first` up to but not including `last` cost and what is made of them; None where
            they are too many. A single item never is, and no more items fit where fewer do not. Of two ways that cost
            the same, the one whose last stretch is longer is taken.
    """
    best_costs = [0.0]
    best_starts, best_stretches = [0], list[Stretch]()
    for last in range(1, count + 1):
        ways: list[tuple[float, int, Stretch]] = []
        for first in range(last - 1, -1, -1):
            made = stretch(first, last)
            if made is None:
                break
            ways.append((best_costs[first] + made[0], first, made[1]))
        cost, start, made_of_it = min(ways, key=lambda way: way[:2])
        best_costs.append(cost)
        best_starts.append(start)
        best_stretches.append(made_of_it)
    stretches: list[Stretch] = []
    last = count
    while last:
        stretches.append(best_stretches[last - 1])
        last = best_starts[last]
    return stretches[::-1]
