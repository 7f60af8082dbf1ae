"""The fixture talk: 70 s of two synthetic voices, with the exact time of every word."""

import json
from pathlib import Path

import pytest

from clipper_assets.episodes.speech import SPEECH_RATE_HZ, Samples, load_speech
from clipper_assets.transcript.engines.base import Recording
from clipper_assets.transcript.words import Word

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def speech() -> Samples:
    return load_speech(HERE / "fixture" / "talk.flac")


@pytest.fixture(scope="session")
def talk(speech: Samples) -> Recording:
    return Recording(speech, duration_s=len(speech) / SPEECH_RATE_HZ)


@pytest.fixture(scope="session")
def truth() -> list[Word]:
    """Every word that is said; `segment` is the turn."""
    turns = json.loads((HERE / "fixture" / "truth.json").read_text())
    return [
        Word(text, start, end, segment, speaker=turn["speaker"])
        for segment, turn in enumerate(turns)
        for text, start, end in turn["words"]
    ]


@pytest.fixture(scope="session")
def whisper_model() -> Path:
    return HERE / "models" / "whisper_tiny_fixture_en_trim_ct2"
