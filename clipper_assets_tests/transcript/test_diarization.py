from dataclasses import replace
from pathlib import Path

import pytest

from clipper_assets.settings import Device
from clipper_assets.transcript import diarization
from clipper_assets.transcript.diarization import Diarizer
from clipper_assets.transcript.engines.base import Recording
from clipper_assets.transcript.words import Word
from clipper_assets_tests.transcript.conftest import Bars

GATED = "them/speaker-diarization"


def unnamed(truth: list[Word]) -> list[Word]:
    return [replace(word, speaker=None) for word in truth]


def test_who_is_known_already_is_not_asked(talk: Recording, truth: list[Word], bars: Bars) -> None:
    known, why = Diarizer(model=GATED).diarize(truth, talk, None, bars)
    assert (known, why) == (truth, "told by the transcript")
    microphones = replace(talk, microphones=[talk.speech, talk.speech])
    assert Diarizer(model=GATED).diarize(unnamed(truth), microphones, None, bars)[1] == "told by the microphones"
    assert Diarizer(model=GATED).diarize([], talk, None, bars) == ([], "nobody speaks")
    assert bars.stages == {}


@pytest.mark.parametrize(
    ("model", "installed", "said"),
    [
        ("off", True, "off: CLIPPER_DIARIZATION_MODEL is `off`"),
        (GATED, False, "off: WhisperX is not installed; pip install"),
        (
            GATED,
            True,
            f"off: there is no diarization model '{GATED}': no config.yaml in {GATED} or the hub's cache",
        ),
    ],
)
def test_it_is_off_with_a_reason(
    talk: Recording,
    truth: list[Word],
    bars: Bars,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    installed: bool,
    said: str,
) -> None:
    monkeypatch.setattr(diarization, "whisperx_installed", lambda: installed)
    words, why = Diarizer(model=model).diarize(unnamed(truth), talk, None, bars)
    assert words == unnamed(truth)
    assert why.startswith(said)
    assert "\n" not in why


def test_a_token_that_the_hub_cannot_check_is_not_in_the_reason(
    talk: Recording, truth: list[Word], bars: Bars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diarization, "whisperx_installed", lambda: True)
    monkeypatch.setenv("HF_TOKEN", "hf_5ec2e7")
    _, why = Diarizer(model=GATED).diarize(unnamed(truth), talk, None, bars)
    assert "HF_HUB_OFFLINE" in why
    assert "5ec2e7" not in why


@pytest.mark.whisperx
def test_two_voices_are_told_apart(talk: Recording, truth: list[Word], bars: Bars, tmp_path: Path) -> None:
    """The real pipeline; measured: 199 of 199 words."""
    from clipper_assets_tests.transcript.make_diarizer import make_diarizer

    make_diarizer(tmp_path / "speaker-diarization")
    diarizer = Diarizer(model=GATED, models_dir=str(tmp_path), device=Device.cpu)
    words, why = diarizer.diarize(unnamed(truth), talk, 2, bars)
    assert why == f"told by {GATED}: 2 voices"
    names = {"slt": words[0].speaker, "rms": words[18].speaker}
    assert set(names.values()) == {"SPEAKER_00", "SPEAKER_01"}
    right = sum(word.speaker == names[str(said.speaker)] for word, said in zip(words, truth, strict=True))
    assert right >= 0.98 * len(truth)
    assert [word.text for word in words] == [word.text for word in truth]


@pytest.mark.whisperx
def test_a_broken_pipeline_is_off_with_a_reason(talk: Recording, truth: list[Word], bars: Bars, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("pipeline: {name: pyannote.audio.pipelines.NoSuchPipeline}\n")
    words, why = Diarizer(model=str(tmp_path), device=Device.cpu).diarize(unnamed(truth), talk, None, bars)
    assert words == unnamed(truth)
    assert why.startswith(f"off: the diarization model '{tmp_path}' does not load")
