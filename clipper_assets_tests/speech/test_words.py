"""The words that the engines recognise in real speech, against what is said in it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from clipper_assets.models.store import verify
from clipper_assets.transcript.aligners.auto import Aligners
from clipper_assets.transcript.engines.base import EngineResult
from clipper_assets.transcript.engines.faster_whisper import FasterWhisper
from clipper_assets.transcript.engines.whisperx import WhisperX
from clipper_assets_tests.speech.conftest import Sample
from clipper_assets_tests.support.weights import CACHE
from clipper_assets_tests.transcript.conftest import Bars
from clipper_assets_tests.transcript.scoring import word_error_rate

pytestmark = pytest.mark.speech


def transcribed(engine: type[FasterWhisper | WhisperX], model: Path, sample: Sample) -> EngineResult:
    return engine(model=str(model), aligners=Aligners()).transcribe(sample.recording, Bars())


def errors(result: EngineResult, sample: Sample) -> float:
    return word_error_rate(sample.words, [word.text for word in result.words])


@pytest.mark.parametrize("engine", [FasterWhisper, pytest.param(WhisperX, marks=pytest.mark.whisperx)])
@pytest.mark.parametrize(("name", "most_errors"), [("reading", 0.05), ("speech-1961", 0.05), ("phone-call", 0.25)])
def test_base_recognises_nearly_all_words(
    engine: type[FasterWhisper | WhisperX],
    name: str,
    most_errors: float,
    whisper_base: Path,
    speech_samples: Mapping[str, Sample],
) -> None:
    """Measured with faster-whisper: 2.9 % word errors ("Mister" as "Mr.", and a slip of the reader), 0 and 16 %."""
    sample = speech_samples[name]
    result = transcribed(engine, whisper_base, sample)
    assert result.language == "en"
    assert errors(result, sample) <= most_errors
    assert all(word.start < word.end for word in result.words)


@pytest.mark.parametrize(("name", "most_errors"), [("reading", 0.05), ("speech-1961", 0.05)])
def test_tiny_en_recognises_clean_speech(
    name: str, most_errors: float, whisper_tiny_en: Path, speech_samples: Mapping[str, Sample]
) -> None:
    """Measured: 2.9 and 0 % word errors."""
    sample = speech_samples[name]
    assert errors(transcribed(FasterWhisper, whisper_tiny_en, sample), sample) <= most_errors


def test_the_weights_have_the_checksums_of_the_model_hub(whisper_base: Path, whisper_tiny_en: Path) -> None:
    assert (verify("base", CACHE), verify("tiny.en", CACHE)) == (whisper_base, whisper_tiny_en)
