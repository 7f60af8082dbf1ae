"""What adverts, intros, outros and calls to subscribe say: the cues of a language, from `cues/<language>.toml`."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from clipper_assets.adverts.spans import SpanKind
from clipper_assets.transcript.words import Sentence

MOST_COUNTED = 3
"""More phrases of one cue in a sentence add nothing."""
FURTHER_PHRASE = 0.5
"""What each phrase after the first one adds, as a share of the cue's weight."""
MOST_CHARACTERS = 2000
"""Only so much of a sentence is searched; one of a minute has 1,000."""
USUAL_RATE = 0.06
"""Share of the sentences of a talk that have a cue by chance, at most."""
LEAST_NATS = 0.2
BLOCK_S = 120.0
_APART = re.compile(r" +(?=[.,/'-]\w)|(?<=\d) +(?=%)")


@dataclass(frozen=True)
class Cue:
    """Phrases with one meaning, and what each says about a sentence, in nats: above 0 for a span of `kind`.

    A weight below 0 speaks for talk, against every kind.
    """

    name: str
    kind: SpanKind
    weight: float
    pattern: re.Pattern[str]


@cache
def cues_of(language: str) -> tuple[Cue, ...]:
    """The cues of a language (ISO 639-1); none if the language has no file."""
    file = resources.files("clipper_assets.adverts").joinpath(f"cues/{language}.toml")
    if not re.fullmatch("[a-z]{2}", language) or not file.is_file():
        return ()
    return tuple(
        Cue(
            table["name"],
            SpanKind(table.get("kind", "advert")),
            table["weight"],
            re.compile(rf"(?<!\w)(?:{'|'.join(table['phrases'])})(?!\w)"),
        )
        for table in tomllib.loads(file.read_text(encoding="utf-8"))["cues"]
    )


def plain(text: str) -> str:
    """Lower case, straight apostrophes, and addresses and figures as they are written: `Acme .com` as `acme.com`."""
    return _APART.sub("", text[:MOST_CHARACTERS].lower().replace("\u2019", "'"))


def counted(sentences: Sequence[Sentence], cues: Sequence[Cue]) -> NDArray[np.float64]:
    """How much of each cue each sentence has, shape (cues, sentences): 0 for none, 1 for one phrase, then more."""
    amounts = np.zeros((len(cues), len(sentences)))
    for position, sentence in enumerate(sentences):
        text = plain(sentence.text)
        for row, cue in enumerate(cues):
            phrases = min(sum(1 for _ in cue.pattern.finditer(text)), MOST_COUNTED)
            amounts[row, position] = phrases and 1 + FURTHER_PHRASE * (phrases - 1)
    return amounts


def weights(sentences: Sequence[Sentence], cues: Sequence[Cue], amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weight of each cue in this episode, in nats, shape (cues,).

    A cue that most of the episode has says less: its weight falls by the log of its rate over `USUAL_RATE`. The rate is
    the median over blocks of `BLOCK_S`, so that the adverts themselves do not count.
    """
    given = np.array([cue.weight for cue in cues])
    if not sentences:
        return given
    blocks = np.array([sentence.start // BLOCK_S for sentence in sentences])
    rates = np.median([(amounts[:, blocks == block] > 0).mean(axis=1) for block in np.unique(blocks)], axis=0)
    reduced = np.maximum(given - np.log(np.maximum(rates / USUAL_RATE, 1.0)), LEAST_NATS)
    return np.where(given > 0, reduced, given)
