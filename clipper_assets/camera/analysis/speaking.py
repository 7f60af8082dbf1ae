"""The evidence that a face speaks, from as few excerpts of a window as tell it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.analysis.asd import Score
from clipper_assets.camera.analysis.excerpts import Look, Span
from clipper_assets.camera.analysis.mouth import mouth_score
from clipper_assets.camera.analysis.utterances import Utterance
from clipper_assets.camera.scene import FPS
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples

WEIGHT = 0.1
"""Log likelihood per picture and unit of score; small, because neighbouring pictures carry nearly the same evidence."""
GLANCE = round(1.2 * FPS)
"""Number of pictures of an excerpt. LR-ASD needs that many: with other people's silent lips at 0, the mean score of
speaking lips is 1.8 in 0.5 s, 2.5 in 0.8 s and 3.5 in 1.2 s, and half a second inside an excerpt of 1.2 s has 3.0."""
SPEAKING_LIPS = 1.2
"""Score of LR-ASD between lips that move with speech (measured with four people in four sizes: mean 3.2, 5 % below
2.0) and silent ones (mean -0.3, 5 % above 0.9) or still ones (-0.5, 0.3), so that the difference is absolute."""
SURE = 3.0
"""Larger scores are clipped: they are no more certain."""
CLEAR = 2.0
"""Least lead, as a score, of one face that speaks over another that seems to. Of 180 silent faces with moving lips,
none had 2 more than the speaker's by mouth motion and LR-ASD (the most was 1.5), and five by LR-ASD alone (2.8)."""
DOUBT = 0.5
"""Largest score by mouth motion and LR-ASD, above or below 0, that is in doubt: 99 % of people who speak have more (the
mean is 1.7), 99 % of those who listen with a closed mouth less than -0.9 (-1.5); silent lips that move have 1.5."""
MOVES, STILL, FROZEN = 0.5, -0.5, -1.2
"""Scores by mouth motion of a mouth that moves beside others that are still, so that LR-ASD is not needed, and of a
picture. Of speaking people 80 % are above 0.5 and hardly any below -0.5, silent ones are at most 0.35, 70 % below -0.5.
"""
BEHIND = 2.0
"""Lead of the mouth that moves most over one that LR-ASD need not judge: the mean lead of speaking people over silent
ones is 2.3, and of two people who move their lips, one has 2 more in 2 % of the excerpts (standard deviation 0.6
each)."""
GLANCES_PER_VOICE = 3
"""Utterances of each voice that are looked at in a window before its faces contradict each other."""
PerPicture = NDArray[np.float64]
"""Values of shape (faces, pictures of the window)."""
Scores = Mapping[int, float]
"""The score of each face that was judged: above 0, it looks as if it speaks, by what can be seen of it alone."""


def evidence(
    faces: Sequence[Span],
    utterances: Sequence[Utterance],
    cuts: Sequence[int],
    pictures: int,
    sound: Samples,
    look: Look,
    score: Score | None,
) -> PerPicture:
    """The log likelihood ratio per picture that each face speaks, against that it does not.

    It is NaN where the face is not in view, and 0 where nobody speaks or nobody looked. `faces` are the pictures in
    which each face is in view. An excerpt of each utterance is looked at, of a voice of the transcript only of some
    utterances unless they contradict each other. Mouth motion decides if it is clear, else together with `score`, if
    that is not None; where both leave doubt, they get the whole utterance.
    """
    likelihoods = np.full((len(faces), pictures), np.nan)
    for row, (first, end) in zip(likelihoods, faces, strict=True):
        row[first:end] = 0.0
    judge = _Judge(look, sound, score, [*cuts, pictures])
    first_asked = _some_of_each_voice(utterances, look.keys, judge.borders)
    scores = judge.scores(first_asked)
    if len(first_asked) < len(utterances) and _contradictory(scores, cuts):
        scores |= judge.scores([utterance for utterance in utterances if utterance not in scores])
    for utterance, of_faces in scores.items():
        for number, value in of_faces.items():
            first, end = max(utterance.start, faces[number][0]), min(utterance.end, faces[number][1])
            likelihoods[number, first:end] = WEIGHT * float(np.clip(value, -SURE, SURE))
    return likelihoods


def rivals(speaker: int, evidence: Mapping[int, float]) -> tuple[int, ...]:
    """The other people who look as if they speak, and not clearly less than `speaker` does.

    `evidence` is the mean log likelihood per picture of each person in view, as that of `evidence`.
    """
    least = max(evidence.get(speaker, 0.0) - CLEAR * WEIGHT, 0.0)
    return tuple(sorted(person for person, value in evidence.items() if person != speaker and value > least))


def first_spans(utterances: Sequence[Utterance], keys: Sequence[int], borders: Sequence[int]) -> list[Span]:
    """The excerpts that `evidence` asks for first, and often only; more where they leave doubt.

    `keys` are the key pictures, `borders` the first pictures of all shots and the number of pictures.
    """
    return [_glance(utterance, keys, borders) for utterance in _some_of_each_voice(utterances, keys, borders)]


