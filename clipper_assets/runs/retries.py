"""`lost_retries`: has Dagster retry the failed runs that it meant to retry, and has passed over."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from clipper_assets.runtime.tenant import runs_filter

WILL_RETRY_TAG, RETRY_TAG = "dagster/will_retry", "dagster/auto_retry_run_id"
"""Tags that Dagster sets on a failed run: whether it is retried, and the id of the retry."""
REPORTED_AGAIN_TAG = "clipper/failure_reported_again"
"""Tag with the id of its run, because a retry inherits the tags of the run that failed."""
LOST_AFTER = timedelta(minutes=1)
"""Dagster's daemon retries a failed run within a few seconds."""
FORGOTTEN_AFTER = timedelta(days=1)
INTERVAL_S = 30


def lost_retries(instance: dg.DagsterInstance, now: datetime) -> list[dg.DagsterRun]:
    """The runs that failed in the last day, were to be retried, and have had no retry for a minute."""
    failed = instance.get_runs(
        runs_filter(
            tags={WILL_RETRY_TAG: "true"},
            statuses=[dg.DagsterRunStatus.FAILURE],
            updated_after=now - FORGOTTEN_AFTER,
            updated_before=now - LOST_AFTER,
        )
    )
    return [run for run in failed if RETRY_TAG not in run.tags and run.tags.get(REPORTED_AGAIN_TAG) != run.run_id]


@dg.sensor(
    name="lost_retries",
    minimum_interval_seconds=INTERVAL_S,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Reports the failure of a run once more if Dagster meant to retry the run and has not.",
)
def report_lost_retries(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Dagster's daemon reads each failure once, and passes it over if the run's status is not yet written then.

    Reading the same failure twice is harmless: the daemon never retries a run twice.
    """
    lost = lost_retries(context.instance, datetime.now(UTC))
    for run in lost:
        context.instance.report_run_failed(run, "The failure is reported again, because the run was not retried.")
        context.instance.add_run_tags(run.run_id, {REPORTED_AGAIN_TAG: run.run_id})
    return dg.SkipReason(f"{len(lost)} failures reported again")
