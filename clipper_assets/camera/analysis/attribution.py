"""Who is who in the windows that were looked at, and who speaks: from portraits, evidence and the transcript."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import pyarrow as pa

from clipper_assets.camera.analysis.observation import Observation, Portrait
from clipper_assets.camera.analysis.people import Seen, people
from clipper_assets.camera.analysis.speaking import PerPicture, likeliest
from clipper_assets.camera.analysis.utterances import Utterance, utterances
from clipper_assets.camera.analysis.voices import Heard, speaker, voices
from clipper_assets.camera.scene import FPS, Scene, Track, Turn
from clipper_assets.runtime.degraded import Degraded

HELD_S = 1.0
"""A pause of up to so long does not end a turn."""


@dataclass(frozen=True)
class LookedAt:
    """One window as it was seen and heard: a scene without people and turns, a portrait of each of its tracks, the
    utterances, and the evidence that each track's face speaks them."""

    scene: Scene
    pictures: int
    portraits: tuple[Portrait, ...]
    evidence: PerPicture
    utterances: Sequence[Utterance]


def attributed(
    looked_at: Sequence[LookedAt], known: Sequence[Observation], words: pa.Table, degraded: tuple[Degraded, ...]
) -> tuple[list[Observation], bool]:
    """The windows with their people and turns, and whether voices of the transcript are tied to faces.

    People and voices are settled over all windows at once. `known` observations of other windows count as well, but
    stay as they are. `degraded` are the fallbacks of the look.
    """
    settled = [
        (track.person, _seen(track, portrait))
        for each in known
        for track, portrait in zip(each.scene.tracks, each.portraits, strict=True)
    ]
    faces = [
        _seen(track, portrait)
        for each in looked_at
        for track, portrait in zip(each.scene.tracks, each.portraits, strict=True)
    ]
    numbers = iter(people(faces, settled))
    heard = [Heard(each.utterances, each.evidence, [next(numbers) for _ in each.portraits]) for each in looked_at]
    owners = voices([*(_heard(each, words) for each in known), *heard])
    observations = [
        Observation(
            _scene(window.scene, window_heard, owners),
            window.pictures,
            window.portraits,
            tuple(row[~np.isnan(row)] for row in window.evidence),
            degraded,
        )
        for window, window_heard in zip(looked_at, heard, strict=True)
    ]
    return observations, bool(owners)


def _seen(track: Track, portrait: Portrait) -> Seen:
    start_s, end_s = float(track.times_s[0]), float(track.times_s[-1]) + 1 / FPS
    return Seen(start_s, end_s, np.median(track.boxes_px, axis=0), portrait.astype(np.float64))


def _heard(known: Observation, words: pa.Table) -> Heard:
    """An observation as it was when it was looked at."""
    scene = known.scene
    evidence = np.full((len(scene.tracks), known.pictures), np.nan)
    for row, track, likelihoods in zip(evidence, scene.tracks, known.evidence, strict=True):
        first = round((track.times_s[0] - scene.start_s) * FPS)
        row[first : first + len(likelihoods)] = likelihoods
    spoken = utterances(words, scene.start_s, known.pictures, _cuts(scene))
    return Heard(spoken, evidence, [track.person for track in scene.tracks])


def _cuts(scene: Scene) -> list[int]:
    """The number of the picture that begins each shot."""
    return [round((shot.start_s - scene.start_s) * FPS) for shot in scene.shots]


def _scene(scene: Scene, heard: Heard, owners: Mapping[int, str]) -> Scene:
    """The scene with its people and turns."""
    tracks = [replace(track, person=person) for track, person in zip(scene.tracks, heard.people, strict=True)]
    return replace(scene, tracks=tuple(tracks), turns=_turns(scene, heard, owners))


def _turns(scene: Scene, heard: Heard, owners: Mapping[int, str]) -> tuple[Turn, ...]:
    """Utterance by utterance: the owner of the voice, or where the transcript knows none, the likeliest face."""
    path = likeliest(heard.evidence, heard.utterances, _cuts(scene))
    said: list[Turn] = []
    for utterance in heard.utterances:
        if owners and utterance.voice:
            stretches = [(speaker(utterance, heard, owners), utterance.end - utterance.start)]
        else:
            faces = groupby(path[utterance.start : utterance.end].tolist())
            stretches = [(heard.people[face] if face >= 0 else None, len(list(same))) for face, same in faces]
        at = utterance.start
        for person, pictures in stretches:
            start_s, at = scene.start_s + at / FPS, at + pictures
            end_s = min(scene.start_s + at / FPS, scene.end_s)
            if said and said[-1].person == person and start_s - said[-1].end_s <= HELD_S:
                start_s = said.pop().start_s
            said.append(Turn(start_s, end_s, person))
    return tuple(said)
