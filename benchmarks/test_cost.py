"""Reading /proc while processes come and go."""

from pathlib import Path

import pytest

from benchmarks.cost import _family


def test_a_process_that_has_just_ended_has_no_descendants(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(path: Path, pattern: str) -> list[Path]:
        raise FileNotFoundError(path)

    monkeypatch.setattr(Path, "glob", gone)
    process = Path("/proc/1")
    assert list(_family(process)) == [process]
