"""A step that takes too long is interrupted, tried once more, and fails; native code that hangs loses its process."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.job import assets
from clipper_assets.runtime.time_limit import LIMITS, time_limit

HUNG_S = 20.0


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_TIME_LIMIT_SCALE", "0.0001")


def steps(work: Callable[[], object]) -> dg.ExecuteInProcessResult:
    """`raw_video` that does `work` under its limit of 0.09 s."""

    @dg.asset
    def raw_video(context: dg.AssetExecutionContext) -> None:
        with time_limit(context, 0.0):
            work()

    return dg.materialize([raw_video], raise_on_error=False)


@pytest.mark.usefixtures("hurried")
def test_hung_work_is_tried_once_more_and_fails_with_a_sentence() -> None:
    attempts = []

    def hang() -> None:
        attempts.append(1)
        threading.Event().wait(HUNG_S)

    result = steps(hang)
    assert not result.success
    assert len(attempts) == 2
    failure = result.failure_data_for_node("raw_video")
    assert failure is not None
    assert failure.error is not None
    assert "raw_video took longer than the 0 s that an episode of 0 s is given" in failure.error.to_string()


@pytest.mark.usefixtures("hurried")
def test_work_that_hung_once_succeeds() -> None:
    hangs = iter([HUNG_S, 0.0])
    assert steps(lambda: threading.Event().wait(next(hangs))).success


def test_nothing_is_left_of_a_limit_that_was_kept() -> None:
    before = signal.getsignal(signal.SIGALRM)
    assert steps(lambda: None).success
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_failure_of_the_work_stays_what_it_is() -> None:
    def fail() -> None:
        raise dg.Failure("no such upload", allow_retries=False)

    failure = steps(fail).failure_data_for_node("raw_video")
    assert failure is not None
    assert failure.error is not None
    assert "no such upload" in failure.error.to_string()


def test_work_that_cannot_be_interrupted_loses_its_process() -> None:
    code = (
        "import signal, time\n"
        "import dagster as dg\n"
        "from clipper_assets.runtime import time_limit\n"
        "time_limit.GRACE_S = 0.2\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])\n"
        "@dg.asset\n"
        "def raw_video(context: dg.AssetExecutionContext) -> None:\n"
        "    with time_limit.time_limit(context, 0.0):\n"
        f"        time.sleep({HUNG_S})\n"
        "dg.materialize([raw_video])\n"
    )
    environment = {"CLIPPER_TIME_LIMIT_SCALE": "0.0001", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Timeout (0:00:00" in done.stderr
    assert "raw_video" in done.stderr


def test_every_step_has_a_limit() -> None:
    assert set(LIMITS) == {asset.key.to_user_string() for asset in assets}


@given(step=st.sampled_from(sorted(LIMITS)), shorter=st.floats(0, 1e5), more=st.floats(1, 1e5))
def test_limits_grow_with_the_episode(step: str, shorter: float, more: float) -> None:
    assert 0 < LIMITS[step].seconds(shorter) < LIMITS[step].seconds(shorter + more)


def test_another_thread_is_not_interrupted() -> None:
    ended: list[object] = []

    def work() -> None:
        ended.append(steps(lambda: None).success)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ended == [True]
