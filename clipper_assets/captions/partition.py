"""Splits a sequence into stretches with the least total cost, by dynamic programming.

Donald Knuth and Michael Plass, Breaking Paragraphs into Lines, Software: Practice and Experience 11, 1981.
"""

from collections.abc import Callable
from typing import TypeVar

Stretch = TypeVar("Stretch")


def cheapest_partition(count: int, stretch: Callable[[int, int], tuple[float, Stretch] | None]) -> list[Stretch]:
    """Split `count` items into stretches with the least total cost, and return the stretches in order.

    If two partitions cost the same, the one with the longer last stretch wins.

    Args:
        count: Number of items.
        stretch: Returns cost and value of a stretch of the items from `first` up to but not including `last`, or None
            if these are too many. It never returns None for a single item; if it returns None for a stretch, it
            returns None for all longer ones with the same end.
    """
    best_costs = [0.0]
    best_starts, best_stretches = [0], list[Stretch]()
    for last in range(1, count + 1):
        options: list[tuple[float, int, Stretch]] = []
        for first in range(last - 1, -1, -1):
            candidate = stretch(first, last)
            if candidate is None:
                break
            cost, value = candidate
            options.append((best_costs[first] + cost, first, value))
        best_cost, start, best_stretch = min(options, key=lambda option: option[:2])
        best_costs.append(best_cost)
        best_starts.append(start)
        best_stretches.append(best_stretch)
    stretches: list[Stretch] = []
    last = count
    while last:
        stretches.append(best_stretches[last - 1])
        last = best_starts[last]
    return stretches[::-1]
