"""docs/scale.md quotes the table and inputs of the script, and the formulas compute what the page describes."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from benchmarks.scale import Inputs, day, deployments, measured, run_s, table, transcribe_s

PAGE = Path(__file__).parents[1] / "docs" / "scale.md"
SIMPLE = Inputs(
    clip_cpu_per_s=1.0,
    clips=2,
    s3_writes=4,
    s3_reads=6,
    event_rows=100,
    run_bytes=100_000,
    episode_s=700.0,
    speed=70.0,
    start_s=10.0,
    clip_s=40.0,
    cores=4,
    utilisation=0.5,
)


def test_the_page_quotes_the_tables_of_the_script() -> None:
    page = PAGE.read_text()
    assert table(measured()) in page
    assert deployments(measured()) in page


def test_the_page_quotes_each_input_with_its_value() -> None:
    page = PAGE.read_text()
    for name, value in asdict(measured()).items():
        assert f"| `{name}` | {value:.10g} |" in page, name


def test_a_run_occupies_a_gpu_while_it_starts_and_transcribes_but_not_while_it_renders() -> None:
    assert transcribe_s(SIMPLE) == pytest.approx(10 + 10)
    assert run_s(SIMPLE) == pytest.approx(10 + 10 + 20)


def test_the_numbers_of_gpus_and_cores_follow_from_load_and_utilisation() -> None:
    assert (day(2160, SIMPLE).gpus, day(2160, SIMPLE).cores) == (1, 4)
    assert (day(2161, SIMPLE).gpus, day(2161, SIMPLE).cores) == (2, 5)
    assert day(4320, replace(SIMPLE, utilisation=1.0)).gpus == 1


def test_requests_rows_and_bytes_scale_with_the_runs() -> None:
    ten = day(10, SIMPLE)
    assert (ten.s3_requests, ten.rows, ten.pods) == (100, 1000, 110)
    assert ten.database_gb == pytest.approx(0.001)


def test_the_cost_of_a_day_is_the_sum_of_its_parts() -> None:
    free = replace(SIMPLE, gpu_hour_usd=0, core_hour_usd=0, write_usd=0, read_usd=0, llm_usd=0, services_day_usd=0)
    assert day(2160, free).usd == 0
    assert day(2160, replace(free, gpu_hour_usd=1.0)).usd == pytest.approx(24)
    assert day(2160, replace(free, core_hour_usd=1.0)).usd == pytest.approx(96)
    assert day(2160, replace(free, services_day_usd=7.0)).usd == 7
    assert day(2160, replace(free, llm_usd=0.5)).usd == 1080


def test_the_cost_of_a_clip_follows_from_what_its_deployment_keeps_busy() -> None:
    """20 s of transcription and 80 CPU-s of rendering, on 4 cores as long as the transcription."""
    dear = replace(SIMPLE, gpu_hour_usd=3600.0, core_hour_usd=36.0)
    rows = [line.split(" | ")[1:] for line in deployments(dear).splitlines()[2:]]
    assert rows == [["50%", "20.0000 |"], ["0%", "10.0000 |"], ["0%", "10.4000 |"]]
