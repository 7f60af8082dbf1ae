from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.captions.partition import cheapest_partition

MOST = 3


@settings(deadline=None)
@given(st.lists(st.integers(0, 20), max_size=8), st.integers(0, 20))
def test_no_other_partition_costs_less(items: list[int], ideal: int) -> None:
    def cost(first: int, last: int) -> float:
        return float((sum(items[first:last]) - ideal) ** 2)

    def stretch(first: int, last: int) -> tuple[float, tuple[int, int]] | None:
        return (cost(first, last), (first, last)) if last - first <= MOST else None

    stretches = cheapest_partition(len(items), stretch)
    assert [item for first, last in stretches for item in items[first:last]] == items
    others = (
        list(pairwise((0, *inner, len(items))))
        for number in range(len(items))
        for inner in combinations(range(1, len(items)), number)
    )
    fitting = [other for other in others if all(last - first <= MOST for first, last in other)]
    assert sum(cost(*span) for span in stretches) == min(
        (sum(cost(*span) for span in other) for other in fitting), default=0
    )


def test_at_equal_cost_the_longer_last_stretch_wins() -> None:
    assert cheapest_partition(3, lambda first, last: (0.0, (first, last)) if last - first <= 2 else None) == [
        (0, 1),
        (1, 3),
    ]
