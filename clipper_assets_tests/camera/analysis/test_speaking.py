"""The evidence that a face speaks, and the excerpts that it is taken from."""

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from clipper_assets.camera.analysis.excerpts import Excerpt, Span
from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.mouth import Motion
from clipper_assets.camera.analysis.speaking import (
    CLEAR,
    FROZEN,
    GLANCE,
    MOVES,
    SPEAKING_LIPS,
    STILL,
    SURE,
    WEIGHT,
    evidence,
    first_spans,
    rivals,
)
from clipper_assets.camera.analysis.utterances import Utterance
from clipper_assets.camera.scene import FPS
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples

SECONDS = 10
PICTURES = SECONDS * FPS
SILENCE = np.zeros(SECONDS * SPEECH_RATE_HZ, np.float32)
TALKS, TWITCHES, LISTENS, IS_STILL = (Motion(0.03, opening) for opening in (0.025, 0.0095, 0.005, 0.0))
"""Motions whose scores by mouth are clear, in doubt, clear, and those of a frozen picture."""


class Looks:
    """Faces that always move as given, and whose lips have the grey value of their number."""

    def __init__(self, *faces: Motion, spans: Sequence[Span] | None = None, keys: Sequence[int] = ()):
        self.faces, self.keys = faces, keys
        self.spans = spans or [(0, PICTURES)] * len(faces)
        self.sweeps: list[list[Span]] = []

    def expect(self, spans: Sequence[Span]) -> None:
        self.sweeps.append(list(spans))

    def __call__(self, first: int, end: int) -> Mapping[int, Excerpt]:
        assert (first, end) in self.sweeps[-1]
        return {
            number: Excerpt([np.full((112, 112), number, np.uint8)] * (end - first), [motion] * (end - first))
            for number, (motion, span) in enumerate(zip(self.faces, self.spans, strict=True))
            if span[0] <= first and end <= span[1]
        }


class Lips:
    """Stands in for LR-ASD: the score of each face by its number, the same for every picture."""

    def __init__(self, *scores: float):
        self.scores = scores
        self.judged: list[tuple[int, int]] = []

    def __call__(self, lips: Sequence[Picture], sound: Samples) -> NDArray[np.float32]:
        assert len(sound) == len(lips) * SPEECH_RATE_HZ // FPS
        number = int(lips[0][0, 0])
        self.judged.append((number, len(lips)))
        return np.full(len(lips), self.scores[number], np.float32)


def found(
    look: Looks, utterances: Sequence[Utterance], lips: Lips | None = None, cuts: Sequence[int] = (0,)
) -> NDArray[np.float64]:
    return evidence(look.spans, utterances, cuts, PICTURES, SILENCE, look, lips)


def scores(look: Looks, lips: Lips | None = None) -> list[float]:
    """The score of each face in an utterance from 2 s to 5 s."""
    levels: list[float] = (found(look, [Utterance(50, 125, None)], lips)[:, 100] / WEIGHT).tolist()
    return levels


def test_a_face_in_view_has_evidence_in_utterances_only() -> None:
    look = Looks(TALKS, LISTENS, spans=[(0, PICTURES), (100, 200)])
    first, second = found(look, [Utterance(50, 75, None), Utterance(120, 150, None)])
    assert np.isnan(second).tolist() == [not 100 <= number < 200 for number in range(PICTURES)]
    assert np.flatnonzero(first).tolist() == [*range(50, 75), *range(120, 150)]
    assert np.flatnonzero(np.nan_to_num(second)).tolist() == list(range(120, 150))


def test_evidence_is_positive_for_a_mouth_that_speaks_and_negative_for_others_even_alone() -> None:
    speaking, twitching, listening, frozen = scores(Looks(TALKS, TWITCHES, LISTENS, IS_STILL))
    assert speaking > MOVES
    assert STILL < twitching < MOVES
    assert FROZEN < listening < STILL
    assert frozen == pytest.approx(-SURE)
    assert scores(Looks(LISTENS)) == [listening]
    assert scores(Looks(TALKS)) == [speaking]


