from datetime import timedelta
from typing import Any

import pytest

from clipper_assets.evaluation.comparison import MIN_DECISIONS, Comparison, comparisons
from clipper_assets.evaluation.figures import evaluation_rows, precision_at, preview, wilson
from clipper_assets.evaluation.plot import kept_plot
from clipper_assets_tests.evaluation.reviewing import MONDAY

IN_USE = {"show": ["bold", "standard"], "other": ["bold", "standard"]}


def row(
    episode: str, clip: int, approved: bool | None, prompt: str | None = "standard", **changes: Any
) -> dict[str, Any]:
    return {
        "episode": episode,
        "show": episode.rpartition("/")[0],
        "clip": clip,
        "picker": "openai:m" if prompt else "heuristic",
        "prompt": prompt,
        "prompt_version": prompt,
        "decision": {True: "approved", False: "rejected", None: None}[approved],
        "start_shift_s": 0.0,
        "end_shift_s": 0.0,
        "retitled": False,
        "first_edited_at": MONDAY,
        "last_edited_at": MONDAY,
        **changes,
    }


def rows(show: str, prompt: str, kept: list[int], of: int = 4, day: int = 0) -> list[dict[str, Any]]:
    """An episode for each number of kept clips, of which `of` were decided."""
    at = MONDAY + timedelta(days=day)
    return [
        row(f"{show}/{prompt}{number}", clip, clip < count, prompt, first_edited_at=at)
        for number, count in enumerate(kept)
        for clip in range(of)
    ]


def only(decisions: list[dict[str, Any]], current: str) -> Comparison:
    (found,) = (each for each in comparisons(decisions, IN_USE) if each.current.prompt == current)
    return found


@pytest.mark.parametrize(
    ("kept", "decisions", "low", "high"), [(0, 10, 0.0, 0.2775), (81, 263, 0.2553, 0.3662), (10, 10, 0.7225, 1.0)]
)
def test_the_interval_is_wilsons(kept: int, decisions: int, low: float, high: float) -> None:
    """81 of 263 is the example of Newcombe, Statistics in Medicine 17, 1998."""
    assert wilson(kept, decisions) == pytest.approx((low, high), abs=1e-4)


def test_precision_counts_the_best_clips_with_a_decision() -> None:
    decided = [
        row("s/a", 0, True), row("s/a", 1, False), row("s/a", 2, None), row("s/a", 3, True),
        row("s/b", 0, None), row("s/b", 4, False),
    ]  # fmt: skip
    assert [precision_at(k, decided) for k in (1, 3, 5)] == [1.0, 0.5, pytest.approx((2 / 3 + 0) / 2)]
    assert precision_at(1, decided[4:]) is None


def test_each_picker_has_a_row_over_all_shows_and_in_each() -> None:
    decided = [
        row("show/a", 0, True, start_shift_s=-2.0, retitled=True),
        row("show/a", 1, False, start_shift_s=9.0),
        row("other/b", 0, None),
        row("other/b", 0, True, None),
    ]
    found = evaluation_rows(decided)
    assert [(each["show"], each["prompt"], each["clips"], each["decisions"]) for each in found] == [
        (None, "standard", 3, 2), (None, None, 1, 1), ("other", None, 1, 1), ("other", "standard", 1, 0),
        ("show", "standard", 2, 2),
    ]  # fmt: skip
    assert (found[0]["start_shift_s"], found[0]["retitled_share"], found[0]["kept_share"]) == (-1.0, 0.5, 0.5)
    assert found[3]["kept_share"] is None
    assert "| openai:m | standard (standard) | 3 | 2 | 50% (9% to 91%) |" in preview(found)
    assert (kept_plot(found) or b"").startswith(b"\x89PNG")
    assert kept_plot([]) is None


def test_too_few_decisions_decide_nothing() -> None:
    few = only(rows("show", "standard", [4] * 9) + rows("show", "bold", [0] * 20), "bold")
    assert not few.is_worse
    assert str(few).startswith("not enough decisions yet to compare bold (bold) with standard (standard): 80 and 36 ")
    assert str(few).endswith(f"each needs {MIN_DECISIONS} decisions in 10 episodes")
    single = only(rows("show", "standard", [1] * 20, of=1) + rows("show", "bold", [0] * 20, of=1), "bold")
    assert not single.is_worse


def test_a_clear_difference_is_found_and_chance_is_not() -> None:
    better, worse = rows("show", "standard", [3, 4] * 8), rows("show", "bold", [1, 2] * 8)
    found = only(better + worse, "bold")
    assert found.is_worse
    assert found.difference == pytest.approx(-0.5)
    assert not only(better + worse, "standard").is_worse
    assert not only(better + rows("show", "bold", [4, 3, 3, 3] * 4), "bold").is_worse


def test_decisions_of_one_episode_are_not_independent() -> None:
    """The same shares are clear over many episodes, and chance where whole episodes were kept or rejected."""
    spread = rows("show", "standard", [7] * 16, of=10) + rows("show", "bold", [5] * 16, of=10)
    whole = rows("show", "standard", [10] * 11 + [0] * 5, of=10) + rows("show", "bold", [10] * 8 + [0] * 8, of=10)
    assert only(spread, "bold").is_worse
    assert not only(whole, "bold").is_worse


def test_a_strict_show_that_used_one_prompt_more_does_not_decide() -> None:
    """Within each show both prompts are equal; over both, bold keeps 0.31 and standard 0.69."""
    strict = rows("show", "bold", [1] * 30) + rows("show", "standard", [1] * 5)
    lenient = rows("other", "bold", [3] * 5) + rows("other", "standard", [3] * 30)
    found = only(strict + lenient, "bold")
    assert found.difference == pytest.approx(0.0)
    assert not found.is_worse


def test_a_new_version_is_compared_with_the_one_before_it() -> None:
    def version(name: str, kept: int, day: int) -> list[dict[str, Any]]:
        found = rows("show", "standard", [kept] * 12, day=day)
        return [{**each, "prompt_version": name, "episode": f"{each['episode']} {name}"} for each in found]

    older, old, new = version("s0", 0, -7), version("s1", 4, 0), version("s2", 1, 7)
    (found,) = comparisons(new + old + older, {"show": ["standard"]})
    assert (found.current.prompt_version, found.other.prompt_version) == ("s2", "s1")
    assert found.is_worse
    assert comparisons(new + old, {"show": ["bold"]}) == []


def test_the_heuristic_and_other_models_are_not_compared() -> None:
    other_model = [{**each, "picker": "openai:n"} for each in rows("show", "bold", [0] * 12)]
    heuristic = [row(f"show/{n}", 0, False, None) for n in range(40)]
    assert comparisons(rows("show", "standard", [4] * 12) + other_model + heuristic, IN_USE) == []
