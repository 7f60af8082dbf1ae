import numpy as np
import pytest

from clipper_assets.transcript.aligners.auto import Aligners
from clipper_assets.transcript.engines import whisperx
from clipper_assets.transcript.engines.base import EngineUnavailableError, Recording
from clipper_assets.transcript.engines.whisperx import WhisperX
from clipper_assets_tests.transcript.conftest import Bars


def test_without_whisperx_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, bars: Bars) -> None:
    monkeypatch.setattr(whisperx, "whisperx_installed", lambda: False)
    with pytest.raises(EngineUnavailableError, match="pip install"):
        WhisperX(aligners=Aligners()).transcribe(Recording(np.zeros(16_000, np.float32), 1.0), bars)
