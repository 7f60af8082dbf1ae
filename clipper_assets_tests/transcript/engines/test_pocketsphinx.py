from dataclasses import replace

import numpy as np
import pytest

from clipper_assets.media.speech import SPEECH_RATE_HZ
from clipper_assets.transcript.engines.base import EngineUnavailableError, Recording
from clipper_assets.transcript.engines.pocketsphinx import PocketSphinx
from clipper_assets.transcript.words import Word
from clipper_assets_tests.transcript.conftest import Bars
from clipper_assets_tests.transcript.scoring import start_errors, word_error_rate


def test_it_hears_roughly_and_says_so(talk: Recording, truth: list[Word], bars: Bars) -> None:
    """Measured on the whole talk: 16 % word errors; starts off by 11 ms in the median, 21 ms at p90."""
    said = [word for word in truth if word.segment < 4]
    part = Recording(talk.speech[: int(21.4 * SPEECH_RATE_HZ)], 21.4)
    heard = PocketSphinx().transcribe(part, bars)
    assert word_error_rate([word.text for word in said], [word.text for word in heard.words]) < 0.3
    assert np.median(start_errors(said, heard.words)) < 0.03
    assert all(word.text.replace("'", "").replace(".", "").isalpha() for word in heard.words)
    assert len(bars.stages["transcribing"]) > 1
    (degraded,) = heard.degraded
    for way_out in (".srt", "CLIPPER_MODELS_DIR", "whisperx"):
        assert way_out in degraded.reason


def test_it_knows_english_only(talk: Recording) -> None:
    with pytest.raises(EngineUnavailableError, match="'de'"):
        PocketSphinx().transcribe(replace(talk, language="de"), Bars())
