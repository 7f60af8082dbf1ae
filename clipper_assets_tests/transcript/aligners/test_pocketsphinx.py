import numpy as np

from clipper_assets.media.speech import Samples
from clipper_assets.transcript.aligners.base import Block
from clipper_assets.transcript.aligners.pocketsphinx import PocketSphinxAligner, pcm16
from clipper_assets.transcript.words import Word


def no_progress(share: float) -> None:
    del share


def test_words_are_aligned_with_small_errors(speech: Samples, truth: list[Word]) -> None:
    """Measured over the whole talk: median 9 ms, p90 26 ms, largest 116 ms. The test aligns two blocks of it."""
    first = [word for word in truth if word.segment < 3]
    second = [word for word in truth if word.segment in (3, 4)]
    blocks = [
        Block([word.text for word in words], (words[0].start - 0.2, words[-1].end + 0.2)) for words in (first, second)
    ]
    shares: list[float] = []
    placements = PocketSphinxAligner().align(speech, blocks, shares.append)
    errors = [
        abs(span[0] - word.start)
        for words, spans in zip((first, second), placements, strict=True)
        for word, span in zip(words, spans or [], strict=True)
        if span
    ]
    assert len(errors) == len(first) + len(second)
    assert np.median(errors) < 0.02
    assert np.quantile(errors, 0.9) < 0.05
    assert max(errors) < 0.15
    assert shares == [0.5, 1.0]


def test_an_unknown_word_and_a_dash_do_not_affect_other_words(speech: Samples, truth: list[Word]) -> None:
    words = truth[:18]
    texts = ["Wellcomm" if word.text == "Welcome" else word.text for word in words]
    texts.insert(7, "—")
    (placement,) = PocketSphinxAligner().align(speech, [Block(texts, (0.6, words[-1].end + 0.1))], no_progress)
    assert placement is not None
    assert placement.pop(7) is None
    assert max(abs(span[0] - word.start) for span, word in zip(placement, words, strict=True) if span) < 0.2


def test_blocks_and_words_that_cannot_be_aligned_are_none(speech: Samples) -> None:
    too_short = Block(["a", "very", "long", "sentence", "in", "no", "time"], (1.0, 1.1))
    empty_span = Block(["words"], (5.0, 5.0))
    only_marks = Block(["…", "—"], (1.0, 2.0))
    placements = PocketSphinxAligner().align(speech, [too_short, empty_span, only_marks], no_progress)
    assert placements == [None, None, [None, None]]


def test_samples_out_of_range_are_clipped() -> None:
    assert np.frombuffer(pcm16(np.array([0.0, 2.0, -2.0], np.float32)), "<i2").tolist() == [0, 32767, -32767]
