"""Looks at an episode's windows: their shots and faces, who is who, and who speaks when."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from clipper_assets.camera.analysis.asd import Score, lr_asd
from clipper_assets.camera.analysis.attribution import LookedAt, attributed
from clipper_assets.camera.analysis.faces import Detector, haar, ultraface
from clipper_assets.camera.analysis.frames import Picture, grey_pictures, picture_size_px
from clipper_assets.camera.analysis.models import ModelFileError, verify
from clipper_assets.camera.analysis.observation import Observation
from clipper_assets.camera.analysis.screens import SAMPLE, screen
from clipper_assets.camera.analysis.speaking import evidence
from clipper_assets.camera.analysis.tracks import Follower
from clipper_assets.camera.analysis.utterances import utterances
from clipper_assets.camera.scene import FPS, Scene, Shot, Track
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.frame import Box
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Report, part

STEP = "scenes"
UNKNOWN = -1
"""The person of a face until it is settled who is who."""


@dataclass(frozen=True)
class Analysis:
    """What was found in each window, in their order, and what told who speaks."""

    observations: list[Observation]
    method: str

    @property
    def scenes(self) -> list[Scene]:
        return [observation.scene for observation in self.observations]


def analyse(
    windows: Sequence[tuple[float, float]],
    source: RawVideo,
    media_source: str,
    words: pa.Table,
    speech: Samples,
    models_dir: Path | None,
    report: Report,
    known: Sequence[Observation] = (),
) -> Analysis:
    """Look at each window (start and end in seconds of the episode) once.

    `words` are the episode's (`transcript.words.WORDS`), `speech` is its sound. Models are taken from `models_dir` or
    the cache; without them faces are found by a Haar cascade and speakers by the motion of their mouths, and `degraded`
    of each observation says so. `known` are observations of other windows: their people keep their numbers, and their
    evidence counts where voices are tied to faces. Raises FfmpegError where a window cannot be decoded.
    """
    detector, score, degraded = _models(models_dir)
    looked_at = [
        _look(window, source, media_source, words, speech, detector, score, part(report, number, len(windows)))
        for number, window in enumerate(windows)
    ]
    observations, has_voices = attributed(looked_at, known, words, degraded)
    report(1.0)
    method = "LR-ASD" if score else "mouth motion"
    if has_voices:
        method = f"voices of the transcript, tied to faces by {method}"
    return Analysis(observations, method if any(each.scene.tracks for each in observations) else "no faces")


def _models(models_dir: Path | None) -> tuple[Detector, Score | None, tuple[Degraded, ...]]:
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
    return detector, score, tuple(degraded)


def _look(
    window: tuple[float, float],
    source: RawVideo,
    media_source: str,
    words: pa.Table,
    speech: Samples,
    detector: Detector,
    score: Score | None,
    report: Report,
) -> LookedAt:
    start_s, end_s = window
    samples: list[Picture] = []
    follower = Follower(detector)
    follower.watch(_sampled(grey_pictures(media_source, source, start_s, end_s), samples, end_s - start_s, report))
    width_px, height_px = source.square_size_px
    to_source = width_px / picture_size_px(source)[0]
    tracks = tuple(
        Track(UNKNOWN, start_s + np.arange(face.first, face.end) / FPS, np.array(face.boxes) * to_source)
        for face in follower.faces
    )
    shots = _shots(follower, samples, start_s, end_s, to_source)
    spoken = utterances(words, start_s, follower.pictures, follower.cuts)
    sound = speech[round(start_s * SPEECH_RATE_HZ) :]
    return LookedAt(
        Scene(start_s, end_s, width_px, height_px, shots, tracks, ()),
        follower.pictures,
        tuple(np.mean(face.portraits, axis=0).round().astype(np.uint8) for face in follower.faces),
        evidence(follower.faces, spoken, follower.pictures, sound, score),
        spoken,
    )


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
