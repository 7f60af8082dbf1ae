"""Estimates what runs take and cost, from what earlier materializations of the same steps took and cost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from clipper_assets.catalogue.stale import ORDER
from clipper_assets.runtime.tenant import asset_key

LOOKED_AT = 2_000
"""Most materializations of an asset, newest first, that an estimate is based on."""


@dataclass(frozen=True)
class Estimate:
    """Seconds of one machine, and US dollars for the language model; `unknown` steps are in neither."""

    seconds: float = 0.0
    dollars: float = 0.0
    unknown: tuple[str, ...] = ()


class Estimates:
    """What each step took for each episode, and on average for an hour of a recording.

    `durations_s` are the lengths of the episodes in seconds.
    """

    def __init__(self, instance: dg.DagsterInstance, durations_s: Mapping[str, float]):
        self._durations_s = durations_s
        self._spent = {asset: _spent(instance, asset) for asset in ORDER}

    def of(self, episode: str, steps: Iterable[str]) -> Estimate:
        """The estimate for some steps of one episode."""
        known: dict[str, Estimate] = {}
        steps = tuple(steps)
        for step in steps:
            own = self._spent[step].get(episode)
            spent = own or self._average(step, self._durations_s.get(episode))
            if spent:
                known[step] = spent
        return Estimate(
            sum(spent.seconds for spent in known.values()),
            sum(spent.dollars for spent in known.values()),
            tuple(step for step in steps if step not in known),
        )

    def _average(self, step: str, duration_s: float | None) -> Estimate | None:
        """For an episode of this length, by the mean over all episodes whose length is known."""
        others = [(spent, self._durations_s.get(episode, 0.0)) for episode, spent in self._spent[step].items()]
        all_s = sum(length_s for _, length_s in others)
        if duration_s is None or not all_s:
            return None
        measured = [spent for spent, length_s in others if length_s]
        share = duration_s / all_s
        return Estimate(
            share * sum(spent.seconds for spent in measured), share * sum(spent.dollars for spent in measured)
        )


def _spent(instance: dg.DagsterInstance, asset: str) -> dict[str, Estimate]:
    """What the latest materialization of each episode that made something took; a kept result says nothing.

    Of clips, all are counted where some were kept.
    """
    spent: dict[str, Estimate] = {}
    for record in instance.fetch_materializations(asset_key(asset), limit=LOOKED_AT).records:
        materialization = record.asset_materialization
        if materialization is None or materialization.partition is None or materialization.partition in spent:
            continue
        facts: dict[str, Any] = {name: value.value for name, value in materialization.metadata.items()}
        made = int(facts.get("rendered", 1))
        if "seconds" in facts and made:
            seconds, all_clips = facts["seconds"], (made + int(facts.get("unchanged", 0))) / made
            spent[materialization.partition] = Estimate(
                all_clips * float(sum(seconds.values()) if isinstance(seconds, dict) else seconds),
                float(facts.get("cost_usd") or 0.0),
            )
    return spent
