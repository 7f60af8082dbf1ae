"""When the sensor `rerender` makes a result of an episode again: the condition that assets declare for it."""

from typing import Any

import dagster as dg


def on_changes_of(*inputs: dg.AssetSpec) -> dg.AutomationCondition[Any]:
    """True for an episode at the evaluation that finds another data version of one of `inputs`.

    Other inputs, such as models and prompts, only mark results as stale. False for an episode that has no result yet.
    It does not wait for runs, nor count a change as handled by one: a run that was in progress may have read the
    version before. `rerender` waits, and compares afterwards.
    """
    condition = dg.AutomationCondition
    changed = condition.any_deps_match(condition.data_version_changed())
    return changed.allow(dg.AssetSelection.assets(*(spec.key for spec in inputs))) & ~condition.missing()
