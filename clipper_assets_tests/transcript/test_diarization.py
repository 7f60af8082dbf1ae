from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from clipper_assets.setting_types import Device
from clipper_assets.shows.speech_options import SpeakerCount
from clipper_assets.transcript import diarization
from clipper_assets.transcript.diarization import Diarization, Diarizer
from clipper_assets.transcript.engines.base import Recording
from clipper_assets.transcript.words import Word
from clipper_assets_tests.transcript.conftest import Bars

GATED = "them/speaker-diarization"


def without_speakers(truth: list[Word]) -> list[Word]:
    return [replace(word, speaker=None) for word in truth]


def test_known_speakers_are_not_diarized(talk: Recording, truth: list[Word], bars: Bars) -> None:
    diarizer = Diarizer(model=GATED)
    assert diarizer.diarize(truth, talk, None, bars) == Diarization(truth, "known from the transcript")
    microphones = replace(talk, microphones=[talk.speech, talk.speech])
    unnamed = without_speakers(truth)
    assert diarizer.diarize(unnamed, microphones, None, bars) == Diarization(unnamed, "known from the microphones")
    assert diarizer.diarize([], talk, None, bars) == Diarization([], "no words")
    assert bars.stages == {}


@pytest.mark.parametrize(
    ("model", "installed", "reason"),
    [
        (GATED, False, "WhisperX is not installed; pip install"),
        (
            GATED,
            True,
            f"there is no diarization model '{GATED}': no config.yaml in {GATED}",
        ),
    ],
)
def test_diarization_that_is_not_available_gives_the_reason(
    talk: Recording,
    truth: list[Word],
    bars: Bars,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    installed: bool,
    reason: str,
) -> None:
    monkeypatch.setattr(diarization, "whisperx_installed", lambda: installed)
    result = Diarizer(model=model).diarize(without_speakers(truth), talk, None, bars)
    assert result.words == without_speakers(truth)
    assert result.how.startswith(f"off: {reason}")
    (fallback,) = result.degraded
    assert fallback.step == "aligned_transcript"
    assert fallback.reason.startswith(f"the words have no speakers: {reason}")
    assert "\n" not in fallback.reason


def test_diarization_that_a_person_switched_off_is_no_fallback(talk: Recording, truth: list[Word], bars: Bars) -> None:
    words = without_speakers(truth)
    off = Diarizer(model="off").diarize(words, talk, None, bars)
    assert off == Diarization(words, "off: CLIPPER_DIARIZATION_MODEL is `off`")


def test_the_reason_does_not_contain_the_hub_token(
    talk: Recording, truth: list[Word], bars: Bars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diarization, "whisperx_installed", lambda: True)
    monkeypatch.setenv("HF_TOKEN", "hf_5ec2e7")
    result = Diarizer(model=GATED).diarize(without_speakers(truth), talk, None, bars)
    assert "HF_HUB_OFFLINE" in result.how
    assert "5ec2e7" not in str(result)


@pytest.mark.parametrize(
    ("speakers", "least", "most"), [(None, None, None), (1, 1, 1), (50, 50, 50), ((2, 4), 2, 4)], ids=str
)
def test_the_pipeline_is_told_how_many_people_speak(
    truth: list[Word],
    talk: Recording,
    bars: Bars,
    monkeypatch: pytest.MonkeyPatch,
    speakers: SpeakerCount | None,
    least: int | None,
    most: int | None,
) -> None:
    """pyannote takes equal limits as the number (`set_num_speakers` in its pipelines/utils/diarization.py)."""
    pipeline = Mock()
    monkeypatch.setattr(Diarizer, "_load", lambda _: pipeline)
    monkeypatch.setattr(diarization, "assign_speakers", lambda words, _: words)
    pipeline.return_value = {"speaker": Mock(nunique=Mock(return_value=2))}
    Diarizer(model=GATED).diarize(without_speakers(truth), talk, speakers, bars)
    options = pipeline.call_args.kwargs
    assert (options["min_speakers"], options["max_speakers"]) == (least, most)


@pytest.mark.whisperx
def test_two_voices_get_two_speakers(talk: Recording, truth: list[Word], bars: Bars, tmp_path: Path) -> None:
    """Runs the real pipeline. Measured: 199 of 199 words are right."""
    from clipper_assets_tests.transcript.make_diarizer import make_diarizer

    make_diarizer(tmp_path / "speaker-diarization")
    diarizer = Diarizer(model=GATED, models_dir=str(tmp_path), device=Device.cpu)
    result = diarizer.diarize(without_speakers(truth), talk, 2, bars)
    words = result.words
    assert (result.how, result.degraded) == (f"detected by {GATED}: 2 voices", ())
    names = {"slt": words[0].speaker, "rms": words[18].speaker}
    assert set(names.values()) == {"SPEAKER_00", "SPEAKER_01"}
    right = sum(word.speaker == names[str(true_word.speaker)] for word, true_word in zip(words, truth, strict=True))
    assert right >= 0.98 * len(truth)
    assert [word.text for word in words] == [word.text for word in truth]


@pytest.mark.whisperx
def test_a_pipeline_that_does_not_load_gives_the_reason(
    talk: Recording, truth: list[Word], bars: Bars, tmp_path: Path
) -> None:
    (tmp_path / "config.yaml").write_text("pipeline: {name: pyannote.audio.pipelines.NoSuchPipeline}\n")
    diarizer = Diarizer(model=str(tmp_path), device=Device.cpu)
    result = diarizer.diarize(without_speakers(truth), talk, None, bars)
    assert result.words == without_speakers(truth)
    assert result.how.startswith(f"off: the diarization model '{tmp_path}' does not load")
