"""Recognises people across windows and attributes speech to them, from portraits, evidence and the transcript."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import pyarrow as pa

from clipper_assets.camera.analysis.observation import Observation, Portrait
from clipper_assets.camera.analysis.people import Appearance, recognise
from clipper_assets.camera.analysis.sequence import likeliest_speakers
from clipper_assets.camera.analysis.speaking import PerPicture, rivals
from clipper_assets.camera.analysis.utterances import Utterance, utterances
from clipper_assets.camera.analysis.voices import Owners, WindowSpeech, evidence_by_person, gains, match_voices
from clipper_assets.camera.scene import FPS, Scene, Track, Turn
from clipper_assets.runtime.degraded import Degraded

TURN_PAUSE_S = 1.0
"""A shorter pause does not end a turn."""


@dataclass(frozen=True)
class AnalysedWindow:
    """One decoded window before people are recognised: `scene` has no turns yet and no person numbers.

    There is one portrait per track, and one row of `evidence` that this track's face speaks the utterances.
    """

    scene: Scene
    pictures: int
    portraits: tuple[Portrait, ...]
    evidence: PerPicture
    utterances: Sequence[Utterance]


def attribute_speakers(
    windows: Sequence[AnalysedWindow], known: Sequence[Observation], words: pa.Table, degraded: tuple[Degraded, ...]
) -> tuple[list[Observation], bool]:
    """Observations with people and turns, and whether the transcript's voices could be matched to faces.

    People and voices are decided over all windows at once. `known` observations of other windows are used as well, but
    are not changed. `degraded` lists the fallbacks used in the analysis of `windows`.
    """
    known_faces = [
        (track.person, _appearance(track, portrait))
        for observation in known
        for track, portrait in zip(observation.scene.tracks, observation.portraits, strict=True)
    ]
    faces = [
        _appearance(track, portrait)
        for window in windows
        for track, portrait in zip(window.scene.tracks, window.portraits, strict=True)
    ]
    numbers = iter(recognise(faces, known_faces))
    speech = [
        WindowSpeech(window.utterances, window.evidence, [next(numbers) for _ in window.portraits])
        for window in windows
    ]
    owners = match_voices([*(_speech(observation, words) for observation in known), *speech])
    observations = [
        Observation(
            _scene(window.scene, window_speech, owners),
            window.pictures,
            window.portraits,
            tuple(row[~np.isnan(row)] for row in window.evidence),
            degraded,
        )
        for window, window_speech in zip(windows, speech, strict=True)
    ]
    return observations, bool(owners)


def _appearance(track: Track, portrait: Portrait) -> Appearance:
    start_s, end_s = float(track.times_s[0]), float(track.times_s[-1]) + 1 / FPS
    return Appearance(start_s, end_s, np.median(track.boxes_px, axis=0), portrait.astype(np.float64))


def _speech(known: Observation, words: pa.Table) -> WindowSpeech:
    """The speech of a stored observation, with its evidence spread over the frames of the window again."""
    scene = known.scene
    evidence = np.full((len(scene.tracks), known.pictures), np.nan)
    for row, track, likelihoods in zip(evidence, scene.tracks, known.evidence, strict=True):
        first = round((track.times_s[0] - scene.start_s) * FPS)
        row[first : first + len(likelihoods)] = likelihoods
    spoken = utterances(words, scene.start_s, known.pictures, _cuts(scene))
    return WindowSpeech(spoken, evidence, [track.person for track in scene.tracks])


def _cuts(scene: Scene) -> list[int]:
    """The number of the first picture of each shot."""
    return [round((shot.start_s - scene.start_s) * FPS) for shot in scene.shots]


def _scene(scene: Scene, speech: WindowSpeech, owners: Owners) -> Scene:
    """The scene with its people and turns."""
    tracks = [replace(track, person=person) for track, person in zip(scene.tracks, speech.people, strict=True)]
    return replace(scene, tracks=tuple(tracks), turns=_turns(scene, speech, owners))


def _turns(scene: Scene, speech: WindowSpeech, owners: Owners) -> tuple[Turn, ...]:
    """The turns of a scene: the likeliest sequence of speakers, given the faces' evidence and the owners of voices."""
    path = likeliest_speakers(gains(speech, owners), speech.utterances, _cuts(scene))
    turns: list[Turn] = []
    for utterance in speech.utterances:
        evidence = evidence_by_person(utterance, speech)
        at = utterance.start
        for face, same in groupby(path[utterance.start : utterance.end].tolist()):
            person = speech.people[face] if face >= 0 else None
            start_s, at = scene.start_s + at / FPS, at + len(list(same))
            end_s = min(scene.start_s + at / FPS, scene.end_s)
            having = owners.get(utterance.voice or "", set())
            others = rivals(person, evidence) if person is not None else ()
            if person in having:
                others = tuple(other for other in others if other in having)
            turn = Turn(start_s, end_s, person, others)
            if turns and _continues(turn, turns[-1]):
                turn = replace(turn, start_s=turns.pop().start_s)
            turns.append(turn)
    return tuple(turns)


def _continues(turn: Turn, before: Turn) -> bool:
    same = (turn.person, turn.rivals) == (before.person, before.rivals)
    return same and turn.start_s - before.end_s <= TURN_PAUSE_S
