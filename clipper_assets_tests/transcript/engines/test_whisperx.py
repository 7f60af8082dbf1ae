import numpy as np
import pytest

from clipper_assets.transcript.engines import whisperx
from clipper_assets.transcript.engines.base import EngineUnavailableError, Recording
from clipper_assets.transcript.engines.whisperx import WhisperX, words_of

# The shape that whisperx.align 3.8.6 returns: numpy times, words without times, a segment without words.
ALIGNED = {
    "segments": [
        {
            "start": np.float64(0.8),
            "end": np.float64(2.0),
            "text": " It cost $5, then.",
            "words": [
                {"word": "It", "start": np.float64(0.8), "end": np.float64(0.9), "score": np.float64(0.93)},
                {"word": "cost", "start": np.float64(0.9), "end": np.float64(1.2), "score": np.float64(0.8)},
                {"word": "$5,"},
                {"word": "then.", "start": np.float64(1.6), "end": np.float64(2.0), "score": np.float64(0.7)},
            ],
        },
        {"start": np.float64(2.5), "end": np.float64(4.2), "text": " Not aligned", "words": []},
    ],
    "word_segments": [],
}


def test_no_word_vanishes_and_times_are_inside_the_episode() -> None:
    words = words_of(ALIGNED, duration_s=4.0)
    assert [word.text for word in words] == ["It", "cost", "$5,", "then.", "Not", "aligned"]
    assert [word.timing for word in words] == ["aligned"] * 2 + [
        "interpolated",
        "aligned",
        "interpolated",
        "interpolated",
    ]
    assert (words[2].start, words[2].end) == (1.2, 1.6)
    assert words[0].confidence == pytest.approx(0.93)
    assert words[2].confidence is None
    assert words[-1].end == 4.0
    assert [word.segment for word in words] == [0, 0, 0, 0, 1, 1]


def test_silence_has_no_words() -> None:
    assert words_of({"segments": [], "word_segments": []}, duration_s=4.0) == []


def test_without_whisperx_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whisperx, "find_spec", lambda name: None)
    with pytest.raises(EngineUnavailableError, match="pip install"):
        WhisperX().transcribe(Recording(np.zeros(16_000, np.float32), 1.0), lambda share: None)
