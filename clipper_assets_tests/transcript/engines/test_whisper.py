"""Tests of `faster_whisper` and `whisperx`; the latter run only where WhisperX is installed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from clipper_assets.runtime.progress import Report
from clipper_assets.setting_types import Device
from clipper_assets.transcript.aligners.auto import Aligners
from clipper_assets.transcript.aligners.base import Block, Placed, Placement
from clipper_assets.transcript.crosstalk import silence_crosstalk
from clipper_assets.transcript.engines.auto import with_microphones
from clipper_assets.transcript.engines.base import EngineUnavailableError, Recording
from clipper_assets.transcript.engines.faster_whisper import FasterWhisper
from clipper_assets.transcript.engines.whisper import (
    WhisperEngine,
    default_batch_size,
    detect_language,
    retry_with_smaller_batches,
)
from clipper_assets.transcript.engines.whisperx import WhisperX
from clipper_assets.transcript.words import Word
from clipper_assets_tests.support.media import two_microphones
from clipper_assets_tests.transcript.conftest import MODELS, Bars
from clipper_assets_tests.transcript.scoring import matches, start_errors, word_error_rate

SAMPLES_PER_S = 16_000


@pytest.fixture(params=[FasterWhisper, pytest.param(WhisperX, marks=pytest.mark.whisperx)])
def engine(request: pytest.FixtureRequest) -> WhisperEngine:
    engine_class: type[WhisperEngine] = request.param
    return tiny(engine_class)


def tiny(engine_class: type[WhisperEngine], **changes: Any) -> WhisperEngine:
    """An engine with the tiny models of the tests, which need a beam size of 1 and batches: they write no times."""
    models: dict[str, Any] = {"models_dir": str(MODELS), "device": Device.cpu}
    fields = {"aligners": Aligners(model="wav2vec2_tiny_sample", **models), "beam_size": 1, "batch_size": 8, **models}
    return engine_class(**{"model": "whisper_tiny_sample", **fields, **changes})


def texts(words: Sequence[Word]) -> list[str]:
    return [word.text for word in words]


def test_the_talk_is_transcribed_without_errors_and_with_exact_times(
    engine: WhisperEngine, talk: Recording, truth: list[Word], bars: Bars
) -> None:
    """Measured: no word error. Errors of word starts (median, p95, max) are 15, 30 and 38 ms with wav2vec2, and 9, 30
    and 116 ms with PocketSphinx, which is the aligner if WhisperX is not installed.
    """
    result = engine.transcribe(talk, bars)
    assert texts(result.words) == texts(truth)
    assert word_error_rate(texts(truth), texts(result.words)) == 0.0
    errors = start_errors(truth, result.words)
    assert np.median(errors) <= 0.025
    assert np.quantile(errors, 0.95) <= 0.12
    assert errors.max() < 0.2
    numerals = [n for n, word in enumerate(truth) if word.text.isdigit()]
    assert [truth[n].text for n in numerals] == ["2019", "300"]
    assert max(abs(result.words[n].start - truth[n].start) for n in numerals) <= 0.12
    assert max(abs(result.words[n].end - truth[n].end) for n in numerals) <= 0.12
    assert {word.timing for word in result.words} == {"aligned"}
    assert {word.doubt for word in result.words} == {None}
    assert all(word.confidence and 0 < word.confidence <= 1 for word in result.words)
    assert (result.language, result.facts["device"], result.facts["compute_type"]) == ("en", "cpu", "int8")
    assert result.degraded == []
    assert set(result.stages_s) == {"find model", "load", "find speech", "transcribe", "load aligner", "align"}
    assert set(bars.stages) == {"transcribing", "aligning"}


@pytest.mark.parametrize(
    ("engine_class", "timing"),
    [(FasterWhisper, "attention"), pytest.param(WhisperX, "interpolated", marks=pytest.mark.whisperx)],
)
def test_words_of_a_language_without_an_aligner_are_not_called_aligned(
    engine_class: type[WhisperEngine], timing: str, talk: Recording, bars: Bars, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for Spanish and Japanese without WhisperX."""
    monkeypatch.setattr(Aligners, "choose", lambda *_: (None, "no aligner for 'ja'"))
    result = tiny(engine_class).transcribe(talk, bars)
    assert {word.timing for word in result.words} == {timing}
    assert result.degraded[0].reason == "words are not aligned with the sound: no aligner for 'ja'"


def test_only_words_that_the_aligner_placed_are_called_aligned(
    talk: Recording, bars: Bars, monkeypatch: pytest.MonkeyPatch
) -> None:
    class EverySecondWord:
        name = "every second word"

        def align(self, _: Any, blocks: Sequence[Block], report: Report) -> list[Placement]:
            report(1.0)
            return [
                [Placed(*block.within) if number % 2 else None for number in range(len(block.texts))]
                for block in blocks
            ]

    monkeypatch.setattr(Aligners, "choose", lambda *_: (EverySecondWord(), ""))
    words = tiny(FasterWhisper).transcribe(talk, bars).words
    aligned = sum(word.timing == "aligned" for word in words)
    assert {word.timing for word in words} == {"aligned", "attention"}
    assert abs(2 * aligned - len(words)) <= 4


