import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.media.levels import rms_levels
from clipper_assets.media.speech import SPEECH_RATE_HZ


@given(level=st.floats(-60, 0), rate=st.integers(1, 9))
def test_levels_are_the_root_mean_square_in_decibels(level: float, rate: int) -> None:
    times = np.arange(SPEECH_RATE_HZ) / SPEECH_RATE_HZ
    tone = (np.sqrt(2) * 10 ** (level / 20) * np.sin(2 * np.pi * 100 * rate * times)).astype(np.float32)
    levels = rms_levels(tone, 0.01)
    assert levels == pytest.approx(level, abs=0.01)
    assert len(levels) == 100
