"""The figures of picked windows, for one episode, for all, and for random windows of the same lengths."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from benchmarks.picks_judge import AD_S, Judged, Talked, Window, covered_s, found_picks, judge, marked
from benchmarks.picks_made import Made
from benchmarks.results import Verdict

MOST_ADVERT, LEAST_FOUND, MOST_LOST = 0.02, 0.80, 0.03
DRAWS = 200
"""Random sets of windows for each episode."""
SEED = 20261129


@dataclass(frozen=True)
class Counts:
    """What was counted in one episode or in several; `of` divides without failing on nothing.

    `judged` are the windows of episodes whose adverts are known, `advert` those with more than `AD_S` of them.
    """

    windows: float = 0
    judged: float = 0
    advert: float = 0
    ad_words: float = 0
    ad_words_found: float = 0
    other_words: float = 0
    other_words_lost: float = 0
    begins_inside: float = 0
    ends_inside: float = 0
    leans: float = 0
    leans_needlessly: float = 0
    titles: float = 0
    titles_said: float = 0
    covered_s: float = 0
    duration_s: float = 0
    picks: float = 0
    picks_found: float = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    def of(self, part: str, whole: str) -> float | None:
        """`part` divided by `whole`; None if there is nothing to divide by."""
        size = float(getattr(self, whole))
        return float(getattr(self, part)) / size if size else None


SHARES = {
    "with advert": ("advert", "judged"),
    "ad words found": ("ad_words_found", "ad_words"),
    "others lost": ("other_words_lost", "other_words"),
    "begins inside": ("begins_inside", "windows"),
    "ends inside": ("ends_inside", "windows"),
    "leans": ("leans", "windows"),
    "needlessly": ("leans_needlessly", "windows"),
    "title said": ("titles_said", "titles"),
    "coverage": ("covered_s", "duration_s"),
    "reviewer's": ("picks_found", "picks"),
}
"""Name of each share in tables, plots and the history: what was counted, and of what."""


def counts(talked: Talked, windows: Sequence[Window], spans: Sequence[tuple[float, float]] | None) -> Counts:
    """Count what is in an episode's windows, and in its spans unless they are None."""
    judged = [judge(talked, window) for window in windows]

    def number(holds: Callable[[Judged], bool | None]) -> int:
        return sum(bool(holds(each)) for each in judged)

    words = {}
    if spans is not None and talked.adverts is not None:
        is_advert, is_found = marked(talked, talked.adverts), marked(talked, spans)
        words = {
            "ad_words": int(is_advert.sum()),
            "ad_words_found": int((is_advert & is_found).sum()),
            "other_words": int((~is_advert).sum()),
            "other_words_lost": int((~is_advert & is_found).sum()),
        }
    return Counts(
        windows=len(windows),
        judged=number(lambda each: each.advert_s is not None),
        advert=number(lambda each: (each.advert_s or 0.0) > AD_S),
        begins_inside=number(lambda each: each.begins_inside),
        ends_inside=number(lambda each: each.ends_inside),
        leans=number(lambda each: each.leans),
        leans_needlessly=number(lambda each: each.leans_needlessly),
        titles=number(lambda each: each.titled is not None),
        titles_said=number(lambda each: each.titled),
        covered_s=covered_s(windows),
        duration_s=talked.duration_s,
        picks=len(talked.reviewed),
        picks_found=found_picks(talked, windows),
        **words,
    )


def random_counts(talked: Talked, windows: Sequence[Window]) -> Counts:
    """Mean counts of `DRAWS` sets of windows of the same lengths, whose starts are random; seeded."""
    random = np.random.default_rng([SEED, len(talked.texts)])
    total = Counts()
    for _ in range(DRAWS):
        drawn = []
        for window in windows:
            length_s = window.end - window.start
            start = random.uniform(0.0, max(talked.duration_s - length_s, 0.0))
            drawn.append(Window(start, start + length_s))
        total += counts(talked, drawn, None)
    return Counts(**{each.name: getattr(total, each.name) / DRAWS for each in fields(total)})


@dataclass(frozen=True)
class Results:
    """Counts by episode, of the product's windows and of random ones."""

    picked: dict[str, Counts]
    random: dict[str, Counts]

    @property
    def total(self) -> Counts:
        return sum(self.picked.values(), Counts())

    @property
    def random_total(self) -> Counts:
        return sum(self.random.values(), Counts())


def results(episodes: Sequence[Talked], made: Sequence[Made]) -> Results:
    pairs = list(zip(episodes, made, strict=True))
    return Results(
        {talked.name: counts(talked, each.windows, each.spans) for talked, each in pairs},
        {talked.name: random_counts(talked, each.windows) for talked, each in pairs},
    )


def verdicts(total: Counts) -> list[Verdict]:
    """Every limit that the run can decide."""
    limits = [
        _limit(total, "with advert", f"at most {MOST_ADVERT:.0%}", lambda share: share <= MOST_ADVERT),
        _limit(total, "ad words found", f"at least {LEAST_FOUND:.0%}", lambda share: share >= LEAST_FOUND),
        _limit(total, "others lost", f"at most {MOST_LOST:.0%}", lambda share: share <= MOST_LOST),
        _limit(total, "begins inside", "none", lambda share: share == 0),
        _limit(total, "ends inside", "none", lambda share: share == 0),
        _limit(total, "needlessly", "none", lambda share: share == 0),
        _limit(total, "title said", "all", lambda share: share == 1),
    ]
    return [limit for limit in limits if limit]


def _limit(total: Counts, name: str, limit: str, holds: Callable[[float], bool]) -> Verdict | None:
    share = total.of(*SHARES[name])
    return None if share is None else Verdict(name, f"{share:.1%}", limit, holds(share))
