"""A step that takes too long is interrupted, retried once, and fails; native code that hangs ends its process."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import dagster as dg
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.clips.variants import clip_variants
from clipper_assets.job import assets
from clipper_assets.runtime.time_limit import LIMITS, time_limit

HUNG_S = 20.0


SHORT = 0.0001
"""A scale that makes the limit of `raw_video` 0.09 s."""


def materialize_raw_video(work: Callable[[], object], scale: float = 1.0) -> dg.ExecuteInProcessResult:
    """Run `work` as the asset `raw_video`, with its time limit."""

    @dg.asset
    def raw_video(context: dg.AssetExecutionContext) -> None:
        with time_limit(context, 0.0, scale):
            work()

    return dg.materialize([raw_video], raise_on_error=False)


def test_a_step_that_always_hangs_is_retried_once_and_fails_with_one_sentence() -> None:
    attempts = []

    def hang() -> None:
        attempts.append(1)
        threading.Event().wait(HUNG_S)

    result = materialize_raw_video(hang, SHORT)
    assert not result.success
    assert len(attempts) == 2
    failure = result.failure_data_for_node("raw_video")
    assert failure is not None
    assert failure.error is not None
    assert "raw_video took longer than its time limit of 0 s for an episode of 0 s" in failure.error.to_string()


def test_a_step_that_hangs_once_succeeds_on_the_retry() -> None:
    hangs = iter([HUNG_S, 0.0])
    assert materialize_raw_video(lambda: threading.Event().wait(next(hangs)), SHORT).success


def test_signal_handler_and_timer_are_restored_afterwards() -> None:
    previous_handler = signal.getsignal(signal.SIGALRM)
    assert materialize_raw_video(lambda: None).success
    assert signal.getsignal(signal.SIGALRM) is previous_handler
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_failure_of_the_step_is_passed_on_unchanged() -> None:
    def fail() -> None:
        raise dg.Failure("no such upload", allow_retries=False)

    failure = materialize_raw_video(fail).failure_data_for_node("raw_video")
    assert failure is not None
    assert failure.error is not None
    assert "no such upload" in failure.error.to_string()


def test_native_code_that_ignores_the_interrupt_ends_the_process() -> None:
    code = (
        "import signal, time\n"
        "import dagster as dg\n"
        "from clipper_assets.runtime import time_limit\n"
        "time_limit.GRACE_S = 0.2\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])\n"
        "@dg.asset\n"
        "def raw_video(context: dg.AssetExecutionContext) -> None:\n"
        "    with time_limit.time_limit(context, 0.0, 0.0001):\n"
        f"        time.sleep({HUNG_S})\n"
        "dg.materialize([raw_video])\n"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    process = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert process.returncode == 1
    assert "Timeout (0:00:00" in process.stderr
    assert "raw_video" in process.stderr


def test_every_step_that_computes_has_a_time_limit() -> None:
    assert set(LIMITS) == {asset.key.to_user_string() for asset in (*assets, clip_variants)} - {
        "episode_costs",
        "library",
    }


@given(step=st.sampled_from(sorted(LIMITS)), duration_s=st.floats(0, 1e5), more_s=st.floats(1, 1e5))
def test_limits_grow_with_the_episode(step: str, duration_s: float, more_s: float) -> None:
    assert 0 < LIMITS[step].seconds(duration_s) < LIMITS[step].seconds(duration_s + more_s)


def test_a_step_outside_the_main_thread_has_no_limit() -> None:
    successes: list[object] = []

    def work() -> None:
        successes.append(materialize_raw_video(lambda: None).success)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert successes == [True]
