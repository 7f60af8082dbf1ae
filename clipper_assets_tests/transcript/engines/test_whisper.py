"""Both Whisper engines by the same rules: `faster_whisper` here, `whisperx` too where it is installed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from clipper_assets.settings import Device
from clipper_assets.transcript.aligners.auto import Aligners
from clipper_assets.transcript.crosstalk import isolated
from clipper_assets.transcript.engines.auto import on_microphones
from clipper_assets.transcript.engines.base import EngineUnavailableError, Recording
from clipper_assets.transcript.engines.faster_whisper import FasterWhisper
from clipper_assets.transcript.engines.whisper import WhisperEngine, detect_language, smaller_batches
from clipper_assets.transcript.engines.whisperx import WhisperX
from clipper_assets.transcript.words import Word
from clipper_assets_tests.support.media import two_microphones
from clipper_assets_tests.transcript.conftest import MODELS, Bars
from clipper_assets_tests.transcript.scoring import matches, start_errors, word_error_rate

SAMPLES_PER_S = 16_000


@pytest.fixture(params=[FasterWhisper, pytest.param(WhisperX, marks=pytest.mark.whisperx)])
def engine(request: pytest.FixtureRequest) -> WhisperEngine:
    kind: type[WhisperEngine] = request.param
    return tiny(kind)


def tiny(kind: type[WhisperEngine], **changes: Any) -> WhisperEngine:
    """The engine on the tiny models, which need a beam of one."""
    models: dict[str, Any] = {"models_dir": str(MODELS), "device": Device.cpu}
    wanted = {"aligners": Aligners(model="wav2vec2_tiny_sample", **models), "beam_size": 1, **models}
    return kind(**{"model": "whisper_tiny_sample", **wanted, **changes})


def texts(words: Sequence[Word]) -> list[str]:
    return [word.text for word in words]


def test_the_talk_is_heard(engine: WhisperEngine, talk: Recording, truth: list[Word], bars: Bars) -> None:
    """Measured: no word error; starts off by 15 ms in the median, 30 ms at p95, 38 ms at most with wav2vec2, by 9 ms,
    30 ms and 116 ms with PocketSphinx, which aligns where WhisperX is not installed.
    """
    heard = engine.transcribe(talk, bars)
    assert texts(heard.words) == texts(truth)
    assert word_error_rate(texts(truth), texts(heard.words)) == 0.0
    errors = start_errors(truth, heard.words)
    assert np.median(errors) <= 0.025
    assert np.quantile(errors, 0.95) <= 0.12
    assert errors.max() < 0.2
    numerals = [n for n, word in enumerate(truth) if word.text.isdigit()]
    assert [truth[n].text for n in numerals] == ["2019", "300"]
    assert max(abs(heard.words[n].start - truth[n].start) for n in numerals) <= 0.12
    assert max(abs(heard.words[n].end - truth[n].end) for n in numerals) <= 0.12
    assert {word.timing for word in heard.words} == {"aligned"}
    assert {word.doubt for word in heard.words} == {None}
    assert all(word.confidence and 0 < word.confidence <= 1 for word in heard.words)
    assert (heard.language, heard.facts["device"], heard.facts["compute_type"]) == ("en", "cpu", "int8")
    assert heard.degraded == []
    assert set(heard.stages_s) == {"load", "find speech", "transcribe", "load aligner", "align"}
    assert set(bars.stages) == {"transcribing", "aligning"}


def test_silence_and_noise_have_no_words(engine: WhisperEngine, bars: Bars) -> None:
    noise = np.random.default_rng(7).normal(0, 0.05, 5 * SAMPLES_PER_S)
    for speech in (np.zeros(5 * SAMPLES_PER_S), noise):
        heard = engine.transcribe(Recording(speech.astype(np.float32), 5.0), bars)
        assert (list(heard.words), heard.language, list(heard.degraded)) == ([], "und", [])


def test_an_english_model_refuses_other_languages(engine: WhisperEngine, talk: Recording, bars: Bars) -> None:
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
def test_each_microphone_is_heard_on_its_own(engine: WhisperEngine, bars: Bars, bleed_db: float) -> None:
    """The whole sample, which the tiny model knows as one microphone hears it."""
    tracks, truth = two_microphones(bleed_db)
    recording = Recording(tracks[0] + tracks[1], len(tracks[0]) / SAMPLES_PER_S, microphones=isolated(tracks))
    words = on_microphones(engine.transcribe(recording, bars).words, recording.microphones)
    assert word_error_rate(texts(truth), texts(words)) <= 0.02
    matched = matches(truth, words)
    right = sum(said.channel == heard.channel for said, heard in matched)
    assert right >= 0.98 * len(truth)
    assert all(heard.speaker == f"SPEAKER_0{heard.channel}" for _, heard in matched)
    assert len(words) <= len(truth) * 1.01


class Multilingual:
    """As much of faster-whisper's model as the detection of a language asks for; no such model is small enough."""

    model = SimpleNamespace(is_multilingual=True)

    def __init__(self, *answers: dict[str, float]):
        self.answers = iter(answers)
        self.heard: list[int] = []

    def detect_language(self, audio: Any) -> tuple[str, float, list[tuple[str, float]]]:
        self.heard.append(len(audio))
        ranked = sorted(next(self.answers).items(), key=lambda answer: -answer[1])
        return *ranked[0], ranked


def episode(seconds: float) -> Recording:
    return Recording(np.zeros(round(seconds * SAMPLES_PER_S), np.float32), seconds)


def test_a_foreign_beginning_does_not_decide_for_the_episode() -> None:
    jingle, talk = {"it": 0.95, "en": 0.05}, {"en": 0.9, "it": 0.1}
    whisper: Any = Multilingual(jingle, talk, talk, talk, talk)
    spans = [(float(start), start + 30.0) for start in range(0, 600, 30)]
    assert detect_language(whisper, episode(600), [spans]) == ("en", "73% over 5 places")
    assert whisper.heard == [30 * SAMPLES_PER_S] * 5


def test_a_short_episode_is_listened_to_where_somebody_speaks() -> None:
    whisper: Any = Multilingual({"de": 0.8, "nl": 0.2})
    assert detect_language(whisper, episode(8), [[], [(2.0, 7.0)]][1:]) == ("de", "80% over 1 places")
    assert whisper.heard == [6 * SAMPLES_PER_S]


def test_the_language_that_is_given_is_taken() -> None:
    whisper: Any = Multilingual()
    assert detect_language(whisper, replace(episode(1), language="sv"), [[]]) == ("sv", "given")


def test_a_batch_is_halved_until_it_fits() -> None:
    tried = []

    def decode(size: int) -> str:
        tried.append(size)
        if size > 2:
            raise RuntimeError("CUDA failed with error out of memory")
        return "done"

    assert smaller_batches(decode, 8) == ("done", 2)
    assert tried == [8, 4, 2]


@pytest.mark.parametrize("message", ["CUDA failed with error out of memory", "the driver is too old"])
def test_what_no_smaller_batch_can_help_is_an_error(message: str) -> None:
    def decode(size: int) -> str:
        raise RuntimeError(message)

    with pytest.raises(RuntimeError, match=message):
        smaller_batches(decode, 1 if "memory" in message else 8)
