"""Results of a run that was executed in this process."""

import dagster as dg

from clipper_assets.runtime.tenant import asset_name
from clipper_assets.storage.recipes import UP_TO_DATE


def unchanged(result: dg.ExecuteInProcessResult) -> list[str]:
    """The assets whose stored table was up to date, in the order of the data."""
    return [
        asset_name(event.materialization.asset_key)
        for event in result.get_asset_materialization_events()
        if UP_TO_DATE in event.materialization.metadata
    ]


def failures(result: dg.ExecuteInProcessResult) -> list[str]:
    """One sentence per failed step; an unexpected error has its traceback."""
    sentences = []
    for event in result.filter_events(lambda event: event.is_step_failure):
        data = event.step_failure_data
        if data.user_failure_data and data.user_failure_data.description:
            sentences.append(data.user_failure_data.description)
        elif data.error:
            sentences.append(f"{event.step_key} failed: {data.error.to_string()}")
    if not result.success and not sentences:
        raise RuntimeError("; ".join(event.message or "" for event in result.all_events if event.is_failure))
    return sentences
