import numpy as np
import pytest

from clipper_assets.clips.cuts import Span
from clipper_assets.clips.gates.sound import STEP_S, edge_level_db, lateness
from clipper_assets.media.levels import Levels, rms_levels
from clipper_assets_tests.support.media import SAMPLE, sample_words, speech_of

WINDOW_S = 30.0


@pytest.fixture(scope="module")
def episode() -> Levels:
    return rms_levels(speech_of(SAMPLE / "episode.mp4"), STEP_S)


def window(episode: Levels, start_s: float) -> tuple[Levels, list[Span]]:
    """What is heard in thirty seconds of the sample, and the words that are said in them."""
    heard = episode[round(start_s / STEP_S) : round((start_s + WINDOW_S) / STEP_S)]
    words = [(word.start - start_s, word.end - start_s) for word in sample_words()]
    return heard, [(start, end) for start, end in words if start >= 0 and end <= WINDOW_S]


@pytest.mark.parametrize("start_s", range(0, 110, 10))
@pytest.mark.parametrize("late_s", [-1.5, -0.5, 0.0, 0.3])
def test_speech_is_found_where_it_is(episode: Levels, start_s: float, late_s: float) -> None:
    heard, words = window(episode, start_s)
    found = lateness(heard, [(start - late_s, end - late_s) for start, end in words])
    assert found is not None
    assert found[0] == pytest.approx(late_s, abs=0.03)
    assert found[1] > 0.5


def test_noise_as_loud_as_the_speech_hides_nothing_that_pauses_show(episode: Levels) -> None:
    heard, words = window(episode, 40)
    noisy = 10 * np.log10(10 ** (heard / 10) + 10 ** (np.percentile(heard, 80) / 10))
    found = lateness(noisy, words)
    assert found is not None
    assert found[0] == pytest.approx(0, abs=0.1)
    assert found[1] > 0.2


def test_without_pauses_or_words_or_sound_nothing_can_be_told(episode: Levels) -> None:
    heard, words = window(episode, 40)
    assert lateness(heard, []) is None
    assert lateness(heard, [(0, WINDOW_S)]) is None
    assert lateness(np.full_like(heard, -90.0), words) is None


SPEECH = [(1.0, 5.0)]


def edges(first_db: float, last_db: float) -> Levels:
    """Six seconds: speech at -20 dB from 1 to 5 s, and both ends at a level of their own."""
    heard = np.full(600, -70.0)
    heard[100:500], heard[:10], heard[-10:] = -20.0, first_db, last_db
    return heard


def test_the_louder_end_counts() -> None:
    assert edge_level_db(edges(-50, -60), SPEECH, 6) == -30
    assert edge_level_db(edges(-60, -25), SPEECH, 6) == -5


def test_an_end_across_which_speech_goes_on_does_not_count() -> None:
    assert edge_level_db(edges(-20, -60), [(-1.0, -0.05), (0.05, 5.0)], 6) == -40
    assert edge_level_db(edges(-20, -20), [(-1.0, -0.05), (0.05, 5.95), (6.1, 7.0)], 6) is None


def test_silence_has_no_ends() -> None:
    assert edge_level_db(np.full(600, -90.0), [], 6) is None