def lips_for(motion: Motion, level: float) -> float:
    """What LR-ASD must say of a face that moves like that for its score, the mean with that by mouth, to be `level`."""
    return SPEAKING_LIPS + 2 * level - scores(Looks(motion))[0]


def test_lr_asd_judges_only_where_mouths_leave_doubt_and_none_that_moves_much_less() -> None:
    for clear in (Looks(TALKS, LISTENS, IS_STILL), Looks(TALKS), Looks(IS_STILL, IS_STILL)):
        lips = Lips(0, 0, 0)
        assert scores(clear, lips) == scores(clear)
        assert lips.judged == []
    lips = Lips(lips_for(TALKS, 2.5), lips_for(TALKS, -1.5), 9, 9)
    levels = scores(Looks(TALKS, TALKS, LISTENS, IS_STILL), lips)
    assert levels[:2] == pytest.approx([2.5, -1.5])
    assert levels[2:] == scores(Looks(LISTENS, IS_STILL))
    assert lips.judged == [(0, GLANCE), (1, GLANCE)]
    assert scores(Looks(LISTENS, LISTENS), Lips(lips_for(LISTENS, -2), 9)) == pytest.approx([-2, SURE])


def test_a_mouth_that_moves_speaks_even_if_lr_asd_takes_its_lips_for_silent() -> None:
    """LR-ASD is often wrong where one person speaks and another only moves the lips."""
    speaking, silent = scores(Looks(TALKS, TALKS), Lips(SPEAKING_LIPS - 0.2, SPEAKING_LIPS + 2.5))
    assert rivals(1, {0: WEIGHT * speaking, 1: WEIGHT * silent}) == (0,)


@pytest.mark.parametrize(
    ("levels", "grows"),
    [
        ((2.5, -1.5), False),  # One face speaks.
        ((2.5, 0.4), False),  # The other one may, but much less.
        ((1.0, -0.6), False),  # Their scores are close, but the other one does not.
        ((-1.0, -1.5), False),  # Nobody in view speaks.
        ((2.5, 2.0), True),  # Both seem to.
        ((1.0, -0.4), True),  # Perhaps the other one does.
        ((0.3, -1.5), True),  # Perhaps one does.
        ((-0.3, -1.5), True),
    ],
)
def test_an_excerpt_grows_to_the_whole_utterance_where_there_is_doubt(levels: tuple[float, ...], grows: bool) -> None:
    look, lips = Looks(TALKS, TALKS), Lips(*(lips_for(TALKS, level) for level in levels))
    scores(look, lips)
    assert look.sweeps == [[(50, 50 + GLANCE)], *([[(50, 125)]] if grows else [])]
    assert lips.judged[2:] == ([(0, 75), (1, 75)] if grows else [])


@pytest.mark.parametrize(
    ("faces", "grows"),
    [((TALKS, LISTENS), False), ((LISTENS, LISTENS), False), ((TWITCHES, LISTENS), True), ((TALKS, TALKS), True)],
)
def test_without_models_it_grows_where_mouths_leave_doubt(faces: tuple[Motion, ...], grows: bool) -> None:
    look = Looks(*faces)
    scores(look)
    assert look.sweeps[1:] == ([[(50, 125)]] if grows else [])


def test_an_excerpt_begins_at_a_key_picture_and_reaches_around_a_short_utterance_inside_its_shot() -> None:
    utterances = [
        Utterance(10, 20, None),
        Utterance(60, 160, None),
        Utterance(200, 208, None),
        Utterance(240, 250, None),
    ]
    look = Looks(TALKS, keys=[0, 90, 120, 155])
    found(look, utterances, cuts=[0, 198])
    assert look.sweeps == [[(0, 30), (90, 120), (198, 228), (220, 250)]]
    assert first_spans(utterances, look.keys, [0, 198, PICTURES]) == look.sweeps[0]


def spoken(voices: str) -> list[Utterance]:
    """One utterance a second, each by the voice of a letter."""
    return [Utterance(number * FPS, number * FPS + 20, voice) for number, voice in enumerate(voices)]


