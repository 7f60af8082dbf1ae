"""Fixtures for a talk of 70 s between two synthetic voices, with the exact time of every word."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples, load_speech
from clipper_assets.runtime.progress import Report
from clipper_assets.transcript.engines.base import Recording
from clipper_assets.transcript.words import Word

HERE = Path(__file__).parent
MODELS = HERE / "models"


@pytest.fixture(scope="session")
def speech() -> Samples:
    return load_speech(HERE / "fixture" / "talk.flac")


@pytest.fixture(scope="session")
def talk(speech: Samples) -> Recording:
    return Recording(speech, duration_s=len(speech) / SPEECH_RATE_HZ)


@pytest.fixture(scope="session")
def truth() -> list[Word]:
    """All words of the talk; `segment` is the number of the turn."""
    turns = json.loads((HERE / "fixture" / "truth.json").read_text())
    return [
        Word(text, start, end, segment, speaker=turn["speaker"])
        for segment, turn in enumerate(turns)
        for text, start, end in turn["words"]
    ]


@pytest.fixture(scope="session")
def whisper_model() -> Path:
    return MODELS / "whisper_tiny_sample"


@pytest.fixture(scope="session")
def align_model() -> Path:
    return MODELS / "wav2vec2_tiny_sample"


class Bars:
    """Records the progress reports of every stage."""

    def __init__(self) -> None:
        self.stages: dict[str, list[float]] = {}

    def __call__(self, stage: str) -> Report:
        return self.stages.setdefault(stage, []).append


@pytest.fixture
def bars() -> Iterator[Bars]:
    """Records progress, and checks after the test that it never decreased and that every stage was finished."""
    recorded = Bars()
    yield recorded
    for shares in recorded.stages.values():
        assert shares == sorted(shares)
        assert shares[-1:] in ([], [1.0])
