import numpy as np
import pytest

from clipper_assets.clips.cuts import Span
from clipper_assets.clips.gates.sound import STEP_S, edge_level_db, speech_delay
from clipper_assets.media.levels import Levels, rms_levels
from clipper_assets_tests.support.media import SAMPLE, sample_words, speech_of

WINDOW_S = 30.0


@pytest.fixture(scope="module")
def episode() -> Levels:
    return rms_levels(speech_of(SAMPLE / "episode.mp4"), STEP_S)


def window(episode: Levels, start_s: float) -> tuple[Levels, list[Span]]:
    """Levels of thirty seconds of the sample, and the words spoken in them."""
    levels = episode[round(start_s / STEP_S) : round((start_s + WINDOW_S) / STEP_S)]
    words = [(word.start - start_s, word.end - start_s) for word in sample_words()]
    return levels, [(start, end) for start, end in words if start >= 0 and end <= WINDOW_S]


@pytest.mark.parametrize("start_s", range(0, 110, 10))
@pytest.mark.parametrize("delay_s", [-1.5, -0.5, 0.0, 0.3])
def test_the_delay_of_speech_is_measured_within_30_ms(episode: Levels, start_s: float, delay_s: float) -> None:
    levels, words = window(episode, start_s)
    result = speech_delay(levels, [(start - delay_s, end - delay_s) for start, end in words])
    assert result is not None
    assert result[0] == pytest.approx(delay_s, abs=0.03)
    assert result[1] > 0.5


def test_speech_is_found_under_noise_that_is_as_loud(episode: Levels) -> None:
    levels, words = window(episode, 40)
    noisy = 10 * np.log10(10 ** (levels / 10) + 10 ** (np.percentile(levels, 80) / 10))
    result = speech_delay(noisy, words)
    assert result is not None
    assert result[0] == pytest.approx(0, abs=0.1)
    assert result[1] > 0.2


def test_the_delay_is_none_without_words_pauses_or_sound(episode: Levels) -> None:
    levels, words = window(episode, 40)
    assert speech_delay(levels, []) is None
    assert speech_delay(levels, [(0, WINDOW_S)]) is None
    assert speech_delay(np.full_like(levels, -90.0), words) is None


SPEECH = [(1.0, 5.0)]


def edges(start_db: float, end_db: float) -> Levels:
    """Levels of six seconds: speech at -20 dB from 1 to 5 s, and the given levels at the start and the end."""
    levels = np.full(600, -70.0)
    levels[100:500], levels[:10], levels[-10:] = -20.0, start_db, end_db
    return levels


def test_the_louder_of_start_and_end_is_measured() -> None:
    assert edge_level_db(edges(-50, -60), SPEECH, 6) == -30
    assert edge_level_db(edges(-60, -25), SPEECH, 6) == -5


def test_a_start_or_end_across_which_speech_continues_is_not_measured() -> None:
    assert edge_level_db(edges(-20, -60), [(-1.0, -0.05), (0.05, 5.0)], 6) == -40
    assert edge_level_db(edges(-20, -20), [(-1.0, -0.05), (0.05, 5.95), (6.1, 7.0)], 6) is None


def test_a_silent_clip_has_no_edge_level() -> None:
    assert edge_level_db(np.full(600, -90.0), [], 6) is None
