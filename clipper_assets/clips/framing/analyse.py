"""Looks at an episode's windows: their shots and faces, who is who, and who speaks when."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from clipper_assets.clips.framing.asd import Score, lr_asd
from clipper_assets.clips.framing.faces import Detector, haar, ultraface
from clipper_assets.clips.framing.frames import Picture, grey_pictures, picture_size_px
from clipper_assets.clips.framing.models import ModelFileError, verify
from clipper_assets.clips.framing.path import square_size_px
from clipper_assets.clips.framing.people import Seen, people
from clipper_assets.clips.framing.phrases import Phrase, phrases
from clipper_assets.clips.framing.scene import FPS, Boxes, Scene, Shot, Track, Turn
from clipper_assets.clips.framing.screens import SAMPLE, screen
from clipper_assets.clips.framing.speaking import PerPicture, evidence, likeliest
from clipper_assets.clips.framing.tracks import Follower
from clipper_assets.clips.framing.voices import Heard, speaker, voices
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.frame import Box
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Report, part

STEP = "camera_paths"
HELD_S = 1.0
"""A pause of up to so long does not end a turn."""


@dataclass(frozen=True)
class Analysis:
    """A scene for each window in order, what could not be done as well as it should, and what told who speaks."""

    scenes: list[Scene]
    degraded: tuple[Degraded, ...]
    method: str


@dataclass(frozen=True)
class _Looked:
    """One window as it was seen and heard: its shots, in source pixels; the faces, and the boxes of each, picture by
    picture; the phrases, and the evidence that each face speaks them."""

    start_s: float
    end_s: float
    cuts: list[int]
    shots: tuple[Shot, ...]
    faces: list[Seen]
    boxes: list[Boxes]
    phrases: list[Phrase]
    evidence: PerPicture


def analyse(
    windows: Sequence[tuple[float, float]],
    source: RawVideo,
    media_source: str,
    words: pa.Table,
    speech: Samples,
    models_dir: Path | None,
    report: Report,
) -> Analysis:
    """Look at each window (start and end in seconds of the episode) once.

    `words` are the episode's (`transcript.words.WORDS`), `speech` is its sound. Models are taken from `models_dir` or
    the cache; without them faces are found by a Haar cascade and speakers by the motion of their mouths, and `degraded`
    says so. Raises FfmpegError where a window cannot be decoded.
    """
    detector, score, degraded = _models(models_dir)
    looked = [
        _look(window, source, media_source, words, speech, detector, score, part(report, number, len(windows)))
        for number, window in enumerate(windows)
    ]
    numbers = iter(people([face for window in looked for face in window.faces]))
    heard = [Heard(window.phrases, window.evidence, [next(numbers) for _ in window.faces]) for window in looked]
    owners = voices(heard)
    scenes = [_scene(window, said, owners, source) for window, said in zip(looked, heard, strict=True)]
    report(1.0)
    blind = sum(not window.faces for window in looked)
    if blind:
        degraded.append(
            Degraded(STEP, f"no face was found in {blind} of {len(windows)} windows: nobody to follow there")
        )
    method = "LR-ASD" if score else "mouth motion"
    if owners:
        method = f"voices of the transcript, tied to faces by {method}"
    return Analysis(scenes, tuple(degraded), "no faces" if blind == len(windows) else method)


def _models(models_dir: Path | None) -> tuple[Detector, Score | None, list[Degraded]]:
    """What finds faces and what tells who speaks, each one step worse where its model is missing or damaged."""
    degraded = []
    try:
        detector = ultraface(verify("ultraface-rfb-320", models_dir))
    except ModelFileError as error:
        detector = haar()
        degraded.append(Degraded(STEP, f"faces are found by a Haar cascade: {error}"))
    try:
        score = lr_asd(verify("lr-asd-frontend", models_dir), verify("lr-asd-backend", models_dir))
    except ModelFileError as error:
        score = None
        degraded.append(Degraded(STEP, f"who speaks is told by the motion of mouths: {error}"))
    return detector, score, degraded


def _look(
    window: tuple[float, float],
    source: RawVideo,
    media_source: str,
    words: pa.Table,
    speech: Samples,
    detector: Detector,
    score: Score | None,
    report: Report,
) -> _Looked:
    start_s, end_s = window
    samples: list[Picture] = []
    follower = Follower(detector)
    follower.watch(_sampled(grey_pictures(media_source, source, start_s, end_s), samples, end_s - start_s, report))
    to_source = square_size_px(source)[0] / picture_size_px(source)[0]
    faces, boxes = [], []
    for face in follower.faces:
        boxes.append(np.array(face.boxes) * to_source)
        middle, portrait = np.median(boxes[-1], axis=0), np.mean(face.portraits, axis=0)
        faces.append(Seen(start_s + face.first / FPS, start_s + face.end / FPS, middle, portrait))
    shots = _shots(follower, samples, start_s, end_s, to_source)
    spoken = phrases(words, start_s, follower.pictures, follower.cuts)
    sound = speech[round(start_s * SPEECH_RATE_HZ) :]
    found = evidence(follower.faces, spoken, follower.pictures, sound, score)
    return _Looked(start_s, end_s, follower.cuts, shots, faces, boxes, spoken, found)


def _shots(
    follower: Follower, samples: Sequence[Picture], start_s: float, end_s: float, to_source: float
) -> tuple[Shot, ...]:
    shots = []
    for number, (cut, end) in enumerate(pairwise([*follower.cuts, follower.pictures])):
        faces = [np.median(face.boxes, axis=0) * SAMPLE for face in follower.faces if face.shot == number]
        found = screen(samples[math.ceil(cut / FPS) : math.ceil(end / FPS)], np.array(faces).reshape(-1, 4))
        shown = Box(*(value * to_source / SAMPLE for value in found)) if found else None
        shots.append(Shot(start_s + cut / FPS, end_s if end == follower.pictures else start_s + end / FPS, shown))
    return tuple(shots)


def _sampled(
    pictures: Iterator[Picture], samples: list[Picture], duration_s: float, report: Report
) -> Iterator[Picture]:
    """The pictures as they come; one a second is put small into `samples`."""
    import cv2

    for number, picture in enumerate(pictures):
        if number % FPS == 0:
            small = cv2.resize(picture, None, fx=SAMPLE, fy=SAMPLE, interpolation=cv2.INTER_AREA)
            samples.append(small.astype(np.uint8, copy=False))
            report(min(number / FPS / duration_s, 1.0))
        yield picture


def _scene(window: _Looked, heard: Heard, owners: Mapping[int, str], source: RawVideo) -> Scene:
    tracks = [
        Track(person, face.start_s + np.arange(len(boxes)) / FPS, boxes)
        for person, face, boxes in zip(heard.people, window.faces, window.boxes, strict=True)
    ]
    width_px, height_px = square_size_px(source)
    turns = _turns(window, heard, owners)
    return Scene(window.start_s, window.end_s, width_px, height_px, window.shots, tuple(tracks), turns)


def _turns(window: _Looked, heard: Heard, owners: Mapping[int, str]) -> tuple[Turn, ...]:
    """Phrase by phrase: the owner of the voice, or where the transcript knows none, the likeliest face."""
    path = likeliest(heard.evidence, heard.phrases, window.cuts)
    said: list[Turn] = []
    for phrase in heard.phrases:
        if owners and phrase.voice:
            stretches = [(speaker(phrase, heard, owners), phrase.end - phrase.start)]
        else:
            faces = groupby(path[phrase.start : phrase.end].tolist())
            stretches = [(heard.people[face] if face >= 0 else None, len(list(same))) for face, same in faces]
        at = phrase.start
        for person, pictures in stretches:
            start_s, at = window.start_s + at / FPS, at + pictures
            end_s = min(window.start_s + at / FPS, window.end_s)
            if said and said[-1].person == person and start_s - said[-1].end_s <= HELD_S:
                start_s = said.pop().start_s
            said.append(Turn(start_s, end_s, person))
    return tuple(said)
