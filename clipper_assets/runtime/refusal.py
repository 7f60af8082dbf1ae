"""Fails a step with one sentence instead of a traceback; a refusal is a failure that is not retried."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar

import dagster as dg

from clipper_assets.runtime.faults import fault_of

MAX_RETRIES = "dagster/max_retries"
"""Tag of a run that limits how often Dagster retries it."""
P = ParamSpec("P")
R = TypeVar("R")


class Running(Protocol):
    """The part that Dagster's execution contexts have in common."""

    @property
    def instance(self) -> dg.DagsterInstance: ...

    @property
    def run_id(self) -> str: ...


def refusal(context: dg.AssetExecutionContext, sentence: str) -> dg.Failure:
    """The failure to raise for an input that cannot be used; neither the step nor the run is retried."""
    return _refusal(context.op_execution_context, sentence)


def _refusal(context: Running, sentence: str) -> dg.Failure:
    """A failure that is not retried.

    `allow_retries` only prevents retries of the step. Where `retry_on_asset_or_op_failure` is true (Kubernetes, ECS,
    Docker), Dagster decides by the tags of the failed run whether to start another run.
    """
    if context.instance.has_run(context.run_id):  # an asset that a test calls directly has no run
        context.instance.add_run_tags(context.run_id, {MAX_RETRIES: "0"})
    return dg.Failure(sentence, allow_retries=False)


def in_one_sentence(asset: Callable[P, R]) -> Callable[P, R]:
    """Decorate an asset function so that errors of the environment, such as a full disk, fail it with one sentence.

    Other errors, such as bugs, keep their traceback. The function must take `context` first or by keyword.
    """

    @wraps(asset)
    def wrapper(*arguments: P.args, **named: P.kwargs) -> R:
        context: Any = named["context"] if "context" in named else arguments[0]
        with faults_in_one_sentence(context.op_execution_context):
            return asset(*arguments, **named)

    return wrapper


@contextmanager
def faults_in_one_sentence(context: Running) -> Iterator[None]:
    """Raise dg.Failure, with one sentence, for errors of the environment; let other errors pass."""
    try:
        yield
    except Exception as error:
        fault = fault_of(error)
        if fault is None:
            raise
        raise _refusal(context, fault.sentence) if fault.final else dg.Failure(fault.sentence) from None
