"""Models on disk and on a model hub on loopback."""

import socket
from pathlib import Path

import pytest

from clipper_assets.models import hub
from clipper_assets.setting_types import Device
from clipper_assets.transcript.models import ModelMissingError, ctranslate2_device, hub_model
from clipper_assets_tests.transcript.hub import serve


def model_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "model.bin").touch()
    return folder


@pytest.fixture(autouse=True)
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_a_hub_that_does_not_answer_raises_after_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "HUB_TIMEOUT_S", 0.2)
    model = hub_model("model", "nobody/no-such-model", "model.bin")
    with socket.create_server(("127.0.0.1", 0)) as unresponsive:
        for port in (unresponsive.getsockname()[1], 9):
            monkeypatch.setattr(hub, "ENDPOINT", f"http://127.0.0.1:{port}")
            with pytest.raises(ModelMissingError, match=r"cannot be reached.*CLIPPER_MODELS_DIR"):
                model.refuse_if_unreachable(None)


def test_a_model_missing_on_the_hub_raises_with_the_status(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve({}) as address:
        monkeypatch.setattr(hub, "ENDPOINT", address)
        with pytest.raises(ModelMissingError, match="404"):
            hub_model("model", "nobody/no-such-model", "model.bin").refuse_if_unreachable(None)


def test_a_model_behind_a_licence_needs_a_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model = hub_model("diarization model", "them/gated", "model.bin")
    with serve({"them/gated": model_in(tmp_path / "gated")}, token="t0ken") as address:
        monkeypatch.setattr(hub, "ENDPOINT", address)
        with pytest.raises(ModelMissingError, match="401"):
            model.refuse_if_unreachable(None)
        assert model.refuse_if_unreachable(None, "t0ken") == "them/gated"


def test_device_and_compute_type_follow_the_settings() -> None:
    assert ctranslate2_device(Device.cpu, None) == ("cpu", "int8")
    assert ctranslate2_device(Device.cpu, "float32") == ("cpu", "float32")
    assert ctranslate2_device(Device.cuda, "int8_float16") == ("cuda", "int8_float16")
