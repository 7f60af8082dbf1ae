"""A refusal: the input is at fault, so that no second try can succeed."""

import dagster as dg
from dagster._core.storage.tags import MAX_RETRIES_TAG


def refusal(context: dg.AssetExecutionContext, sentence: str) -> dg.Failure:
    """The failure to raise for an input that cannot be used; neither the step nor the run is tried again.

    `allow_retries` only concerns retries of the step. Where `retry_on_asset_or_op_failure` is true (Kubernetes, ECS,
    Docker) Dagster decides about another run when this one fails, by the tags that the run has then.
    """
    run_id = context.op_execution_context.run_id
    if context.instance.has_run(run_id):  # an asset that is invoked directly has no run
        context.instance.add_run_tags(run_id, {MAX_RETRIES_TAG: "0"})
    return dg.Failure(sentence, allow_retries=False)
