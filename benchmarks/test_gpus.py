"""The figures of the benchmark of GPUs are computed rightly from the times of steps."""

import pytest

from benchmarks.catalogue.gpus import Span, idle_share, share_of_other_steps


@pytest.mark.parametrize(
    ("busy", "waiting", "share"),
    [
        pytest.param({"0": [(0, 10), (11, 21)]}, [(0, 11)], 1 / 11, id="one idle second between two transcripts"),
        pytest.param({"0": [(0, 10)], "1": []}, [(0, 10)], 0.5, id="one of two GPUs is never used"),
        pytest.param({"0": [(0, 10), (30, 40)]}, [], 0.0, id="idle, but nothing waits"),
        pytest.param({"0": [(0, 10)]}, [(2, 4), (3, 6)], 0.0, id="all busy"),
    ],
)
def test_only_time_in_which_a_transcription_waits_counts(
    busy: dict[str, list[Span]], waiting: list[Span], share: float
) -> None:
    assert idle_share(busy, waiting) == pytest.approx(share)


def test_before_a_run_held_its_gpu_in_all_steps() -> None:
    run = {"raw_video": (0.0, 2.0), "aligned_transcript": (50.0, 55.0), "rendered_clips": (60.0, 73.0)}
    assert share_of_other_steps([run, run]) == pytest.approx(0.75)
