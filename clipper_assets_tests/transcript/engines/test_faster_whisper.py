from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from faster_whisper.transcribe import Segment
from faster_whisper.transcribe import Word as HeardWord

from clipper_assets.transcript.engines.base import EngineUnavailableError, Recording
from clipper_assets.transcript.engines.faster_whisper import (
    CHUNK_S,
    FasterWhisper,
    realigned,
    repetitions,
    segment_words,
    speech_chunks,
)
from clipper_assets.transcript.timing import MAX_WORD_S
from clipper_assets.transcript.words import Word
from clipper_assets_tests.transcript.scoring import start_errors, word_error_rate


def decoded(
    at: float, *words: str, silence: float = 0.0, log_probability: float = -0.2, compression: float = 1.5
) -> Segment:
    """What faster-whisper decodes of the chunk that begins at second `at`, a second per word."""
    heard = [HeardWord(at + n, at + n + 1, text, 0.5) for n, text in enumerate(words)]
    end = at + len(words)
    return Segment(
        0, int(at * 100), at, end, "".join(words), [], log_probability, compression, silence, heard, temperature=0.0
    )


def test_the_talk_is_heard(talk: Recording, truth: list[Word], whisper_model: Path) -> None:
    """Measured: no word error; starts off by 10 ms in the median, 29 ms at p90, 173 ms at most."""
    shares: list[float] = []
    heard = FasterWhisper(model=str(whisper_model), beam_size=1).transcribe(talk, shares.append)
    assert word_error_rate([word.text for word in truth], [word.text for word in heard.words]) == 0.0
    assert [word.text for word in heard.words] == [word.text for word in truth]
    errors = start_errors(truth, heard.words)
    assert np.median(errors) < 0.02
    assert np.quantile(errors, 0.9) < 0.05
    assert errors.max() < 0.3
    assert heard.language == "en"
    assert all(word.confidence and 0 < word.confidence <= 1 for word in heard.words)
    assert set(heard.stages_s) == {"load", "transcribe", "align"}
    assert heard.degraded == []
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_silence_has_no_words(whisper_model: Path) -> None:
    silence = Recording(np.zeros(16_000 * 5, np.float32), 5.0)
    assert FasterWhisper(model=str(whisper_model)).transcribe(silence, lambda share: None).words == ()


def test_an_english_model_refuses_other_languages(talk: Recording, whisper_model: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="'de'"):
        FasterWhisper(model=str(whisper_model)).transcribe(replace(talk, language="de"), lambda share: None)


def test_a_broken_model_makes_the_engine_unavailable(talk: Recording, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"no model")
    with pytest.raises(EngineUnavailableError, match="does not load"):
        FasterWhisper(model=str(tmp_path)).transcribe(talk, lambda share: None)


def test_chunks_hold_all_speech(talk: Recording, truth: list[Word]) -> None:
    chunks = speech_chunks(talk.speech)
    assert len(chunks) == 3
    assert all(0 < end - start <= CHUNK_S for start, end in chunks)
    assert all(any(start <= word.start and word.end <= end for start, end in chunks) for word in truth)


def test_pieces_of_a_word_are_joined_and_chunks_are_numbered() -> None:
    chunks = [(0.5, 10.0), (12.34, 20.0)]
    segments = [decoded(0.5, " —", " well", "-known", " —", " fact"), decoded(12.34, "Then", " go")]
    words = segment_words(segments, chunks, "en")
    assert [(word.text, word.segment) for word in words] == [
        ("well-known —", 0),
        ("fact", 0),
        ("Then", 1),
        ("go", 1),
    ]
    assert (words[0].start, words[0].end) == (1.5, 4.5)


def test_languages_without_spaces_keep_their_pieces() -> None:
    assert [word.text for word in segment_words([decoded(0, "你", "好")], [(0, 2)], "zh")] == ["你", "好"]


def test_what_whisper_itself_takes_for_silence_is_left_out() -> None:
    segments = [
        decoded(0, " thanks", silence=0.9, log_probability=-1.5),
        decoded(2, " sure", silence=0.9),
        decoded(4, " mumbled", log_probability=-1.5),
    ]
    words = segment_words(segments, [(0, 1), (2, 3), (4, 5)], "en")
    assert [word.text for word in words] == ["sure", "mumbled"]


def test_repetition_is_recorded() -> None:
    segments = [decoded(0, " fine"), decoded(63, " la", " la", compression=5.0)]
    (degraded,) = repetitions(segments)
    assert "63 s and 65 s" in degraded.reason


def test_words_that_cannot_be_aligned_keep_whispers_times(talk: Recording) -> None:
    words = [Word("words", 1.0, 1.0 + MAX_WORD_S, 0, confidence=0.5)]
    placed, degraded = realigned(talk.speech, words, [(3.0, 3.0)], lambda share: None)
    assert placed == words
    assert [fallback.reason.split(" could")[0] for fallback in degraded] == [f"{len(words)} of {len(words)} words"]
