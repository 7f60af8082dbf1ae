"""Dagster's in-process executor, except that a step that waits for a pool sleeps and can be cancelled.

Dagster's own asks for a slot without a pause until it gets one, which keeps a core and the database busy
(dagster-io/dagster#20367), asks less and less often, up to every 15 s, and notices a cancellation only in a step.
"""

import os
import time
from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.events import EngineEventData
from dagster._core.execution.api import ExecuteRunWithPlanIterable
from dagster._core.execution.context.system import PlanExecutionContext, PlanOrchestrationContext
from dagster._core.execution.context_creation_job import PlanExecutionContextManager
from dagster._core.execution.plan.execute_plan import inner_plan_execution_iterator
from dagster._core.execution.plan.instance_concurrency_context import InstanceConcurrencyContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.executor.in_process import InProcessExecutor
from dagster._utils.interrupts import pop_captured_interrupt

POLL_S = 1.0
"""Seconds between two requests for a slot: little beside the minutes of a transcription, and a query costs 1 ms."""


class _Claims(InstanceConcurrencyContext):
    """The slots of a run."""

    def interval_to_next_pending_claim_check(self) -> float:
        """Returns the seconds to sleep. Raises DagsterExecutionInterruptedError if the run is being cancelled."""
        if pop_captured_interrupt():
            raise DagsterExecutionInterruptedError
        self._pending_timeouts.clear()  # of 1 to 15 s, before which the storage is not asked
        return POLL_S


class PoolExecutor(InProcessExecutor):
    """Executes the steps of a run one after the other in this process."""

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        began, worker = time.monotonic(), EngineEventData.in_process(os.getpid(), execution_plan.step_keys_to_execute)
        yield dg.DagsterEvent.engine_event(plan_context, f"Executing steps in process (pid: {os.getpid()})", worker)
        yield from ExecuteRunWithPlanIterable(
            execution_plan=plan_context.execution_plan,
            iterator=_steps,
            execution_context_manager=PlanExecutionContextManager(
                job=plan_context.job,
                retry_mode=plan_context.retry_mode,
                execution_plan=plan_context.execution_plan,
                run_config=plan_context.run_config,
                dagster_run=plan_context.dagster_run,
                instance=plan_context.instance,
                raise_on_error=plan_context.raise_on_error,
                output_capture=plan_context.output_capture,
                step_dependency_config=self.step_dependency_config,
            ),
        )
        took_s = time.monotonic() - began
        yield dg.DagsterEvent.engine_event(
            plan_context, f"Finished steps in process (pid: {os.getpid()}) in {took_s:.1f} s", worker
        )


def _steps(job_context: PlanExecutionContext, execution_plan: ExecutionPlan) -> Iterator[dg.DagsterEvent]:
    with _Claims(job_context.instance, job_context.dagster_run) as claims:
        yield from inner_plan_execution_iterator(job_context, execution_plan, claims)


@dg.executor(name="in_process", config_schema=dg.in_process_executor.config_schema.as_field())
def pool_executor(init_context: dg.InitExecutorContext) -> dg.Executor:
    """Executes all steps of a run in its process; a step in a pool waits for a slot."""
    create: Any = dg.in_process_executor.executor_creation_fn
    dagsters: InProcessExecutor = create(init_context)
    return PoolExecutor(dagsters.retries, dagsters.step_dependency_config)
