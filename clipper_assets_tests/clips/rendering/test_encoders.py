import pytest

from clipper_assets.clips.rendering import encoders
from clipper_assets.clips.rendering.encoders import NVENC, X264, Encoder, best_encoder
from clipper_assets.media.ffmpeg import FfmpegError, run


def chosen() -> Encoder:
    best_encoder.cache_clear()
    try:
        return best_encoder()
    finally:
        best_encoder.cache_clear()


def test_the_best_encoder_encodes_on_this_machine() -> None:
    options = [part for name, value in chosen().options for part in (f"-{name}", value)]
    run(["-f", "lavfi", "-i", "testsrc=s=1080x1920:d=0.2", "-c:v", chosen().name, *options, "-f", "null", "-"])


def test_x264_where_the_gpu_does_not_encode(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(arguments: list[str]) -> str:
        assert NVENC.name in arguments
        raise FfmpegError("Cannot load libcuda.so.1")

    monkeypatch.setattr(encoders, "run", fails)
    assert chosen() == X264


def test_nvenc_where_it_encodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "run", lambda arguments: "")
    assert chosen() == NVENC
