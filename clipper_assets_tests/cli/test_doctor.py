import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from clipper_assets import cli
from clipper_assets.cli import doctor, machine
from clipper_assets.cli.machine import Finding, examine
from clipper_assets.media.ffmpeg import binary, components
from clipper_assets.settings import Settings


@pytest.fixture(autouse=True)
def _working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor, "console", Console(width=1000))
    binary.cache_clear()
    yield
    binary.cache_clear()


def run_doctor() -> Result:
    return CliRunner().invoke(cli.main, ["doctor"])


def finding_of(subject: str) -> Finding:
    (finding,) = [finding for finding in examine(Settings()) if finding.subject == subject]
    return finding


def test_the_main_job_can_run_on_this_machine() -> None:
    result = run_doctor()
    assert result.exit_code == 0, result.output
    assert "the main job can run" in result.output
    assert all(finding.ok for finding in examine(Settings()) if finding.required)


def test_a_missing_ffmpeg_is_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_FFMPEG", "/nonexistent")
    result = run_doctor()
    assert result.exit_code == 1
    assert "the main job cannot run: ffmpeg" in result.output
    assert "CLIPPER_FFMPEG is '/nonexistent'" in result.output
    assert "Traceback" not in result.output


def test_a_program_that_is_not_ffmpeg_is_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_FFMPEG", "/bin/false")
    result = run_doctor()
    assert result.exit_code == 1
    assert "the main job cannot run: ffmpeg" in result.output


def test_an_ffmpeg_without_a_needed_filter_is_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "components", lambda kind: components(kind) - {"ass"})
    result = run_doctor()
    assert result.exit_code == 1
    assert "missing: ass" in result.output
    assert "the main job cannot run: ffmpeg filters" in result.output


@pytest.mark.parametrize("root", ["file", "gs://bucket"])
def test_an_unusable_storage_is_exit_code_1(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, root: str) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("CLIPPER_STORAGE", root)
    result = run_doctor()
    assert result.exit_code == 1
    assert "the main job cannot run: storage" in result.output


def test_an_invalid_setting_is_reported_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_RENDER_WORKERS", "many")
    result = run_doctor()
    assert result.exit_code == 1
    assert result.output.startswith("clipper: CLIPPER_RENDER_WORKERS: it should be a valid integer")
    assert len(result.output.splitlines()) == 1


def test_a_missing_font_is_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str, fonts_dir: Path | None) -> None:
        raise ValueError(f"no font {name}")

    monkeypatch.setattr(machine, "find_face", missing)
    assert run_doctor().exit_code == 1


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not finding_of("OPENAI_API_KEY").ok
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-the-tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-access-key")
    result = run_doctor()
    assert result.exit_code == 0
    assert re.search(r"OPENAI_API_KEY\s+set, model gpt-4o-mini", result.output)
    assert "secret" not in result.output


def test_the_gpu_is_named_if_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def smi(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, "NVIDIA H200, 143771 MiB\n", "")

    monkeypatch.setattr(machine, "_ffmpeg", lambda: iter(()))
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    monkeypatch.setattr(subprocess, "run", smi)
    assert finding_of("GPU") == Finding("GPU", True, "NVIDIA H200, 143771 MiB", required=False)


def test_a_gpu_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, **_: None if name == "nvidia-smi" else f"/bin/{name}")
    assert finding_of("GPU") == Finding("GPU", False, "none; everything runs on the CPU", required=False)


def test_a_missing_whisper_model_is_optional(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLIPPER_WHISPER_MODEL", "no-such-model")
    monkeypatch.setenv("CLIPPER_MODELS_DIR", str(tmp_path))
    finding = finding_of("Whisper model")
    assert (finding.ok, finding.required) == (False, False)
    assert "there is no Whisper model 'no-such-model'" in finding.detail


def test_a_missing_model_is_only_reported_if_there_is_no_better_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CLIPPER_MODELS_DIR", str(tmp_path))
    subjects = {finding.subject for finding in examine(Settings())}
    assert "camera model yunet-2023mar" in subjects
    assert "camera model ultraface-rfb-320" not in subjects
    assert "run `clipper models fetch yunet-2023mar`" in finding_of("camera model yunet-2023mar").detail


def test_the_whisper_model_of_this_machine_is_named_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CLIPPER_DEVICE", "cpu")
    monkeypatch.setenv("CLIPPER_MODELS_DIR", str(tmp_path))
    why = "small, which is better, is not on this machine and cannot be fetched (HF_HUB_OFFLINE is set)"
    missing = "not on disk; fetched at first use, or with `clipper models fetch base`"
    assert finding_of("Whisper model") == Finding("Whisper model", False, f"base: {why}; {missing}", required=False)
    for name, reason in (("base", why), ("small", "the best one for CPUs")):
        folder = tmp_path / f"faster-whisper-{name}"
        folder.mkdir()
        (folder / "model.bin").touch()
        assert finding_of("Whisper model") == Finding("Whisper model", True, f"{name}: {reason}; {folder}", False)


def test_the_diarization_model_is_reported_as_found_missing_or_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def detail() -> tuple[bool, str]:
        (finding,) = (finding for finding in examine(Settings()) if finding.subject == "diarization model")
        assert not finding.required
        return finding.ok, finding.detail

    assert detail()[1].startswith("pyannote/speaker-diarization-community-1 is not on disk")
    folder = tmp_path / "speaker-diarization-community-1"
    folder.mkdir()
    (folder / "config.yaml").touch()
    monkeypatch.setenv("CLIPPER_MODELS_DIR", str(tmp_path))
    assert detail() == (True, str(folder))
    monkeypatch.setenv("CLIPPER_DIARIZATION_MODEL", "off")
    assert detail() == (
        False,
        "off by CLIPPER_DIARIZATION_MODEL; speakers are told apart only by separate microphone tracks",
    )
