"""`clipper models` on the command line. Fetching itself is tested in camera/analysis/test_models.py."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clipper_assets.camera.analysis.models import MODELS
from clipper_assets.cli.models import models


@pytest.fixture(autouse=True)
def _table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Models whose files contain their names, served from this machine, and an empty models directory."""
    (tmp_path / "server").mkdir()
    for name, model in list(MODELS.items()):
        served = tmp_path / "server" / f"{name}.onnx"
        served.write_text(name)
        digest = hashlib.sha256(name.encode()).hexdigest()
        monkeypatch.setitem(MODELS, name, replace(model, url=served.as_uri(), sha256=digest, size_bytes=len(name)))
    monkeypatch.setenv("CLIPPER_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(models, arguments)


def test_all_models_are_fetched_listed_and_verified(tmp_path: Path) -> None:
    listed = run("list")
    assert listed.exit_code == 0
    assert listed.output.count("not fetched") == len(MODELS)
    fetched = run("fetch")
    assert fetched.exit_code == 0, fetched.output
    assert all((tmp_path / "models" / model.path).read_text() == name for name, model in MODELS.items())
    assert "not fetched" not in run("list").output
    verified = run("verify")
    assert verified.exit_code == 0
    assert all(f"{name}: {tmp_path / 'models' / model.path}" in verified.output for name, model in MODELS.items())


def test_one_model_is_fetched_by_its_name(tmp_path: Path) -> None:
    assert run("fetch", "ultraface-rfb-320").exit_code == 0
    assert [file.name for file in (tmp_path / "models").rglob("*.onnx")] == ["ultraface-rfb-320.onnx"]
    assert run("verify", "ultraface-rfb-320").exit_code == 0


def test_fetch_keeps_intact_files_and_replaces_damaged_ones(tmp_path: Path) -> None:
    run("fetch")
    intact, damaged = (tmp_path / "models" / MODELS[name].path for name in ("lr-asd-frontend", "lr-asd-backend"))
    damaged.write_text("damaged")
    before = intact.stat().st_ino
    assert run("fetch").exit_code == 0
    assert intact.stat().st_ino == before
    assert damaged.read_text() == "lr-asd-backend"


def test_a_failed_download_is_named_and_the_others_are_fetched(tmp_path: Path) -> None:
    (tmp_path / "server/lr-asd-frontend.onnx").write_text("other")
    fetched = run("fetch")
    assert fetched.exit_code == 1
    assert len([line for line in fetched.output.splitlines() if line.startswith("clipper: ")]) == 1
    assert sorted(file.stem for file in (tmp_path / "models").rglob("*.onnx")) == [
        "lr-asd-backend",
        "ultraface-rfb-320",
    ]
    verified = run("verify")
    assert verified.exit_code == 1
    assert "clipper: model lr-asd-frontend is missing" in verified.output


def test_an_unknown_model_is_a_usage_error() -> None:
    result = run("fetch", "yolo")
    assert result.exit_code == 2
    assert "'yolo' is not one of 'ultraface-rfb-320', 'lr-asd-frontend', 'lr-asd-backend'" in result.output
