"""Listeners hear the words in a short piece of a recording, to be compared with a transcript.

PocketSphinx expects the words of the transcript (Moreno et al. 1998, "A recursive algorithm for the forced alignment of
very long audio segments"): with a language model of the text around a place it hears that text if it is said there,
else unconnected words of it. Whisper hears what is said.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.setting_types import Device
from clipper_assets.transcript.aligners.pocketsphinx import (
    FRAME_S,
    alignment_decoder,
    alignment_score,
    is_filler,
    pcm16,
)
from clipper_assets.transcript.fitting.matching import Heard
from clipper_assets.transcript.fitting.text import Token, comparable, spoken_tokens
from clipper_assets.transcript.fitting.trigrams import arpa
from clipper_assets.transcript.models import ctranslate2_device
from clipper_assets.transcript.pronunciation import pronounce
from clipper_assets.transcript.timing import Span

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from pocketsphinx import Decoder

KNOWN_SHARE = 0.9
"""Least share of a text's tokens in PocketSphinx's dictionary: English 0.98 to 1, French 0.76, German 0.48."""

REACH_S = 300.0
"""PocketSphinx expects the text of up to this long before and after a place, so it finds offsets of up to this much."""

MOST_LISTENERS = 2
"""PocketSphinx and Whisper."""

MIN_CONFIRMED = 10
"""Fewest tokens whose score counts; fewer fit other speech by chance."""

MIN_SCORE = -45.0
"""Least score (`alignment_score`) of text that is said. Measured on 4 to 8 s of the sample, reading, telephone and
far-field meetings: text that is said has -9 to -31, with music at -10 dB -23 to -43; other text -48 to -99."""


class Listener(Protocol):
    """Hears words in a piece of a recording.

    Attributes:
        name: For the asset's metadata.
        probe_s: Length of a piece.
        probes: Number of pieces in a long recording, and of further ones to find where the text stops fitting.
    """

    name: str
    probe_s: float
    probes: int

    def hear(self, speech: Samples, span: Span, tokens: Sequence[Token]) -> list[Heard]:
        """What is heard in `span` of `speech` (16 kHz mono); `tokens` is the transcript."""

    def confirm(self, speech: Samples, span: Span, tokens: Sequence[str]) -> bool:
        """Whether these tokens are said in `span`, although something else was heard there."""


class PocketSphinxListener:
    """Hears the transcript's own words; 0.05 CPU-s per second of sound."""

    name = "PocketSphinx"
    probe_s = 15.0
    probes = 24

    def __init__(self, lexicon: "Decoder"):
        self.lexicon = lexicon
        self._expected: list[str] = []

    @classmethod
    def for_text(cls, tokens: Sequence[Token]) -> "PocketSphinxListener | None":
        """The listener; None if the text is not English."""
        lexicon = alignment_decoder()
        known = sum(lexicon.lookup_word(token.text) is not None for token in tokens)
        return cls(lexicon) if known >= KNOWN_SHARE * len(tokens) else None

    def hear(self, speech: Samples, span: Span, tokens: Sequence[Token]) -> list[Heard]:
        text = [token.text for token in tokens if span[0] - REACH_S <= token.time_s <= span[1] + REACH_S]
        if not text:
            return []
        if text != self._expected:
            self._expected, self._decoder = text, self._expecting(text)
        self._decoder.start_utt()
        self._decoder.process_raw(pcm16(_piece(speech, span)), no_search=False, full_utt=True)
        self._decoder.end_utt()
        entries = [entry for entry in self._decoder.seg() or () if not is_filler(entry.word)]
        return [Heard(entry.word.partition("(")[0], span[0] + entry.start_frame * FRAME_S) for entry in entries]

    def confirm(self, speech: Samples, span: Span, tokens: Sequence[str]) -> bool:
        """Whether the tokens score above `MIN_SCORE` when they are aligned; hard sound is heard wrong, but aligns."""
        if len(tokens) < MIN_CONFIRMED:
            return False
        score = alignment_score(self.lexicon, _piece(speech, span), tokens)
        return score is not None and score > MIN_SCORE

    def _expecting(self, text: Sequence[str]) -> "Decoder":
        """A decoder that knows only the words of a text: with the whole dictionary it takes 3 s to load, so 0.2 s."""
        from pocketsphinx import Decoder

        with tempfile.TemporaryDirectory(prefix="clipper-") as folder:
            dictionary, model = Path(folder, "text.dict"), Path(folder, "text.arpa")
            dictionary.write_text("".join(self._pronunciations(token) for token in dict.fromkeys(text)))
            model.write_text(arpa(text))
            return Decoder(lm=str(model), dict=str(dictionary), loglevel="FATAL")

    def _pronunciations(self, token: str) -> str:
        """The token's lines of a dictionary."""
        lines = []
        for number in count(1):
            entry = token if number == 1 else f"{token}({number})"
            phones = self.lexicon.lookup_word(entry)
            if phones is None:
                break
            lines.append(f"{entry} {phones}\n")
        return "".join(lines) or f"{token} {pronounce(token)}\n"


class WhisperListener:
    """Hears what is said, in any language; 0.3 CPU-s (`base`) or 0.1 (`tiny.en`) per second of sound."""

    probe_s = 20.0
    probes = 10

    def __init__(self, model: "WhisperModel", name: str, language: str, detect: bool):
        """`language` is the transcript's; `detect` lets Whisper detect that of the speech, or it would translate."""
        self.model = model
        self.name = name
        self.language = language
        self.detect = detect and model.model.is_multilingual

    def confirm(self, speech: Samples, span: Span, tokens: Sequence[str]) -> bool:
        del speech, span, tokens
        return False

    def hear(self, speech: Samples, span: Span, tokens: Sequence[Token]) -> list[Heard]:
        del tokens
        segments, _ = self.model.transcribe(
            _piece(speech, span),
            language=None if self.detect else self.language,
            beam_size=1,
            temperature=0.0,
            word_timestamps=True,
            condition_on_previous_text=False,
        )
        heard = [
            Heard(part, span[0] + float(word.start))
            for segment in segments
            for word in segment.words or ()
            for part in spoken_tokens(word.word, self.language)
        ]
        texts = comparable([token.text for token in heard], self.language)
        return [token._replace(text=text) for token, text in zip(heard, texts, strict=True)]


def listeners(
    tokens: Sequence[Token], language: str, *, detect: bool, find_whisper: Callable[[], Path | None], device: Device
) -> Iterator[Listener]:
    """The listeners that this machine has for a transcript, the cheapest first.

    Args:
        tokens: The transcript.
        language: Its language (ISO 639-1).
        detect: Whether the language of the speech is unknown.
        find_whisper: Returns the folder of a Whisper model, None without one; called when Whisper's turn comes. A model
            that does not load is left out.
        device: Where Whisper runs.
    """
    english = PocketSphinxListener.for_text(tokens) if language == "en" else None
    if english:
        yield english
    folder = find_whisper()
    if folder and (model := _whisper(folder, device)):
        if model.model.is_multilingual or english:
            yield WhisperListener(model, f"Whisper {folder.name}", language, detect)
        model.model.unload_model()


def _whisper(folder: Path, device: Device) -> "WhisperModel | None":
    from faster_whisper import WhisperModel

    on, compute_type = ctranslate2_device(device, None)
    with suppress(RuntimeError, ValueError, OSError):  # the engine that transcribes with this model says why
        return WhisperModel(str(folder), device=on, compute_type=compute_type)
    return None


def _piece(speech: Samples, span: Span) -> Samples:
    first, end = (max(0, round(second * SPEECH_RATE_HZ)) for second in span)
    return speech[first:end]
