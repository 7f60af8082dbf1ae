"""Sentences of real speech, and the places where one window of Whisper ends and the next begins."""

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from faster_whisper import WhisperModel

from clipper_assets.transcript.aligners.auto import Aligners
from clipper_assets.transcript.engines.base import EngineResult, Recording
from clipper_assets.transcript.engines.faster_whisper import FasterWhisper
from clipper_assets.transcript.sentences import split_sentences
from clipper_assets_tests.speech.conftest import Sample
from clipper_assets_tests.transcript.conftest import Bars
from clipper_assets_tests.transcript.scoring import normalized, word_error_rate

pytestmark = pytest.mark.speech

FULL_STOP = re.compile(r"(?<!Mr)[.?!]$")


@pytest.fixture(scope="session")
def episode(speech_samples: Mapping[str, Sample]) -> tuple[Recording, list[str]]:
    """The recordings one after another with half a second between them, the reading twice; and the words."""
    parts = [speech_samples[name] for name in ("speech-1961", "reading", "phone-call", "reading")]
    pause = np.random.default_rng(0).normal(0, 0.001, 8000).astype(np.float32)
    speech = np.concatenate([samples for part in parts for samples in (part.recording.speech, pause)])
    return Recording(speech, len(speech) / 16_000, language="en"), [word for part in parts for word in part.words]


@pytest.fixture(scope="session")
def result(episode: tuple[Recording, list[str]], whisper_base: Path) -> EngineResult:
    return FasterWhisper(model=str(whisper_base), aligners=Aligners()).transcribe(episode[0], Bars())


def test_word_errors_are_those_of_whisper_itself(
    episode: tuple[Recording, list[str]], result: EngineResult, whisper_base: Path
) -> None:
    """Measured: 13 errors in 243 words; 15 with OpenAI's settings."""
    recording, said = episode
    model = WhisperModel(str(whisper_base), device="cpu", compute_type="int8")
    segments, _ = model.transcribe(recording.speech, language="en")
    reference = "".join(segment.text for segment in segments).split()
    assert word_error_rate(said, [word.text for word in result.words]) <= 1.1 * word_error_rate(said, reference) + 0.01


def test_sentences_end_where_they_do(episode: tuple[Recording, list[str]], result: EngineResult) -> None:
    """Measured: 20 of 20."""
    true_ends = sum(bool(FULL_STOP.search(word)) for word in episode[1])
    assert sum(bool(FULL_STOP.search(word.text)) for word in result.words) >= 0.85 * true_ends
    assert split_sentences(result.words, "en")[-1] + 1 >= 0.85 * true_ends


def test_no_word_is_doubled_where_windows_meet(result: EngineResult) -> None:
    words = [normalized(word.text) for word in result.words]
    windows = [word.segment for word in result.words]
    borders = [number for number, (before, after) in enumerate(pairwise(windows), 1) if before != after]
    assert borders
    for border in borders:
        for length in (1, 2, 3):
            assert words[border - length : border] != words[border : border + length]


def test_the_same_recording_gives_the_same_words(speech_samples: Mapping[str, Sample], whisper_base: Path) -> None:
    recording = replace(speech_samples["phone-call"].recording, language="en")
    engine = FasterWhisper(model=str(whisper_base), aligners=Aligners())
    first, second = (engine.transcribe(recording, Bars()).words for _ in range(2))
    assert first == second
