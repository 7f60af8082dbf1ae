import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from clipper_assets.runtime.progress import Stage
from clipper_assets.settings import EngineName, Settings
from clipper_assets.transcript.aligners.auto import Aligners
from clipper_assets.transcript.engines.auto import ENGINES, Engines
from clipper_assets.transcript.engines.base import Engine, EngineUnavailableError, Heard, Recording
from clipper_assets.transcript.engines.faster_whisper import FasterWhisper
from clipper_assets.transcript.engines.pocketsphinx import PocketSphinx
from clipper_assets.transcript.engines.transcript_file import TranscriptFile
from clipper_assets.transcript.engines.whisperx import WhisperX
from clipper_assets_tests.transcript.conftest import Bars


def engines(whisper: str) -> Engines:
    return Engines(
        [
            TranscriptFile(aligners=Aligners()),
            WhisperX(model="no-such-model", aligners=Aligners()),
            FasterWhisper(model=whisper, beam_size=1, aligners=Aligners()),
            PocketSphinx(),
        ]
    )


@pytest.fixture
def short(talk: Recording) -> Recording:
    return Recording(talk.speech[: 16_000 * 6], 6.0)


def test_the_best_that_can_run_is_taken(short: Recording, whisper_model: Path, tmp_path: Path) -> None:
    subtitle = tmp_path / "talk.srt"
    subtitle.write_text("1\n00:00:00,800 --> 00:00:01,500\nWelcome back\n")
    best = engines(str(whisper_model)).transcribe(EngineName.auto, replace(short, transcript_file=subtitle), Bars())
    assert (best.engine, best.passed_over) == ("transcript_file", [])
    assert len(best.heard.words) == 2

    subtitle.write_text("nothing")
    next_best = engines(str(whisper_model)).transcribe(
        EngineName.auto, replace(short, transcript_file=subtitle), Bars()
    )
    assert next_best.engine == "faster_whisper"
    assert [reason.split(":")[0] for reason in next_best.passed_over] == ["transcript_file", "whisperx"]
    assert "talk.srt" in next_best.passed_over[0]
    assert next_best.heard.degraded[0].reason.startswith("the transcript was not used: talk.srt ")

    last = engines("no-such-model").transcribe(EngineName.auto, short, Bars())
    assert last.engine == "pocketsphinx"
    assert len(last.passed_over) == 3
    assert len(last.heard.degraded) == 1


@pytest.mark.parametrize("name", [EngineName.transcript_file, EngineName.faster_whisper])
def test_an_engine_that_was_asked_for_is_not_replaced(short: Recording, name: EngineName) -> None:
    with pytest.raises(EngineUnavailableError, match=name):
        engines("no-such-model").transcribe(name, short, Bars())


def test_an_engine_that_was_asked_for_is_taken(short: Recording, whisper_model: Path) -> None:
    result = engines(str(whisper_model)).transcribe(EngineName.pocketsphinx, short, Bars())
    assert (result.engine, result.passed_over) == ("pocketsphinx", [])


def test_no_engine_for_the_language_names_every_reason(short: Recording) -> None:
    with pytest.raises(EngineUnavailableError) as caught:
        engines("no-such-model").transcribe(EngineName.auto, replace(short, language="de"), Bars())
    assert all(name in str(caught.value) for name in ("transcript_file", "whisperx", "faster_whisper", "pocketsphinx"))


class Echo(Engine):
    """An engine of this test."""

    name = "echo"
    model: str

    @classmethod
    def configured(cls, settings: Settings) -> "Echo":
        return cls(model=settings.whisper_model)

    def transcribe(self, recording: Recording, stage: Stage) -> Heard:
        return Heard([], recording.language or "en", self.model, {})


def test_an_engine_is_added_by_its_module_and_its_name(short: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("clipper_assets.transcript.engines.echo")
    vars(module).update(Engine=Engine, Echo=Echo)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    configured = Engines.configured(Settings(whisper_model="no-such-model"), [*ENGINES, "echo"])
    result = configured.transcribe("echo", short, Bars())
    assert (result.engine, result.heard.model, result.passed_over) == ("echo", "no-such-model", [])
    names = [engine.name for engine in Engines.configured(Settings()).engines]
    assert names == ["transcript_file", "whisperx", "faster_whisper", "pocketsphinx"]