def test_silence_and_noise_give_no_words(engine: WhisperEngine, bars: Bars) -> None:
    noise = np.random.default_rng(7).normal(0, 0.05, 5 * SAMPLES_PER_S)
    for speech in (np.zeros(5 * SAMPLES_PER_S), noise):
        result = engine.transcribe(Recording(speech.astype(np.float32), 5.0), bars)
        assert (list(result.words), result.language, list(result.degraded)) == ([], "und", [])


def test_an_english_model_rejects_other_languages(engine: WhisperEngine, talk: Recording, bars: Bars) -> None:
    with pytest.raises(EngineUnavailableError, match="'de'"):
        engine.transcribe(replace(talk, language="de"), bars)


def test_a_broken_model_makes_the_engine_unavailable(
    engine: WhisperEngine, talk: Recording, tmp_path: Path, bars: Bars
) -> None:
    (tmp_path / "model.bin").write_bytes(b"no model")
    with pytest.raises(EngineUnavailableError, match="does not load on cpu"):
        tiny(type(engine), model=str(tmp_path)).transcribe(talk, bars)


def test_a_missing_model_makes_the_engine_unavailable(engine: WhisperEngine, talk: Recording, bars: Bars) -> None:
    with pytest.raises(EngineUnavailableError, match=f"no Whisper model 'no-such-model': no model.bin in .*{MODELS}"):
        tiny(type(engine), model="no-such-model").transcribe(talk, bars)


@pytest.mark.parametrize("bleed_db", [20.0, 40.0])
def test_each_word_is_assigned_to_the_microphone_of_its_speaker(
    engine: WhisperEngine, bars: Bars, bleed_db: float
) -> None:
    """Uses the whole sample, because the tiny model was trained on its separate microphones."""
    tracks, truth = two_microphones(bleed_db)
    recording = Recording(tracks[0] + tracks[1], len(tracks[0]) / SAMPLES_PER_S, microphones=silence_crosstalk(tracks))
    words = with_microphones(engine.transcribe(recording, bars).words, recording.microphones)
    assert word_error_rate(texts(truth), texts(words)) <= 0.02
    matched = matches(truth, words)
    correct = sum(true_word.channel == word.channel for true_word, word in matched)
    assert correct >= 0.98 * len(truth)
    assert all(word.speaker == f"SPEAKER_0{word.channel}" for _, word in matched)
    assert len(words) <= len(truth) * 1.01


class FakeMultilingualModel:
    """Stands in for a multilingual faster-whisper model, the smallest of which is too large for tests."""

    model = SimpleNamespace(is_multilingual=True)

    def __init__(self, *detections: dict[str, float]):
        self.detections = iter(detections)
        self.sample_counts: list[int] = []

    def detect_language(self, audio: Any) -> tuple[str, float, list[tuple[str, float]]]:
        self.sample_counts.append(len(audio))
        ranked = sorted(next(self.detections).items(), key=lambda detection: -detection[1])
        return *ranked[0], ranked


def silent_episode(seconds: float) -> Recording:
    return Recording(np.zeros(round(seconds * SAMPLES_PER_S), np.float32), seconds)


def test_a_jingle_in_another_language_does_not_decide_the_language() -> None:
    jingle, talk = {"it": 0.95, "en": 0.05}, {"en": 0.9, "it": 0.1}
    whisper: Any = FakeMultilingualModel(jingle, talk, talk, talk, talk)
    spans = [(float(start), start + 30.0) for start in range(0, 600, 30)]
    assert detect_language(whisper, silent_episode(600), [spans]) == ("en", "73% over 5 places")
    assert whisper.sample_counts == [30 * SAMPLES_PER_S] * 5


def test_the_language_of_a_short_episode_is_detected_where_somebody_speaks() -> None:
    whisper: Any = FakeMultilingualModel({"de": 0.8, "nl": 0.2})
    assert detect_language(whisper, silent_episode(8), [[], [(2.0, 7.0)]][1:]) == ("de", "80% over 1 places")
    assert whisper.sample_counts == [6 * SAMPLES_PER_S]


def test_a_given_language_is_not_detected() -> None:
    whisper: Any = FakeMultilingualModel()
    assert detect_language(whisper, replace(silent_episode(1), language="sv"), [[]]) == ("sv", "given")


@pytest.mark.parametrize(
    ("device", "language", "size"),
    [("cpu", "en", 1), ("cpu", "es", 1), ("cpu", "ko", 1), ("cpu", "ja", 8), ("cpu", "zh", 8), ("cuda", "en", 8)],
)
def test_speech_is_decoded_in_sequence_where_that_is_better(device: str, language: str, size: int) -> None:
    assert default_batch_size(device, language) == size


def test_the_batch_size_is_halved_until_the_batch_fits() -> None:
    sizes = []

    def decode(size: int) -> str:
        sizes.append(size)
        if size > 2:
            raise RuntimeError("CUDA failed with error out of memory")
        return "done"

    assert retry_with_smaller_batches(decode, 8) == ("done", 2)
    assert sizes == [8, 4, 2]


@pytest.mark.parametrize("message", ["CUDA failed with error out of memory", "the driver is too old"])
def test_errors_that_no_smaller_batch_can_avoid_are_raised(message: str) -> None:
    def decode(size: int) -> str:
        raise RuntimeError(message)

    with pytest.raises(RuntimeError, match=message):
        retry_with_smaller_batches(decode, 1 if "memory" in message else 8)
