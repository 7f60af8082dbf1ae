"""The limits on starting costs can fail, and docs/scale.md quotes the recorded run."""

import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from benchmarks.starting import Starting, cpu_s

PAGE = Path(__file__).parents[1] / "docs" / "scale.md"
CHEAP = Starting(click_rich_cpu_s=0.1, help_cpu_s=0.28, dagster_cpu_s=1.0, definitions_cpu_s=1.8, missing_cpu_s=2.0)


def test_each_limit_can_fail() -> None:
    assert list(CHEAP.limits().values()) == [True, True]
    assert list(replace(CHEAP, help_cpu_s=0.29).limits().values()) == [False, True]
    assert list(replace(CHEAP, definitions_cpu_s=1.81).limits().values()) == [True, False]


def test_a_command_that_fails_is_not_measured() -> None:
    assert cpu_s([sys.executable, "-c", "pass"], ".") > 0
    with pytest.raises(RuntimeError, match="no_such_module"):
        cpu_s([sys.executable, "-c", "import no_such_module"], ".")


def test_the_page_quotes_the_recorded_run() -> None:
    recorded = Starting.load()
    assert all(recorded.limits().values())
    page = PAGE.read_text()
    for name, figure in asdict(recorded).items():
        assert f"| `{name}` | {figure:.3f} |" in page, name
