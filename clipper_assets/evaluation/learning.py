"""Learns a show's taste from decisions: the heuristic's weights, and examples for a model.

The weights are those of a logistic regression of approvals on the heuristic's features, with a normal prior around the
default weights: the maximum a posteriori estimate of Bayesian logistic regression (Bishop, Pattern Recognition and
Machine Learning, 2006, §4.5), which few decisions hardly move. Chelba & Acero, "Adaptation of maximum entropy
capitalizer: little data can help a lot" (EMNLP 2004), adapt a general model to a domain in this way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from clipper_assets.evaluation.figures import Row, is_kept
from clipper_assets.highlights.pickers.heuristic import WEIGHTS
from clipper_assets.highlights.taste import MAX_EXAMPLES, Example, Taste, example_text

MIN_DECISIONS = 50
PRIOR_SD = 0.5
"""Standard deviation of the prior of each weight: half of the smallest default weight. With 80 decisions of a simulated
reviewer, 0.5 and 1 raise the kept share alike, and 0.25 learns nothing from one who likes what the defaults do not."""
FOLDS = 5
CHANCE = 0.05
"""How often random decisions replace the default weights, at most."""
NEWTON_STEPS = 50
TOLERANCE = 1e-8

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Learned:
    """A show's taste, the decisions whose features are known, and how well weights sort decisions that they never saw.

    `sorted_by_defaults` and `sorted_by_learned` are shares of the pairs of a kept and a rejected clip in which the kept
    one has the higher score (0.5 is chance); None below `MIN_DECISIONS`, or if all clips were kept or rejected.
    """

    taste: Taste
    decisions: int
    sorted_by_defaults: float | None = None
    sorted_by_learned: float | None = None


def learned(rows: Sequence[Row]) -> Learned:
    """What the decisions about one show teach.

    The default weights hold below `MIN_DECISIONS`, and unless learned ones sort the clips of left-out episodes better
    than the defaults do, and better than chance.
    """
    taste = Taste(examples=tuple(examples(rows)))
    known = [row for row in rows if row["decision"] and row["features"]]
    kept = np.array([is_kept(row) for row in known], dtype=bool)
    if len(known) < MIN_DECISIONS or kept.all() or not kept.any():
        return Learned(taste, len(known))
    seen = np.array([_values(row) for row in known])
    defaults = np.array(list(WEIGHTS.values()))
    by_default, by_learned = _left_out(seen, kept, [str(row["episode"]) for row in known])
    shares = concordance(by_default, kept), concordance(by_learned, kept)
    if shares[1] > max(shares[0], beyond_chance(kept)):
        weights = dict(zip(WEIGHTS, fitted(seen, kept, defaults).round(4).tolist(), strict=True))
        taste = taste.model_copy(update={"weights": weights})
    return Learned(taste, len(known), *shares)


def examples(rows: Sequence[Row]) -> Iterator[Example]:
    """The newest clips that were kept and the newest that were rejected, at most half of `MAX_EXAMPLES` each."""
    decided = sorted((row for row in rows if row["decision"]), key=lambda row: row["last_edited_at"], reverse=True)
    each = MAX_EXAMPLES // 2
    newest = [row for row in decided if is_kept(row)][:each] + [row for row in decided if not is_kept(row)][:each]
    for row in sorted(newest, key=lambda row: row["last_edited_at"], reverse=True):
        texts = {name: example_text(row[name]) for name in ("title", "hook", "reason")}
        yield Example(kept=is_kept(row), **texts)


def fitted(seen: Values, kept: NDArray[np.bool_], defaults: Values) -> Values:
    """The weights of the features `seen`, shape (clips, features), given which clips were kept, shape (clips,).

    Newton's method on the log posterior, which is concave. The intercept has no prior but a very wide one, which keeps
    the equations solvable.
    """
    design = np.column_stack([seen, np.ones(len(seen))])
    mean = np.append(defaults, 0.0)
    precision = np.append(np.full(len(defaults), PRIOR_SD**-2), 1e-4)
    weights = mean.copy()
    for _ in range(NEWTON_STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(design @ weights, -30.0, 30.0)))
        slope = design.T @ (kept - chance) - precision * (weights - mean)
        curvature = (design * (chance * (1.0 - chance))[:, None]).T @ design + np.diag(precision)
        step = np.linalg.solve(curvature, slope)
        weights += step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < TOLERANCE:
            break
    return np.asarray(weights[:-1])


def concordance(scores: Values, kept: NDArray[np.bool_]) -> float:
    """The share of pairs of a kept and a rejected clip in which the kept one has the higher score; ties count half."""
    differences = scores[kept][:, None] - scores[~kept][None, :]
    return float(np.mean((differences > 0) + 0.5 * (differences == 0)))


def beyond_chance(kept: NDArray[np.bool_]) -> float:
    """The concordance that scores without any relation to the decisions exceed with probability `CHANCE`.

    Mann & Whitney, "On a test of whether one of two random variables is stochastically larger than the other", Annals
    of Mathematical Statistics 18(1), 1947, whose U is the concordance times the number of pairs.
    """
    ones = int(kept.sum())
    zeros = len(kept) - ones
    return 0.5 + NormalDist().inv_cdf(1 - CHANCE) * sqrt((ones + zeros + 1) / (12 * ones * zeros))


def _left_out(seen: Values, kept: NDArray[np.bool_], episodes: Sequence[str]) -> tuple[Values, Values]:
    """The score of each clip by the default weights, and by weights learned from other episodes."""
    defaults = np.array(list(WEIGHTS.values()))
    order = {episode: place for place, episode in enumerate(dict.fromkeys(episodes))}
    fold = np.array([order[episode] % FOLDS for episode in episodes])
    scores = seen @ defaults
    by_learned = scores.copy()
    for number in range(FOLDS):
        others = fold != number
        by_learned[~others] = seen[~others] @ fitted(seen[others], kept[others], defaults)
    return scores, by_learned


def _values(row: Row) -> list[float]:
    """The features of a clip in the order of `WEIGHTS`; one that an earlier version did not have counts as 0."""
    values = {each["name"]: each["value"] for each in row["features"]}
    return [float(values.get(name, 0.0)) for name in WEIGHTS]
