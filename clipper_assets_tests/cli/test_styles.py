"""`clipper styles` on the command line."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clipper_assets.cli import main


def clipper(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_the_styles_are_drawn_into_a_png(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = clipper("styles", "all.png")
    assert (result.exit_code, result.output) == (0, "all.png\n")
    assert (tmp_path / "all.png").stat().st_size > 50_000
    result = clipper("styles", "nowhere/all.png")
    assert result.exit_code == 1
    assert (
        result.output == "clipper: cannot write nowhere/all.png: the folder nowhere does not exist; create it first\n"
    )
