import pytest

from clipper_assets.clips.rendering import encoders
from clipper_assets.clips.rendering.encoders import NVENC, X264, Encoder, best_encoder
from clipper_assets.media.ffmpeg import FfmpegError, run


def chosen_encoder() -> Encoder:
    best_encoder.cache_clear()
    try:
        return best_encoder()
    finally:
        best_encoder.cache_clear()


def test_the_chosen_encoder_works_on_this_machine() -> None:
    options = [part for name, value in chosen_encoder().options for part in (f"-{name}", value)]
    run(["-f", "lavfi", "-i", "testsrc=s=1080x1920:d=0.2", "-c:v", chosen_encoder().name, *options, "-f", "null", "-"])


def test_x264_is_chosen_if_nvenc_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(arguments: list[str]) -> str:
        assert NVENC.name in arguments
        raise FfmpegError("Cannot load libcuda.so.1")

    monkeypatch.setattr(encoders, "run", fails)
    assert chosen_encoder() == X264


def test_nvenc_is_chosen_if_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "run", lambda arguments: "")
    assert chosen_encoder() == NVENC
