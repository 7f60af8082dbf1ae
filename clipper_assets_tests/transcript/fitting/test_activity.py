import numpy as np
import pytest

from clipper_assets.transcript.engines.base import Recording
from clipper_assets.transcript.fitting import activity
from clipper_assets.transcript.fitting.activity import activity_fit
from clipper_assets.transcript.fitting.text import tokens_of
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.transcript_files import Cue, CueWord


def turns(seed: int, duration_s: float = 180.0) -> list[Span]:
    """Stretches of speech of 1 to 5 s with pauses of 0.3 to 2 s."""
    generator = np.random.default_rng(seed)
    spans, at_s = list[Span](), 0.0
    while at_s < duration_s:
        end_s = at_s + generator.uniform(1, 5)
        spans.append((at_s, end_s))
        at_s = end_s + generator.uniform(0.3, 2)
    return spans


def offset(monkeypatch: pytest.MonkeyPatch, spoken: list[Span], cues: list[Cue]) -> float | None:
    monkeypatch.setattr(activity, "speech_spans", lambda speech, pad_ms: spoken)
    fit = activity_fit(Recording(np.zeros(0, np.float32), 180.0), cues, tokens_of(cues, "es"))
    return fit.offset_s if fit else None


@pytest.mark.parametrize("late_s", [-40.0, -3.0, 0.0, 20.0, 60.0])
def test_the_offset_at_which_cues_and_speech_agree_is_found(monkeypatch: pytest.MonkeyPatch, late_s: float) -> None:
    spoken = turns(1)
    cues = [Cue([CueWord("hola")], (start + late_s, end + late_s)) for start, end in spoken if start + late_s >= 0]
    assert offset(monkeypatch, spoken, cues) == pytest.approx(-late_s, abs=0.15)


@pytest.mark.parametrize("seed", [2, 3, 4, 5])
def test_cues_of_another_recording_and_cues_without_pauses_have_no_offset(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    assert offset(monkeypatch, turns(1), [Cue([CueWord("hola")], span) for span in turns(seed)]) is None
    abutting = [Cue([CueWord("hola")], (float(start), start + 4.0)) for start in range(0, 180, 4)]
    assert offset(monkeypatch, turns(1), abutting) is None
