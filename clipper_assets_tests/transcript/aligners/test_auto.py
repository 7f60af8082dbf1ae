import re
import socket
from pathlib import Path

import pytest

from clipper_assets.models import hub
from clipper_assets.setting_types import Device
from clipper_assets.transcript.aligners import auto
from clipper_assets.transcript.aligners.auto import Aligners
from clipper_assets.transcript.aligners.pocketsphinx import PocketSphinxAligner
from clipper_assets_tests.transcript.conftest import MODELS


@pytest.fixture
def no_whisperx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto, "whisperx_installed", lambda: False)


@pytest.mark.usefixtures("no_whisperx")
def test_without_whisperx_only_english_can_be_aligned() -> None:
    english, why = Aligners().choose("en")
    assert isinstance(english, PocketSphinxAligner)
    assert "WhisperX" in why
    assert Aligners().choose("de") == (None, why)


def on_cpu(model: str | None = None, models_dir: Path = MODELS) -> Aligners:
    return Aligners(model=model, models_dir=str(models_dir), device=Device.cpu)


@pytest.mark.whisperx
def test_a_named_model_is_found_in_the_models_directory() -> None:
    aligner, why = on_cpu(model="wav2vec2_tiny_sample").choose("en")
    assert aligner
    assert (aligner.name, why) == ("wav2vec2 wav2vec2_tiny_sample", "")


@pytest.mark.whisperx
def test_the_model_of_a_language_is_found_by_its_folder_name(tmp_path: Path) -> None:
    (tmp_path / "align-eo").symlink_to(MODELS / "wav2vec2_tiny_sample")
    aligner, why = on_cpu(models_dir=tmp_path).choose("eo")
    assert aligner
    assert (aligner.name, why) == ("wav2vec2 align-eo", "")


@pytest.mark.whisperx
@pytest.mark.parametrize(
    ("language", "model", "reason"),
    [
        (
            "en",
            None,
            r"WAV2VEC2_ASR_BASE_960H: no wav2vec2_fairseq_base_ls960_asr_ls960\.pth in .*models or .*checkpoints",
        ),
        ("ru", None, r"jonatasgrosman/wav2vec2-large-xlsr-53-russian.*HF_HUB_OFFLINE.*align-ru"),
        ("eo", None, r"no alignment model for 'eo'; put .*align-eo or name one in CLIPPER_ALIGN_MODEL"),
        ("en", "no-such-model", r"no alignment model for 'en' 'no-such-model': no config\.json in .*no-such-model"),
        ("en", "whisper_tiny_sample", "does not load on cpu"),
    ],
)
def test_the_reason_for_a_missing_model_is_one_sentence(language: str, model: str | None, reason: str) -> None:
    aligner, why = on_cpu(model=model).choose(language)
    assert (aligner is None) == (language != "en")
    assert "\n" not in why
    assert re.search(reason, why), why


@pytest.mark.whisperx
def test_a_download_that_stalls_times_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Torch downloads through a proxy that accepts its request and never answers."""
    monkeypatch.setattr(hub, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(auto, "DOWNLOAD_TIMEOUT_S", 0.2)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "")
    with socket.create_server(("127.0.0.1", 0)) as unresponsive:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{unresponsive.getsockname()[1]}")
        aligner, why = on_cpu().choose("en")
    assert isinstance(aligner, PocketSphinxAligner)
    assert "timed out" in why
    assert socket.getdefaulttimeout() is None
