from dataclasses import replace

import numpy as np
import pytest

from clipper_assets.media.speech import SPEECH_RATE_HZ
from clipper_assets.transcript.engines.base import EngineUnavailableError, Recording
from clipper_assets.transcript.engines.pocketsphinx import PocketSphinx
from clipper_assets.transcript.words import Word
from clipper_assets_tests.transcript.conftest import Bars
from clipper_assets_tests.transcript.scoring import start_errors, word_error_rate


def test_the_transcript_is_rough_and_reported_as_degraded(talk: Recording, truth: list[Word], bars: Bars) -> None:
    """Measured on the whole talk: 16 % word errors; errors of word starts: median 11 ms, p90 21 ms."""
    true_words = [word for word in truth if word.segment < 4]
    part = Recording(talk.speech[: int(21.4 * SPEECH_RATE_HZ)], 21.4)
    result = PocketSphinx().transcribe(part, bars)
    assert word_error_rate([word.text for word in true_words], [word.text for word in result.words]) < 0.3
    assert np.median(start_errors(true_words, result.words)) < 0.03
    assert all(word.text.replace("'", "").replace(".", "").isalpha() for word in result.words)
    assert len(bars.stages["transcribing"]) > 1
    (degraded,) = result.degraded
    for remedy in (".srt", "CLIPPER_MODELS_DIR", "whisperx"):
        assert remedy in degraded.reason


def test_languages_other_than_english_are_rejected(talk: Recording) -> None:
    with pytest.raises(EngineUnavailableError, match="'de'"):
        PocketSphinx().transcribe(replace(talk, language="de"), Bars())
