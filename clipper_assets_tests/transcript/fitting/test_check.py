"""Decisions on synthetic evidence: a listener that hears given words, so that no recogniser runs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest

from clipper_assets.media.speech import Samples
from clipper_assets.transcript.engines.base import Recording
from clipper_assets.transcript.fitting.check import Fit, check, moved, notes
from clipper_assets.transcript.fitting.matching import Heard
from clipper_assets.transcript.fitting.text import Token, tokens_of
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.transcript_files import Cue, CueWord

WORD_S = 0.4
WORDS_PER_CUE = 8


@dataclass
class Ears:
    """Hears the words of a list of (word, start in seconds) exactly; counts its probes."""

    said: Sequence[tuple[str, float]]
    name: str = "ears"
    probe_s: float = 15.0
    probes: int = 24
    spans: list[Span] = field(default_factory=list)

    def hear(self, speech: Samples, span: Span, tokens: Sequence[Token]) -> list[Heard]:
        self.spans.append(span)
        return [Heard(word, start) for word, start in self.said if span[0] <= start < span[1]]

    def confirm(self, speech: Samples, span: Span, tokens: Sequence[str]) -> bool:
        return [word for word, start in self.said if span[0] <= start < span[1]] == list(tokens)


def words(count: int, seed: int = 1, start_s: float = 0.0) -> list[tuple[str, float]]:
    """Words without a pause, of a vocabulary of 400 with frequent ones; each seed says something else."""
    numbers = np.random.default_rng(seed).zipf(1.3, count) % 400
    names = ["".join(chr(97 + int(digit)) for digit in f"{number:03d}") for number in numbers]
    return [(name, start_s + WORD_S * place) for place, name in enumerate(names)]


def later(said: Sequence[tuple[str, float]], by_s: float) -> list[tuple[str, float]]:
    return [(word, start + by_s) for word, start in said]


def cues_of(said: Sequence[tuple[str, float]]) -> list[Cue]:
    groups = [said[first : first + WORDS_PER_CUE] for first in range(0, len(said), WORDS_PER_CUE)]
    return [Cue([CueWord(word) for word, _ in group], (group[0][1], group[-1][1] + WORD_S)) for group in groups]


def fit_of(said: Sequence[tuple[str, float]], cues: Sequence[Cue], duration_s: float) -> Fit:
    recording = Recording(np.zeros(0, np.float32), duration_s)
    vars(recording)["speech_by_track"] = [[(0.0, duration_s)]]
    fit = check(recording, tokens_of(cues, "en"), [Ears(said)], lambda share: None)
    assert fit is not None
    return fit


def wrong_starts(said: Sequence[tuple[str, float]], cues: Sequence[Cue], fit: Fit) -> list[str]:
    """Words that the moved cues show more than 0.5 s from where they are said."""
    starts: dict[str, list[float]] = {}
    for word, start in said:
        starts.setdefault(word, []).append(start)
    shown = tokens_of(moved(cues, fit), "en")
    return [
        token.text
        for token in shown
        if not any(abs(start - token.time_s) <= 0.5 for start in starts.get(token.text, ()))
    ]


@pytest.mark.parametrize("offset_s", [-45.0, -20.0, -3.0, 1.0, 3.0, 20.0, 45.0, 90.0])
@pytest.mark.parametrize("minutes", [2, 20])
def test_a_constant_offset_is_found_and_corrected(offset_s: float, minutes: int) -> None:
    said = words(minutes * 150)
    duration_s = minutes * 60.0
    cues = cues_of([(word, start - offset_s) for word, start in said if start - offset_s >= 0])
    fit = fit_of(said, cues, duration_s)
    assert fit.belongs
    assert fit.complete
    assert fit.offset_s == pytest.approx(offset_s, abs=0.3)
    assert wrong_starts(said, cues, fit) == []
    assert [("early" in note, "late" in note) for note in notes(fit, "talk.srt")] == (
        [(offset_s > 0, offset_s < 0)] if abs(offset_s) > 1 else []
    )


@pytest.mark.parametrize("minutes", [3, 15])
@pytest.mark.parametrize("length_s", [5.0, 30.0, 90.0])
def test_a_stretch_inserted_in_the_sound_is_found_and_all_of_the_text_is_kept(minutes: int, length_s: float) -> None:
    text = words(minutes * 150)
    at = len(text) * 2 // 5
    advert = words(int(length_s / WORD_S), seed=9, start_s=text[at][1])
    said = [*text[:at], *advert, *later(text[at:], len(advert) * WORD_S)]
    fit = fit_of(said, cues_of(text), minutes * 60.0 + length_s)
    assert fit.share > 0.98
    assert wrong_starts(said, cues_of(text), fit) == []
    assert len(notes(fit, "talk.srt")) == 1
    assert notes(fit, "talk.srt")[0].startswith("talk.srt is of another cut of the recording")


@pytest.mark.parametrize("minutes", [3, 15])
def test_text_of_a_stretch_cut_out_of_the_sound_is_left_out(minutes: int) -> None:
    text = words(minutes * 150)
    first, end = len(text) // 3, len(text) // 3 + 75
    said = [*text[:first], *later(text[end:], -75 * WORD_S)]
    fit = fit_of(said, cues_of(text), minutes * 60.0 - 30)
    assert sum(piece.end - piece.first for piece in fit.pieces) >= len(said) - 20
    assert len(wrong_starts(said, cues_of(text), fit)) <= 1  # a word that is by chance on both sides of the cut


def test_text_of_a_stretch_that_was_replaced_is_left_out() -> None:
    text = words(450)
    said = [*text[:200], *words(60, seed=5, start_s=text[200][1]), *text[260:]]
    fit = fit_of(said, cues_of(text), 180.0)
    assert 0.8 < fit.share < 0.9
    assert wrong_starts(said, cues_of(text), fit) == []
    assert "are not said at their place" in notes(fit, "talk.srt")[0]


def test_offset_and_two_inserted_stretches_together() -> None:
    text = words(600)
    advert = words(50, seed=9)
    parts = [text[:150], later(advert, 60), later(text[150:400], 20), later(advert, 180), later(text[400:], 40)]
    said = [word for part in parts for word in part]
    cues = cues_of(later(text, 10))
    fit = fit_of(said, cues, 280.0)
    assert [round(offset) for _, offset in fit.offsets_s] == [-10, 10, 30]
    assert wrong_starts(said, cues, fit) == []


@pytest.mark.parametrize("same_words", [0, 30, 60])
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_another_recordings_transcript_does_not_belong_even_if_its_first_lines_match(
    same_words: int, seed: int
) -> None:
    said = words(450)
    other = [*said[:same_words], *words(450, seed)[same_words:]]
    fit = fit_of(said, cues_of(other), 180.0)
    assert not fit.belongs


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("minutes", [1, 5, 30])
def test_a_transcript_with_a_tenth_of_its_words_wrong_fits(seed: int, minutes: int) -> None:
    said = words(minutes * 150)
    chance = np.random.default_rng(seed).random(len(said))
    text = [
        ("wrong" if share < 0.05 else word, start)
        for (word, start), share in zip(said, chance, strict=True)
        if share < 0.95
    ]
    fit = fit_of(said, cues_of(text), minutes * 60.0)
    assert fit.complete
    assert notes(fit, "talk.srt") == []


def test_inexact_cue_times_are_no_offset() -> None:
    said = words(450)
    cues = cues_of(said)
    early = [Cue(cue.words, (max(0.0, cue.span[0] - 1.0), cue.span[1])) for cue in cues]
    assert notes(fit_of(said, early, 180.0), "talk.srt") == []
    long = [
        Cue([word for cue in cues[first : first + 9] for word in cue.words], (cues[first].span[0], cues[first].span[1]))
        for first in range(0, len(cues), 9)
    ]
    assert fit_of(said, long, 180.0).complete


def test_a_fitting_hour_takes_few_probes_spread_over_it() -> None:
    ears = Ears(words(9000))
    recording = Recording(np.zeros(0, np.float32), 3600.0)
    vars(recording)["speech_by_track"] = [[(0.0, 3600.0)]]
    check(recording, tokens_of(cues_of(ears.said), "en"), [ears], lambda share: None)
    assert len(ears.spans) == ears.probes
    assert max(after[0] - before[1] for before, after in pairwise(ears.spans)) < 150


def test_short_transcripts_and_recordings_without_speech_are_not_judged() -> None:
    recording = Recording(np.zeros(0, np.float32), 60.0)
    vars(recording)["speech_by_track"] = [[(0.0, 60.0)]]
    assert check(recording, tokens_of(cues_of(words(19)), "en"), [Ears(words(150))], lambda share: None) is None
    vars(recording)["speech_by_track"] = [[]]
    assert check(recording, tokens_of(cues_of(words(150)), "en"), [Ears([])], lambda share: None) is None


def test_the_next_listener_is_asked_if_the_first_does_not_find_all_of_the_text() -> None:
    said = words(450)
    recording = Recording(np.zeros(0, np.float32), 180.0)
    vars(recording)["speech_by_track"] = [[(0.0, 180.0)]]
    deaf, good, never = Ears(words(450, seed=7), "deaf"), Ears(said, "good"), Ears(said, "never")
    fit = check(recording, tokens_of(cues_of(said), "en"), [deaf, good, never], lambda share: None)
    assert fit is not None
    assert fit.evidence.startswith("good")
    assert never.spans == []
