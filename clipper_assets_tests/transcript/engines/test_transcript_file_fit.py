"""Transcripts that do not fit the sound, through the engine and PocketSphinx on the talk of two synthetic voices."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.models.fetch import FetchError
from clipper_assets.transcript.aligners.auto import Aligners
from clipper_assets.transcript.engines import transcript_file
from clipper_assets.transcript.engines.base import EngineUnavailableError, Recording
from clipper_assets.transcript.engines.transcript_file import TranscriptFile
from clipper_assets.transcript.words import Word
from clipper_assets_tests.transcript.conftest import Bars
from clipper_assets_tests.transcript.engines.test_transcript_file import transcribe, write_srt
from clipper_assets_tests.transcript.scoring import start_errors

HALF_S = 30.0


@pytest.fixture
def half(speech: Samples) -> Recording:
    return Recording(speech[: round(HALF_S * SPEECH_RATE_HZ)], HALF_S)


def shifted(words: Sequence[Word], by_s: float) -> list[Word]:
    return [replace(word, start=word.start + by_s, end=word.end + by_s) for word in words if word.start + by_s >= 0]


def test_a_transcript_of_later_cues_is_moved_to_the_sound(half: Recording, truth: list[Word], tmp_path: Path) -> None:
    said = [word for word in truth if word.end < HALF_S]
    result = transcribe(half, write_srt(shifted(said, 20.0), tmp_path / "talk.srt"))
    assert [word.text for word in result.words] == [word.text for word in said]
    assert start_errors(said, result.words).max() < 0.5
    assert result.facts["offset_s"] == pytest.approx(-20.0, abs=0.3)
    assert [record.reason for record in result.degraded] == ["talk.srt is 20.0 s late, which was corrected"]


ENGINE = TranscriptFile(aligners=Aligners(), model="auto")


def without_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The Whisper models that are asked for, none of which can be fetched."""
    asked_for = []

    def fetch(name: str, models_dir: Path | None, report: object) -> Path:
        asked_for.append(name)
        raise FetchError(name, "no network", "connect it")

    monkeypatch.setattr(transcript_file, "fetch_whisper", fetch)
    return asked_for


def test_a_transcript_that_cannot_be_compared_with_the_sound_is_recorded(
    half: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_network(monkeypatch)
    words = [Word(f"Wort{number}", number, number + 0.8, number // 8) for number in range(25)]
    file = write_srt(words, tmp_path / "talk.de.srt")
    result = ENGINE.transcribe(replace(half, transcript_file=file, language="de"), Bars())
    assert result.degraded[0].reason == (
        "talk.de.srt was used without a comparison with the sound, which was not possible (Whisper base cannot be "
        "fetched: no network)"
    )


def test_the_transcript_of_another_episode_is_refused_if_no_whisper_can_be_asked(
    half: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for = without_network(monkeypatch)
    text = """Good evening and thank you for joining our programme on the history of railways. Tonight an engineer
        explains why the first locomotives needed so much water and how drivers learned to read the signals by night."""
    words = [Word(word, 1 + 0.6 * number, 1.5 + 0.6 * number, 0) for number, word in enumerate(text.split())]
    with pytest.raises(
        EngineUnavailableError, match=r"^the words of talk\.srt are not said in the recording; remove it"
    ):
        ENGINE.transcribe(replace(half, transcript_file=write_srt(words, tmp_path / "talk.srt")), Bars())
    assert asked_for == ["base"]


def test_an_advert_in_the_sound_moves_the_words_after_it(
    half: Recording, speech: Samples, truth: list[Word], tmp_path: Path
) -> None:
    at_s = truth[22].start - 0.1  # between two turns
    at, advert = round(at_s * SPEECH_RATE_HZ), speech[round(50 * SPEECH_RATE_HZ) : round(62 * SPEECH_RATE_HZ)]
    sound = np.concatenate([half.speech[:at], advert, half.speech[at:]])
    text = [word for word in truth if word.end < HALF_S]
    said = [*text[:22], *shifted(text[22:], 12.0)]
    result = transcribe(Recording(sound, HALF_S + 12.0), write_srt(text, tmp_path / "talk.srt"))
    kept = [word.text for word in result.words]
    assert len(kept) >= len(said) - 2
    starts = {word.text: [other.start for other in said if other.text == word.text] for word in said}
    assert all(min(abs(word.start - start) for start in starts[word.text]) < 0.5 for word in result.words)
    assert result.degraded[0].reason.startswith("talk.srt is of another cut of the recording and was moved from 0:0")