@pytest.mark.parametrize(
    ("faces", "voices", "asked"),
    [
        ((TALKS, LISTENS), "aaaaaa", 6),  # One voice: it may be that of several people.
        ((IS_STILL, IS_STILL), "abababab", 6),  # Both voices are nobody's in view.
        ((TALKS, TALKS), "abababab", 8),  # Two faces look as if they speak.
        ((TALKS, LISTENS), "abababab", 8),  # One face for two voices.
    ],
)
def test_of_voices_some_utterances_are_looked_at_and_all_where_they_contradict_each_other(
    faces: tuple[Motion, ...], voices: str, asked: int
) -> None:
    look = Looks(*faces)
    found(look, spoken(voices))
    assert len(set(chain.from_iterable(look.sweeps))) == asked


def test_of_each_voice_the_utterances_soonest_after_a_key_picture_are_looked_at() -> None:
    long = [Utterance(start, start + GLANCE, voice) for start, voice in zip(range(0, 240, 30), "abababab", strict=True)]
    keys = [0, 90, 180]
    assert first_spans(long, keys, [0, PICTURES]) == [(start, start + GLANCE) for start in (0, 30, 90, 120, 180, 210)]
    short = [Utterance(start, start + 20, voice) for start, voice in ((0, "a"), (90, "b"))]
    assert first_spans([*short, *long[1:3], *long[4:]], keys, [0, PICTURES])[0] == (30, 60)


def test_each_shot_of_a_voice_is_looked_at() -> None:
    look = Looks(IS_STILL)
    found(look, spoken("ababababab"), cuts=[0, 50, 100, 150, 200])
    assert len(look.sweeps[0]) == 10


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from([TALKS, TWITCHES, LISTENS]), min_size=1, max_size=3), st.permutations(range(4)))
def test_a_frozen_face_changes_nothing_and_the_order_of_faces_does_not_matter(
    faces: list[Motion], order: list[int]
) -> None:
    utterances = spoken("abba")
    levels = {TALKS: 4.0, TWITCHES: 1.0, LISTENS: 0.0, IS_STILL: 9.0}
    without = found(Looks(*faces), utterances, Lips(*(levels[motion] for motion in faces)))
    shuffled = [number for number in order if number <= len(faces)]
    more = [[*faces, IS_STILL][number] for number in shuffled]
    with_frozen = found(Looks(*more), utterances, Lips(*(levels[motion] for motion in more)))
    for row, number in zip(with_frozen, shuffled, strict=True):
        assert row.tolist() == (without[number].tolist() if number < len(faces) else np.minimum(row, 0).tolist())


@pytest.mark.parametrize(
    ("speaker", "others", "expected"),
    [
        (0.25, {1: -0.1}, ()),
        (0.25, {1: 0.2}, (1,)),
        (0.25, {1: 0.01}, ()),  # It may speak, but the lead is clear.
        (0.1, {1: 0.01, 2: 0.05, 3: -0.01}, (1, 2)),
        (0.1, {1: 0.3}, (1,)),  # The sequence made the speaker likelier than the utterance alone does.
        (-0.1, {1: -0.05}, ()),
    ],
)
def test_rivals_look_as_if_they_speak_and_not_clearly_less(
    speaker: float, others: dict[int, float], expected: tuple[int, ...]
) -> None:
    assert rivals(0, {0: speaker, **others}) == expected


@given(st.dictionaries(st.integers(0, 5), st.floats(-0.3, 0.3), min_size=1), st.integers(0, 5))
def test_a_solo_has_a_clear_lead_over_everybody_who_looks_as_if_they_speak(
    evidence: dict[int, float], speaker: int
) -> None:
    others = {person: value for person, value in evidence.items() if person != speaker and value > 0}
    if not rivals(speaker, evidence):
        assert all(evidence.get(speaker, 0.0) - value >= CLEAR * WEIGHT for value in others.values())
    assert speaker not in rivals(speaker, evidence)


def test_a_window_without_pictures_or_faces_is_no_error() -> None:
    assert evidence([], [], [0], 0, SILENCE, Looks(), None).shape == (0, 0)
    assert found(Looks(), [Utterance(0, 50, None)]).shape == (0, PICTURES)
    assert np.nan_to_num(found(Looks(TALKS, spans=[(10, 20)]), [Utterance(0, 50, None)])).max() == 0
