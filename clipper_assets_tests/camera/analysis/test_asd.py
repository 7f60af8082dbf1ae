"""LR-ASD: its audio features, and the real network on the sample."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.camera.analysis.asd import lr_asd, mfcc
from clipper_assets.camera.analysis.faces import ultraface
from clipper_assets.camera.analysis.looking import excerpt
from clipper_assets.camera.scene import FPS
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.models.store import verify
from clipper_assets_tests.camera.sample import MODELS, needs_models, sample_speech
from clipper_assets_tests.support.media import SAMPLE, source_of
from clipper_assets_tests.support.pictures import grey_pictures

FIRST = [21.404, 1.028, -22.609, 19.746, 49.076, -8.129, -67.177, -46.528, -6.947, -13.18, -24.326, -8.577, 3.208]
LAST = [22.22, -7.786, -7.724, 47.369, -17.501, -7.926, 30.042, -34.033, -18.087, 9.196, -37.73, -15.775, 0.973]
"""First and last row for `chirps` as 16 bit, by mfcc(..., numcep=13, winlen=0.025, winstep=0.010) of
python_speech_features 0.6."""


def chirps() -> Samples:
    """A tenth of a second of a falling tone and a rising one."""
    times = np.arange(1600) / SPEECH_RATE_HZ
    low = 0.3 * np.sin(2 * np.pi * (300 - 500 * times) * times)
    return (low + 0.2 * np.sin(2 * np.pi * (1500 + 9000 * times) * times)).astype(np.float32)


def test_the_coefficients_equal_those_of_python_speech_features() -> None:
    coefficients = mfcc(chirps())
    assert coefficients.shape == (9, 13)
    assert coefficients[0] == pytest.approx(FIRST, abs=0.02)
    assert coefficients[-1] == pytest.approx(LAST, abs=0.02)


@settings(deadline=None)
@given(st.integers(1, 3000), st.floats(0, 1, width=32))
def test_there_are_a_hundred_finite_rows_of_coefficients_a_second(samples: int, level: float) -> None:
    coefficients = mfcc(np.full(samples, level, np.float32))
    assert coefficients.shape == (1 + max(int(np.ceil((samples - 400) / 160)), 0), 13)
    assert np.isfinite(coefficients).all()


@needs_models
def test_the_speaking_face_has_the_higher_score() -> None:
    score = lr_asd(verify("lr-asd-frontend", MODELS), verify("lr-asd-backend", MODELS))
    file, start_s = SAMPLE / "episode.mp4", 12.0
    pictures = list(grey_pictures(f"file:{file}", source_of(file), start_s, start_s + 2))
    boxes = ultraface(verify("ultraface-rfb-320", MODELS)).find(pictures[0])
    faces = boxes[np.argsort(boxes[:, 0])]
    host, guest = (excerpt(pictures, np.tile(face, (len(pictures), 1))) for face in faces)
    sound = sample_speech()[round(start_s * SPEECH_RATE_HZ) :][: 2 * SPEECH_RATE_HZ]
    speaking, listening = (score(face.lips, sound) for face in (host, guest))
    assert speaking.shape == listening.shape == (2 * FPS,)
    assert speaking.mean() > 1
    assert listening.mean() < 0.5
    # Sound that ends early is not an error.
    assert score(host.lips, sound[:100]).shape == (2 * FPS,)
