import numpy as np

from clipper_assets.media.speech import Samples
from clipper_assets.transcript.aligners.base import Block
from clipper_assets.transcript.aligners.pocketsphinx import PocketSphinxAligner, pcm16
from clipper_assets.transcript.words import Word


def quiet(share: float) -> None:
    del share


def test_words_are_found_where_they_are_said(speech: Samples, truth: list[Word]) -> None:
    """Measured: median 9 ms, p90 26 ms, largest 116 ms over the whole talk; two blocks of it here."""
    first = [word for word in truth if word.segment < 3]
    second = [word for word in truth if word.segment in (3, 4)]
    blocks = [
        Block([word.text for word in words], (words[0].start - 0.2, words[-1].end + 0.2)) for words in (first, second)
    ]
    shares: list[float] = []
    found = PocketSphinxAligner().align(speech, blocks, shares.append)
    errors = [
        abs(span[0] - word.start)
        for words, spans in zip((first, second), found, strict=True)
        for word, span in zip(words, spans or [], strict=True)
        if span
    ]
    assert len(errors) == len(first) + len(second)
    assert np.median(errors) < 0.02
    assert np.quantile(errors, 0.9) < 0.05
    assert max(errors) < 0.15
    assert shares == [0.5, 1.0]


def test_an_unknown_word_and_a_mark_do_not_stop_the_others(speech: Samples, truth: list[Word]) -> None:
    said = truth[:18]
    texts = ["Wellcomm" if word.text == "Welcome" else word.text for word in said]
    texts.insert(7, "—")
    (found,) = PocketSphinxAligner().align(speech, [Block(texts, (0.6, said[-1].end + 0.1))], quiet)
    assert found is not None
    assert found.pop(7) is None
    assert max(abs(span[0] - word.start) for span, word in zip(found, said, strict=True) if span) < 0.2


def test_what_cannot_be_aligned_is_none(speech: Samples) -> None:
    too_short = Block(["a", "very", "long", "sentence", "in", "no", "time"], (1.0, 1.1))
    nothing = Block(["words"], (5.0, 5.0))
    unsaid = Block(["…", "—"], (1.0, 2.0))
    assert PocketSphinxAligner().align(speech, [too_short, nothing, unsaid], quiet) == [None, None, [None, None]]


def test_samples_are_clipped_not_wrapped() -> None:
    assert np.frombuffer(pcm16(np.array([0.0, 2.0, -2.0], np.float32)), "<i2").tolist() == [0, 32767, -32767]
