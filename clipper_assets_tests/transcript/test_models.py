import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from clipper_assets.settings import Device
from clipper_assets.transcript import models
from clipper_assets.transcript.models import ModelMissingError, ctranslate2_device, find_whisper, hub_model
from clipper_assets_tests.transcript.hub import serve

NOWHERE = "nobody/no-such-model"


def model_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "model.bin").touch()
    return folder


@pytest.fixture(autouse=True)
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_directories_come_before_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "ENDPOINT", "http://127.0.0.1:9")
    direct = model_in(tmp_path / "mine")
    assert find_whisper(str(direct), None) == direct
    prefixed = model_in(tmp_path / "models" / "faster-whisper-small")
    assert find_whisper("small", tmp_path / "models") == prefixed
    plain = model_in(tmp_path / "models" / "small")
    assert find_whisper("small", tmp_path / "models") == plain
    repository = model_in(tmp_path / "models" / "their-model")
    assert find_whisper("somebody/their-model", tmp_path / "models") == repository


def test_a_model_of_no_known_name_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=str(tmp_path / "faster-whisper-smal")):
        find_whisper("smal", tmp_path)


def test_a_directory_that_is_not_there_is_no_repository(tmp_path: Path) -> None:
    for name in (str(tmp_path / "gone"), "./gone/model"):
        with pytest.raises(ModelMissingError, match=r"no model\.bin"):
            find_whisper(name, None)


def test_a_hub_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "HUB_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        for port in (mute.getsockname()[1], 9):
            monkeypatch.setattr(models, "ENDPOINT", f"http://127.0.0.1:{port}")
            with pytest.raises(ModelMissingError, match=r"cannot be reached.*CLIPPER_MODELS_DIR"):
                find_whisper(NOWHERE, None)


def test_an_offline_hub_is_not_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(models, "HF_HUB_OFFLINE", True)
    with serve({"nobody/model": model_in(tmp_path / "model")}) as hub:
        monkeypatch.setattr(models, "ENDPOINT", hub)
        with pytest.raises(ModelMissingError, match="HF_HUB_OFFLINE"):
            find_whisper("nobody/model", None)


def test_a_model_of_the_hub_is_fetched_once(whisper_model: Path, tmp_path: Path) -> None:
    """In a process of its own: huggingface_hub reads its address and its cache's at import."""
    code = "from clipper_assets.transcript.models import find_whisper\nprint(find_whisper('nobody/tiny', None))\n"
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    environment |= {"HF_HOME": str(tmp_path), "NO_PROXY": "127.0.0.1"}

    def fetch(endpoint: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code],
            env={**environment, "HF_ENDPOINT": endpoint},
            capture_output=True,
            text=True,
            check=False,
        )

    with serve({"nobody/tiny": whisper_model}) as hub:
        first = fetch(hub)
    assert first.returncode == 0, first.stderr
    folder = Path(first.stdout.strip())
    assert (folder / "model.bin").read_bytes() == (whisper_model / "model.bin").read_bytes()
    again = fetch("http://127.0.0.1:9")
    assert again.stdout == first.stdout, again.stderr


def test_a_cache_that_cannot_be_written_is_a_missing_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def read_only(*_: object, **__: object) -> str:
        raise OSError(30, "Read-only file system", "/models")

    monkeypatch.setattr("huggingface_hub.snapshot_download", read_only)
    with serve({"nobody/model": model_in(tmp_path / "model")}) as hub:
        monkeypatch.setattr(models, "ENDPOINT", hub)
        with pytest.raises(ModelMissingError, match=r"cannot be fetched into .*Read-only.*make that folder writable"):
            find_whisper("nobody/model", None)


def test_a_hub_that_has_no_such_model_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve({}) as hub:
        monkeypatch.setattr(models, "ENDPOINT", hub)
        with pytest.raises(ModelMissingError, match="404"):
            find_whisper(NOWHERE, None)


def test_a_model_behind_a_licence_wants_a_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wanted = hub_model("diarization model", "them/gated", "model.bin")
    with serve({"them/gated": model_in(tmp_path / "gated")}, token="t0ken") as hub:
        monkeypatch.setattr(models, "ENDPOINT", hub)
        with pytest.raises(ModelMissingError, match="401"):
            wanted.refuse_if_unreachable(None)
        assert wanted.refuse_if_unreachable(None, "t0ken") == "them/gated"


def test_the_device_is_what_is_there_or_what_was_asked_for() -> None:
    assert ctranslate2_device(Device.cpu, None) == ("cpu", "int8")
    assert ctranslate2_device(Device.cpu, "float32") == ("cpu", "float32")
    assert ctranslate2_device(Device.cuda, "int8_float16") == ("cuda", "int8_float16")