def _glance(utterance: Utterance, keys: Sequence[int], borders: Sequence[int]) -> Span:
    """`GLANCE` pictures of the utterance, from a key picture on if there is one, or around a shorter one."""
    first, end = utterance.start, utterance.end
    if end - first > GLANCE:
        first = next((key for key in keys if first < key <= end - GLANCE), first)
        return first, first + GLANCE
    shot = max(border for border in borders if border <= first)
    shot_end = min(border for border in borders if border >= end)
    first = max(min((first + end - GLANCE) // 2, shot_end - GLANCE), shot)
    return first, min(first + GLANCE, shot_end)


class _Judged(NamedTuple):
    """The scores of the faces in an excerpt, and whether they leave no doubt."""

    scores: Scores
    clear: bool


@dataclass(frozen=True)
class _Judge:
    """Judges faces in excerpts; `borders` are the first pictures of all shots, and the number of pictures."""

    look: Look
    sound: Samples
    lips_score: Score | None
    borders: Sequence[int]

    def scores(self, utterances: Sequence[Utterance]) -> dict[Utterance, Scores]:
        """The scores of the faces in view in each utterance; where an excerpt leaves doubt, from all of it."""
        glances = {utterance: _glance(utterance, self.look.keys, self.borders) for utterance in utterances}
        self.look.expect(list(glances.values()))
        judged = {utterance: self._judged(utterance, span) for utterance, span in glances.items()}
        longer = {
            utterance: (min(first, utterance.start), max(end, utterance.end))
            for utterance, (first, end) in glances.items()
            if not judged[utterance].clear and (utterance.start < first or end < utterance.end)
        }
        if longer:
            self.look.expect(list(longer.values()))
            judged |= {utterance: self._judged(utterance, span) for utterance, span in longer.items()}
        return {utterance: result.scores for utterance, result in judged.items()}

    def _judged(self, utterance: Utterance, span: Span) -> _Judged:
        first, end = span
        excerpts = self.look(first, end)
        if end - first < 2 or not excerpts:
            return _Judged({}, True)
        sound = _samples(self.sound, first, end)
        by_mouth = {number: mouth_score(excerpt.motions, sound) for number, excerpt in excerpts.items()}
        clear = _is_clear_by_mouth(by_mouth.values(), nobody=FROZEN if self.lips_score else STILL)
        if not self.lips_score or clear:
            return _Judged(by_mouth, clear)
        spoken = slice(max(utterance.start - first, 0), utterance.end - first)
        by_lips = {
            number: float(np.mean(self.lips_score(excerpts[number].lips, sound)[spoken])) - SPEAKING_LIPS
            for number, value in by_mouth.items()
            if value >= max(FROZEN, max(by_mouth.values()) - BEHIND)
        }
        # LR-ASD takes some speakers for silent, whose mouths move all the same.
        by_both = {number: (by_mouth[number] + value) / 2 for number, value in by_lips.items()}
        return _Judged(by_mouth | by_both, _is_clear_by_both(by_both.values()))


def _is_clear_by_mouth(scores: Iterable[float], nobody: float) -> bool:
    """Whether exactly one mouth moves and all others are still, or all scores are below `nobody`."""
    best, *others = sorted(scores, reverse=True)
    return (best > MOVES and all(other < STILL for other in others)) or best < nobody


def _is_clear_by_both(scores: Iterable[float]) -> bool:
    """Whether one face speaks, and all others do not or with a clear lead of that one, or none speaks."""
    best, *others = sorted(scores, reverse=True)
    return best < -DOUBT or (best > DOUBT and all(other < -DOUBT or best - other >= CLEAR for other in others))


def _some_of_each_voice(
    utterances: Sequence[Utterance], keys: Sequence[int], borders: Sequence[int]
) -> list[Utterance]:
    """All utterances without a voice, and of each voice the cheapest ones, at least one in each shot."""
    if len({utterance.voice for utterance in utterances} - {None}) < 2:
        return list(utterances)

    def cost(utterance: Utterance) -> tuple[int, int, int]:
        """Long enough ones first, then by the pictures that are decoded on the way from a key picture."""
        first, length = _glance(utterance, keys, borders)[0], utterance.end - utterance.start
        way = first - max((key for key in keys if key <= first), default=0) if keys else 0
        return -min(length, GLANCE), way, -length

    chosen = [utterance for utterance in utterances if utterance.voice is None]
    of_voice: Counter[str | None] = Counter()
    shots = set()
    for utterance in sorted(utterances, key=cost):
        here = utterance.voice, _shot(utterance, borders)
        if utterance.voice is not None and (of_voice[utterance.voice] < GLANCES_PER_VOICE or here not in shots):
            of_voice[utterance.voice] += 1
            shots.add(here)
            chosen.append(utterance)
    return sorted(chosen, key=lambda each: each.start)


def _contradictory(scores: Mapping[Utterance, Scores], cuts: Sequence[int]) -> bool:
    """Whether a voice has two faces in one shot, or a face two voices, or two faces look as if they speak."""
    faces: dict[tuple[str, int], set[int | None]] = defaultdict(set)
    for utterance, of_faces in scores.items():
        if utterance.voice is not None:
            levels = {number: WEIGHT * value for number, value in of_faces.items()}
            speaker = max(levels, key=lambda number: levels[number], default=None)
            if speaker is not None and rivals(speaker, levels):
                return True
            of_voice = faces[utterance.voice, _shot(utterance, cuts)]
            of_voice.add(None if speaker is None or levels[speaker] <= 0 else speaker)
    voices = Counter(face for of_voice in faces.values() for face in of_voice if face is not None)
    return any(len(of_voice) > 1 for of_voice in faces.values()) or any(count > 1 for count in voices.values())


def _shot(utterance: Utterance, cuts: Sequence[int]) -> int:
    return sum(cut <= utterance.start for cut in cuts)


def _samples(sound: Samples, start: int, end: int) -> Samples:
    size = SPEECH_RATE_HZ // FPS
    return sound[start * size : end * size]
