"""The choice of the Whisper model, with a model hub on loopback."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from clipper_assets.models import hub
from clipper_assets.models.fetch import FetchError
from clipper_assets.models.table import HUB, MODELS, ModelFile
from clipper_assets.setting_types import Device
from clipper_assets.transcript import whisper_models
from clipper_assets.transcript.models import ModelMissingError
from clipper_assets.transcript.whisper_models import AUTO, choose_whisper, fetch_whisper, has_better
from clipper_assets_tests.transcript.hub import serve
from clipper_assets_tests.transcript.test_models import model_in

NOTHING = ("there is nothing", "try elsewhere")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def only(*available: str) -> Callable[[str], Path | None]:
    """What obtains models of which only these are available."""

    def obtain(name: str) -> Path | None:
        if name not in available:
            raise FetchError(name, *NOTHING)
        return None

    return obtain


@pytest.mark.parametrize(
    ("device", "available", "name", "why"),
    [
        ("cuda", ["large-v3-turbo", "small", "base"], "large-v3-turbo", "the best one for GPUs"),
        ("cuda", ["small", "base"], "small", "large-v3-turbo, which is better, is not on this machine and cannot be"),
        ("cpu", ["large-v3-turbo", "small", "base"], "small", "the best one for CPUs"),
        ("cpu", ["base"], "base", "small, which is better, is not on this machine and cannot be fetched (there is"),
    ],
)
def test_the_model_follows_the_machine(device: str, available: list[str], name: str, why: str, tmp_path: Path) -> None:
    chosen = choose_whisper(AUTO, device, tmp_path, only(*available))
    assert (chosen.name, chosen.folder) == (name, None)
    assert chosen.why.startswith(why)


def test_a_model_on_disk_is_taken_before_any_other_is_obtained(tmp_path: Path) -> None:
    small = model_in(tmp_path / "models" / "faster-whisper-small")
    chosen = choose_whisper(AUTO, "cpu", tmp_path / "models", only())
    assert (chosen.name, chosen.why, chosen.folder) == ("small", "the best one for CPUs", small)


def test_a_fetched_model_is_found_in_the_cache(tmp_path: Path) -> None:
    folder = model_in(tmp_path / "cache/clipper_assets/models/faster-whisper-base")
    with pytest.raises(ModelMissingError):
        choose_whisper("base", "cpu", None, only())
    for file in MODELS["base"].files:
        (folder / file.name).touch()
    assert choose_whisper("base", "cpu", None, only()).folder == folder


def test_a_pinned_model_is_not_replaced_by_another(tmp_path: Path) -> None:
    model_in(tmp_path / "faster-whisper-base")
    with pytest.raises(ModelMissingError) as caught:
        choose_whisper("small", "cpu", tmp_path, only())
    assert str(caught.value) == (
        "the Whisper model small is not on this machine and cannot be fetched (there is nothing); run `clipper models "
        f"fetch small` on a connected machine and copy the fetched folder faster-whisper-small into {tmp_path} "
        "here, or put a transcript beside the upload"
    )


def test_without_any_model_one_sentence_names_the_command(tmp_path: Path) -> None:
    for device in ("cpu", "cuda"):
        with pytest.raises(
            ModelMissingError, match=r"^no Whisper model is on this machine and none can .* `clipper models fetch base`"
        ):
            choose_whisper(AUTO, device, tmp_path, only())


def test_a_name_may_be_a_folder_or_a_repository_on_disk(tmp_path: Path) -> None:
    models = tmp_path / "models"
    direct = model_in(tmp_path / "mine")
    assert choose_whisper(str(direct), "cpu", None, only()).folder == direct
    plain = model_in(models / "small")
    assert choose_whisper("small", "cpu", models, only()).folder == plain
    repository = model_in(models / "their-model")
    assert choose_whisper("somebody/their-model", "cpu", models, only()).folder == repository


def fetched(name: str, models_dir: Path | None = None) -> Path:
    return fetch_whisper(name, models_dir, lambda: lambda _: None)


def test_the_error_for_an_unknown_model_lists_the_searched_folders(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=str(tmp_path / "faster-whisper-smal")):
        fetched("smal", tmp_path)


def test_a_missing_directory_is_not_taken_for_a_repository(tmp_path: Path) -> None:
    for name in (str(tmp_path / "gone"), "./gone/model"):
        with pytest.raises(ModelMissingError, match=r"no model\.bin"):
            fetched(name)


def test_the_hub_is_not_contacted_when_offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with serve({"nobody/model": model_in(tmp_path / "model")}) as address:
        monkeypatch.setattr(hub, "ENDPOINT", address)
        for name in ("nobody/model", "small"):
            with pytest.raises((ModelMissingError, FetchError), match="HF_HUB_OFFLINE"):
                fetched(name)


def file_of(file: Path) -> ModelFile:
    content = file.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    return ModelFile(sha256, len(content), f"{HUB}/us/small/resolve/main/{file.name}", name=file.name)


def test_a_model_of_the_table_comes_verified_from_the_hub(
    whisper_model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(hub, "HF_HUB_OFFLINE", False)
    files = tuple(file_of(whisper_model / name) for name in ("config.json", "model.bin"))
    monkeypatch.setitem(MODELS, "small", replace(MODELS["small"], files=files))
    with serve({"us/small": whisper_model}) as address:
        monkeypatch.setattr(hub, "ENDPOINT", address)
        folder = fetched("small", tmp_path / "models")
    assert folder == tmp_path / "models" / "faster-whisper-small"
    assert (folder / "model.bin").read_bytes() == (whisper_model / "model.bin").read_bytes()
    assert choose_whisper(AUTO, "cpu", tmp_path / "models", only()).name == "small"


def test_another_model_is_downloaded_from_the_hub_only_once(whisper_model: Path, tmp_path: Path) -> None:
    """Runs in subprocesses, because huggingface_hub reads the addresses of hub and cache at import."""
    code = (
        "from clipper_assets.transcript.whisper_models import choose_whisper, fetch_whisper\n"
        "print(choose_whisper('nobody/tiny', 'cpu', None, lambda name: fetch_whisper(name, None, None)).folder)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    environment |= {"HF_HOME": str(tmp_path), "NO_PROXY": "127.0.0.1"}

    def run(endpoint: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code],
            env={**environment, "HF_ENDPOINT": endpoint},
            capture_output=True,
            text=True,
            check=False,
        )

    with serve({"nobody/tiny": whisper_model}) as address:
        first = run(address)
    assert first.returncode == 0, first.stderr
    folder = Path(first.stdout.strip())
    assert (folder / "model.bin").read_bytes() == (whisper_model / "model.bin").read_bytes()
    again = run("http://127.0.0.1:9")
    assert again.stdout == first.stdout, again.stderr


def test_a_read_only_cache_of_the_hub_raises_with_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def read_only(*_: object, **__: object) -> str:
        raise OSError(30, "Read-only file system", "/models")

    monkeypatch.setattr(hub, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.snapshot_download", read_only)
    with serve({"nobody/model": model_in(tmp_path / "model")}) as address:
        monkeypatch.setattr(hub, "ENDPOINT", address)
        with pytest.raises(
            ModelMissingError, match=r"cannot be downloaded into .*Read-only.*make that folder writable"
        ):
            fetched("nobody/model")


@pytest.mark.parametrize(
    ("stored", "on_disk", "gpus", "expected"),
    [
        ("base", [], 0, False),
        ("base", ["base"], 0, False),
        ("base", ["small"], 0, True),
        ("base", ["large-v3-turbo"], 0, False),
        ("base", ["large-v3-turbo"], 1, True),
        ("small", ["base", "large-v3-turbo"], 1, True),
        ("small", ["base"], 1, False),
        ("large-v3-turbo", ["base", "small"], 0, False),
        ("/my/model", ["small"], 0, False),
    ],
)
def test_a_better_model_is_one_that_the_machine_prefers_and_has(
    stored: str, on_disk: list[str], gpus: int, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in on_disk:
        model_in(tmp_path / f"faster-whisper-{name}")
    device = "cuda" if gpus else "cpu"
    monkeypatch.setattr(whisper_models, "ctranslate2_device", lambda *_: (device, "int8"))
    assert has_better(stored, Device.auto, tmp_path) is expected
