"""Choosing a hardware decoder; no test needs one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import pytest
from av.codec import hwaccel

from clipper_assets.camera.analysis import hardware
from clipper_assets.media.inputs import open_media
from clipper_assets_tests.support.media import SAMPLE


@dataclass(frozen=True)
class Accel:
    """Stands in for PyAV's settings, which cannot be read again."""

    device: str
    allow_software_fallback: bool


FILE = f"file:{SAMPLE / 'episode.mp4'}"


def chosen() -> Any:
    return hardware.hardware_decoder(FILE, 0)


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Pretend that PyAV has all decoders and the machine all devices; returns those that are opened, which decode."""
    opened: list[str] = []
    open_media(FILE).close()  # PyAV must have loaded its own types before one of them is replaced

    def opening(file: str, hwaccel: Accel) -> Any:
        opened.append(hwaccel.device)
        return open_media(file)

    monkeypatch.setattr(hwaccel, "hwdevices_available", lambda: [*hardware.DEVICES])
    monkeypatch.setattr(hwaccel, "HWAccel", Accel)
    monkeypatch.setattr(hardware, "DEVICES", dict.fromkeys(hardware.DEVICES, Path("/")))
    monkeypatch.setattr(hardware, "open_media", opening)
    return opened


def test_the_first_device_that_decodes_a_picture_is_used_and_may_fall_back(devices: list[str]) -> None:
    assert chosen() == Accel("cuda", True)
    assert devices == ["cuda"]


def test_a_device_that_fails_is_passed_over_and_the_log_says_why(
    devices: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(file: str, hwaccel: Accel) -> Any:
        if hwaccel.device == "cuda":
            raise av.error.PermissionError(1, "Operation not permitted", "https://host/a.mp4?X-Amz-Signature=secret")
        return open_media(file)

    monkeypatch.setattr(hardware, "open_media", failing)
    caplog.set_level("INFO", hardware.__name__)
    assert chosen() == Accel("vaapi", True)
    assert "cuda decodes no picture of this source, so software does: Operation not permitted" in caplog.text
    assert "secret" not in caplog.text


def test_a_machine_without_devices_tries_none(devices: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "DEVICES", dict.fromkeys(hardware.DEVICES, Path("/nonexistent")))
    assert chosen() is None
    assert devices == []
