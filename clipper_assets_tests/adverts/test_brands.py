"""Names near offers."""

import time

import numpy as np

from clipper_assets.adverts.brands import brand_nats
from clipper_assets.transcript.words import Sentence


def test_a_sentence_without_end_takes_no_time() -> None:
    sentence = Sentence(0, "a-" * 500_000, 0.0, 60.0, 0, 1, None)
    began = time.monotonic()
    assert brand_nats([sentence], np.array([9.0])).tolist() == [0.0]
    assert time.monotonic() - began < 5
