"""When the sensor `rerender` makes a result of an episode again: the condition that assets declare for it."""

from typing import Any

import dagster as dg


def on_changes_of(*inputs: dg.AssetSpec) -> dg.AutomationCondition[Any]:
    """True for an episode once one of `inputs` has another data version, until the asset is made or requested.

    Other inputs, such as models and prompts, only mark results as stale. False for an episode that has no result yet,
    and while a run of it is in progress.
    """
    condition = dg.AutomationCondition
    changed = condition.any_deps_match(condition.data_version_changed())
    changed = changed.allow(dg.AssetSelection.assets(*(spec.key for spec in inputs)))
    return changed.since_last_handled() & ~condition.missing() & ~condition.in_progress()
