"""How a step ends in one sentence: a refusal, where no second try can succeed, or a failure that is tried again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar

import dagster as dg
from dagster._core.storage.tags import MAX_RETRIES_TAG

from clipper_assets.runtime.faults import fault_of

P = ParamSpec("P")
R = TypeVar("R")


class Running(Protocol):
    """What Dagster's contexts of a run have in common."""

    @property
    def instance(self) -> dg.DagsterInstance: ...

    @property
    def run_id(self) -> str: ...


def refusal(context: dg.AssetExecutionContext, sentence: str) -> dg.Failure:
    """The failure to raise for an input that cannot be used; neither the step nor the run is tried again."""
    return _refusal(context.op_execution_context, sentence)


def _refusal(context: Running, sentence: str) -> dg.Failure:
    """A failure that is final.

    `allow_retries` only concerns retries of the step. Where `retry_on_asset_or_op_failure` is true (Kubernetes, ECS,
    Docker) Dagster decides about another run when this one fails, by the tags that the run has then.
    """
    if context.instance.has_run(context.run_id):  # an asset that is invoked directly has no run
        context.instance.add_run_tags(context.run_id, {MAX_RETRIES_TAG: "0"})
    return dg.Failure(sentence, allow_retries=False)


def in_one_sentence(asset: Callable[P, R]) -> Callable[P, R]:
    """For an asset's function with a `context`: a full disk, a denied object and the like fail the step in a sentence.

    The rest, such as a mistake in the program, keeps its traceback.
    """

    @wraps(asset)
    def told(*arguments: P.args, **named: P.kwargs) -> R:
        context: Any = named["context"] if "context" in named else arguments[0]
        with faults_in_one_sentence(context.op_execution_context):
            return asset(*arguments, **named)

    return told


@contextmanager
def faults_in_one_sentence(context: Running) -> Iterator[None]:
    """Raises dg.Failure, with a sentence, for what the surroundings of a run did to it."""
    try:
        yield
    except Exception as error:
        fault = fault_of(error)
        if fault is None:
            raise
        raise _refusal(context, fault.sentence) if fault.final else dg.Failure(fault.sentence) from None
