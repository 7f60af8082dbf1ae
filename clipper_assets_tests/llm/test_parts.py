from itertools import pairwise

from clipper_assets.llm.parts import estimated_tokens, parts


def test_parts_cover_every_line_overlap_and_fit_the_budget() -> None:
    lines = [f"{n} " + "word " * (n % 30) for n in range(500)]
    ranges = list(parts(lines, 600))
    assert [number for number in range(500) if not any(number in part for part in ranges)] == []
    for part in ranges:
        assert sum(estimated_tokens(lines[n]) for n in part) <= 600
    for earlier, later in pairwise(ranges):
        assert earlier.stop - later.start == max(1, round(0.1 * len(earlier)))
    assert list(parts(["word " * 100] * 2, 10)) == [range(1), range(1, 2)]
    assert list(parts([], 10)) == []
