"""Forced alignment by `whisperx.align`: a wav2vec2 model of the language finds each letter (Bain et al. 2023).

WhisperX aligns characters that the model does not know (digits, signs, punctuation) as wildcards, which shift their
neighbours: "2019" is found up to 0.41 s late. So it gets the words as they are spoken, in letters that the model knows.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.runtime.progress import Report
from clipper_assets.text.scripts import UNSPACED
from clipper_assets.transcript.aligners.base import Aligner, Block, Placed, Placement
from clipper_assets.transcript.pronunciation import spoken

NLTK_DATA = Path(__file__).parent / "nltk_data"
"""Data of the sentence splitter that WhisperX requires. It does not split anything: the text has no punctuation."""

_BY_WORD, _BY_LETTER = "en", "zh"
"""Languages that make WhisperX separate words at spaces, or take each letter as a word."""


class Wav2Vec2Aligner(Aligner):
    """Aligns with `model` and `facts` as `whisperx.load_align_model` returns them, on a torch `device`."""

    def __init__(self, name: str, language: str, model: Any, facts: Any, device: str):
        self.name = name
        self.language = language
        self.model = model
        self.device = device
        self.by_letter = language in UNSPACED
        self.letters: set[str] = set(facts["dictionary"]) - {" ", "|"}
        self.facts = {**facts, "language": _BY_LETTER if self.by_letter else _BY_WORD}

    def align(self, speech: Samples, blocks: Sequence[Block], report: Report) -> list[Placement]:
        import nltk

        if str(NLTK_DATA) not in nltk.data.path:
            nltk.data.path.insert(0, str(NLTK_DATA))
        placed = []
        for number, block in enumerate(blocks, start=1):
            placed.append(self._align(speech, block))
            report(number / len(blocks))
        return placed

    def _align(self, speech: Samples, block: Block) -> Placement:
        from whisperx import align

        spoken_words = [self._letters(text) for text in block.texts]
        tokens = [token for tokens in spoken_words for token in tokens]
        if not tokens:
            return [None] * len(block.texts)
        start, end = (min(max(round(second * SPEECH_RATE_HZ), 0), len(speech)) for second in block.within)
        if start >= end:
            return None
        piece = np.ascontiguousarray(speech[start:end])
        segment = {"text": " ".join(tokens), "start": 0.0, "end": len(piece) / SPEECH_RATE_HZ}
        aligned = align([segment], self.model, self.facts, piece, self.device)["word_segments"]
        if len(aligned) != len(tokens):  # WhisperX returns no words if the text does not fit the audio
            return None
        origin_s = start / SPEECH_RATE_HZ
        ends = np.cumsum([0, *(len(tokens) for tokens in spoken_words)])
        return [_joined(aligned[first:last], origin_s) if last > first else None for first, last in pairwise(ends)]

    def _letters(self, text: str) -> list[str]:
        """The spoken words, or single letters, for a written word, in letters that the model knows."""
        words = ["".join(char for char in word if char in self.letters) for word in spoken(text, self.language)]
        return [letter for word in words for letter in word] if self.by_letter else [word for word in words if word]


def _joined(parts: Sequence[Any], origin_s: float) -> Placed:
    """Time and confidence of a written word from those of its spoken words."""

    scores = [float(part["score"]) for part in parts if "score" in part]
    return Placed(
        origin_s + float(parts[0]["start"]),
        origin_s + float(parts[-1]["end"]),
        min(max(float(np.mean(scores)), 0.0), 1.0) if scores else None,
    )
