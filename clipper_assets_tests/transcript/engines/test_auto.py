import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from clipper_assets.runtime.progress import Stage
from clipper_assets.setting_types import EngineName
from clipper_assets.settings import Settings
from clipper_assets.transcript.aligners.auto import Aligners
from clipper_assets.transcript.engines.auto import ENGINES, Engines
from clipper_assets.transcript.engines.base import Engine, EngineResult, EngineUnavailableError, Recording
from clipper_assets.transcript.engines.faster_whisper import FasterWhisper
from clipper_assets.transcript.engines.transcript_file import TranscriptFile
from clipper_assets.transcript.engines.whisperx import WhisperX
from clipper_assets_tests.transcript.conftest import Bars


def engines(faster_whisper_model: str) -> Engines:
    return Engines(
        [
            TranscriptFile(aligners=Aligners()),
            WhisperX(model="no-such-model", aligners=Aligners()),
            FasterWhisper(model=faster_whisper_model, beam_size=1, batch_size=8, aligners=Aligners()),
        ]
    )


@pytest.fixture
def short_recording(talk: Recording) -> Recording:
    return Recording(talk.speech[: 16_000 * 6], 6.0)


def test_auto_uses_the_first_engine_that_can_run_and_says_why_the_others_cannot(
    short_recording: Recording, whisper_model: Path, tmp_path: Path
) -> None:
    subtitle = tmp_path / "talk.srt"
    subtitle.write_text("1\n00:00:00,800 --> 00:00:01,500\nWelcome back\n")
    first = engines(str(whisper_model)).transcribe(
        EngineName.auto, replace(short_recording, transcript_file=subtitle), Bars()
    )
    assert (first.engine, first.passed_over) == ("transcript_file", [])
    assert len(first.result.words) == 2

    subtitle.write_text("nothing")
    second = engines(str(whisper_model)).transcribe(
        EngineName.auto, replace(short_recording, transcript_file=subtitle), Bars()
    )
    assert second.engine == "faster_whisper"
    assert [reason.split(":")[0] for reason in second.passed_over] == ["transcript_file", "whisperx"]
    assert "talk.srt" in second.passed_over[0]
    assert second.result.degraded[0].reason.startswith("the transcript was not used: talk.srt ")


@pytest.mark.parametrize("name", [EngineName.transcript_file, EngineName.faster_whisper])
def test_a_requested_engine_that_cannot_run_is_not_replaced_by_another(
    short_recording: Recording, name: EngineName
) -> None:
    reason = {"transcript_file": "no transcript lies beside", "faster_whisper": "no Whisper model 'no-such-model'"}[
        name
    ]
    with pytest.raises(EngineUnavailableError, match=reason):
        engines("no-such-model").transcribe(name, short_recording, Bars())


def test_a_requested_engine_is_used_even_if_a_better_one_can_run(
    short_recording: Recording, whisper_model: Path, tmp_path: Path
) -> None:
    subtitle = tmp_path / "talk.srt"
    subtitle.write_text("1\n00:00:00,800 --> 00:00:01,500\nWelcome back\n")
    recording = replace(short_recording, transcript_file=subtitle)
    transcription = engines(str(whisper_model)).transcribe(EngineName.faster_whisper, recording, Bars())
    assert (transcription.engine, transcription.passed_over) == ("faster_whisper", [])


@pytest.mark.parametrize("transcript", [None, "nothing"])
def test_if_no_engine_can_run_the_error_says_how_to_get_a_model(
    short_recording: Recording, transcript: str | None, tmp_path: Path
) -> None:
    recording = short_recording
    if transcript:
        (tmp_path / "talk.srt").write_text(transcript)
        recording = replace(recording, transcript_file=tmp_path / "talk.srt")
    with pytest.raises(EngineUnavailableError) as caught:
        engines("auto").transcribe(EngineName.auto, recording, Bars())
    sentence = str(caught.value)
    assert ("the transcript was not used: talk.srt" in sentence) is bool(transcript)
    assert "no Whisper model is on this machine and none can be fetched (HF_HUB_OFFLINE is set; pip cannot" in sentence
    assert "run `clipper models fetch base` on a connected machine" in sentence
    assert "whisperx" not in sentence.lower()


class Echo(Engine):
    """An engine that recognises no words."""

    name = "echo"
    model: str

    @classmethod
    def configured(cls, settings: Settings) -> "Echo":
        return cls(model=settings.whisper_model)

    def transcribe(self, recording: Recording, stage: Stage) -> EngineResult:
        return EngineResult([], recording.language or "en", self.model, {})


def test_a_new_engine_needs_only_a_module_and_a_name(
    short_recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("clipper_assets.transcript.engines.echo")
    vars(module).update(Engine=Engine, Echo=Echo)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    configured = Engines.configured(Settings(whisper_model="no-such-model"), [*ENGINES, "echo"])
    transcription = configured.transcribe("echo", short_recording, Bars())
    assert (transcription.engine, transcription.result.model, transcription.passed_over) == (
        "echo",
        "no-such-model",
        [],
    )
    names = [engine.name for engine in Engines.configured(Settings()).engines]
    assert names == ["transcript_file", "whisperx", "faster_whisper"]
