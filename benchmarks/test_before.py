"""The code of commit a2d2b61, which the benchmark compares with."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import before


def test_a_clone_without_the_commit_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(before, "COMMIT", "0" * 40)
    with pytest.raises(before.MissingCommitError, match="git fetch --depth=1 origin 0000000"):
        before.checked_out(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_encoder_is_that_of_the_commit(tmp_path: Path) -> None:
    try:
        code = before.checked_out(tmp_path).code
    except before.MissingCommitError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))
    program = "from clipper_assets.clips.rendering.encoders import X264; print((X264.name, X264.options))"
    environment = before.environment(code)
    printed = subprocess.check_output([sys.executable, "-P", "-c", program], text=True, env=environment, cwd=tmp_path)
    assert printed.strip() == str((before.X264.name, before.X264.options))
