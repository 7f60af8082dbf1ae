"""The real `whisperx.align` on the tiny model that has learned the talk."""

import numpy as np
import pytest

from clipper_assets.media.speech import Samples
from clipper_assets.settings import Device
from clipper_assets.transcript.aligners.auto import Aligners
from clipper_assets.transcript.aligners.base import Aligner, Block
from clipper_assets.transcript.words import Word
from clipper_assets_tests.transcript.conftest import MODELS

pytestmark = pytest.mark.whisperx


def quiet(share: float) -> None:
    del share


@pytest.fixture(scope="module")
def aligner() -> Aligner:
    found, why = Aligners(model="wav2vec2_tiny_sample", models_dir=str(MODELS), device=Device.cpu).choose("en")
    assert found, why
    return found


def turn(truth: list[Word], number: int) -> tuple[list[Word], Block]:
    words = [word for word in truth if word.segment == number]
    return words, Block([word.text for word in words], (words[0].start - 0.2, words[-1].end + 0.2))


def test_every_word_is_found_where_it_is_said(aligner: Aligner, speech: Samples, truth: list[Word]) -> None:
    turns = [turn(truth, number) for number in range(truth[-1].segment + 1)]
    shares: list[float] = []
    placements = aligner.align(speech, [block for _, block in turns], shares.append)
    found = [at for placement in placements for at in placement or [None]]
    assert all(found)
    starts = np.array([abs(at.start - word.start) for at, word in zip(found, truth, strict=True) if at])
    ends = np.array([abs(at.end - word.end) for at, word in zip(found, truth, strict=True) if at])
    assert np.median(starts) <= 0.025
    assert np.quantile(starts, 0.95) <= 0.06
    assert starts.max() <= 0.12
    assert np.median(ends) <= 0.03
    assert all(at.score is not None and 0 <= at.score <= 1 for at in found if at)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_numeral_is_found_as_it_is_said(aligner: Aligner, speech: Samples, truth: list[Word]) -> None:
    words, block = turn(truth, 8)
    (placement,) = aligner.align(speech, [block], quiet)
    numerals = [number for number, word in enumerate(words) if word.text.isdigit()]
    assert [words[number].text for number in numerals] == ["2019", "300"]
    for number in numerals:
        at = (placement or [])[number]
        assert at
        assert abs(at.start - words[number].start) <= 0.05
        assert abs(at.end - words[number].end) <= 0.05


def test_a_mark_makes_no_sound_and_stops_nothing(aligner: Aligner, speech: Samples, truth: list[Word]) -> None:
    words, block = turn(truth, 1)
    texts = [*block.texts[:2], "—", *block.texts[2:]]
    (placement,) = aligner.align(speech, [Block(texts, block.within)], quiet)
    assert placement
    assert placement.pop(2) is None
    assert max(abs(at.start - word.start) for at, word in zip(placement, words, strict=True) if at) < 0.1


def test_what_does_not_fit_the_sound_is_none(aligner: Aligner, speech: Samples) -> None:
    too_short = Block(["a", "very", "long", "sentence", "in", "no", "time"], (1.0, 1.1))
    nothing = Block(["words"], (5.0, 5.0))
    unsaid = Block(["…", "你好"], (1.0, 2.0))
    assert aligner.align(speech, [too_short, nothing, unsaid], quiet) == [None, None, [None, None]]


def test_a_language_without_spaces_is_aligned_letter_by_letter(
    aligner: Aligner, speech: Samples, truth: list[Word]
) -> None:
    """The tiny model knows no such language, so English stands for one, without its spaces."""
    from clipper_assets.transcript.aligners.wav2vec2 import Wav2Vec2Aligner

    assert isinstance(aligner, Wav2Vec2Aligner)
    lettered = Wav2Vec2Aligner("tiny", "th", aligner.model, aligner.facts, "cpu")
    words, block = turn(truth, 1)
    (placement,) = lettered.align(speech, [block], quiet)
    assert placement
    assert np.median([abs(at.start - word.start) for at, word in zip(placement, words, strict=True) if at]) < 0.05
