"""Runs the real `whisperx.align` with a tiny model that was trained on the talk."""

import numpy as np
import pytest

from clipper_assets.media.speech import Samples
from clipper_assets.setting_types import Device
from clipper_assets.transcript.aligners.auto import Aligners
from clipper_assets.transcript.aligners.base import Aligner, Block
from clipper_assets.transcript.words import Word
from clipper_assets_tests.transcript.conftest import MODELS

pytestmark = pytest.mark.whisperx


def no_progress(share: float) -> None:
    del share


@pytest.fixture(scope="module")
def aligner() -> Aligner:
    chosen, why = Aligners(model="wav2vec2_tiny_sample", models_dir=str(MODELS), device=Device.cpu).choose("en")
    assert chosen, why
    return chosen


def turn(truth: list[Word], number: int) -> tuple[list[Word], Block]:
    words = [word for word in truth if word.segment == number]
    return words, Block([word.text for word in words], (words[0].start - 0.2, words[-1].end + 0.2))


def test_every_word_is_aligned_with_small_errors(aligner: Aligner, speech: Samples, truth: list[Word]) -> None:
    turns = [turn(truth, number) for number in range(truth[-1].segment + 1)]
    shares: list[float] = []
    placements = aligner.align(speech, [block for _, block in turns], shares.append)
    placed = [word for placement in placements for word in placement or [None]]
    assert all(placed)
    starts = np.array([abs(at.start - word.start) for at, word in zip(placed, truth, strict=True) if at])
    ends = np.array([abs(at.end - word.end) for at, word in zip(placed, truth, strict=True) if at])
    assert np.median(starts) <= 0.025
    assert np.quantile(starts, 0.95) <= 0.06
    assert starts.max() <= 0.12
    assert np.median(ends) <= 0.03
    assert all(at.score is not None and 0 <= at.score <= 1 for at in placed if at)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_numeral_is_aligned_by_its_spoken_words(aligner: Aligner, speech: Samples, truth: list[Word]) -> None:
    words, block = turn(truth, 8)
    (placement,) = aligner.align(speech, [block], no_progress)
    numerals = [number for number, word in enumerate(words) if word.text.isdigit()]
    assert [words[number].text for number in numerals] == ["2019", "300"]
    for number in numerals:
        at = (placement or [])[number]
        assert at
        assert abs(at.start - words[number].start) <= 0.05
        assert abs(at.end - words[number].end) <= 0.05


def test_a_dash_is_not_placed_and_does_not_affect_other_words(
    aligner: Aligner, speech: Samples, truth: list[Word]
) -> None:
    words, block = turn(truth, 1)
    texts = [*block.texts[:2], "—", *block.texts[2:]]
    (placement,) = aligner.align(speech, [Block(texts, block.within)], no_progress)
    assert placement
    assert placement.pop(2) is None
    assert max(abs(at.start - word.start) for at, word in zip(placement, words, strict=True) if at) < 0.1


def test_blocks_and_words_that_cannot_be_aligned_are_none(aligner: Aligner, speech: Samples) -> None:
    too_short = Block(["a", "very", "long", "sentence", "in", "no", "time"], (1.0, 1.1))
    empty_span = Block(["words"], (5.0, 5.0))
    unknown_letters = Block(["…", "你好"], (1.0, 2.0))
    placements = aligner.align(speech, [too_short, empty_span, unknown_letters], no_progress)
    assert placements == [None, None, [None, None]]


def test_a_language_without_spaces_is_aligned_letter_by_letter(
    aligner: Aligner, speech: Samples, truth: list[Word]
) -> None:
    """The tiny model only knows English, so the test aligns English without spaces."""
    from clipper_assets.transcript.aligners.wav2vec2 import Wav2Vec2Aligner

    assert isinstance(aligner, Wav2Vec2Aligner)
    by_letter = Wav2Vec2Aligner("tiny", "th", aligner.model, aligner.facts, "cpu")
    words, block = turn(truth, 1)
    (placement,) = by_letter.align(speech, [block], no_progress)
    assert placement
    assert np.median([abs(at.start - word.start) for at, word in zip(placement, words, strict=True) if at]) < 0.05
