"""Analyses an episode's windows: finds shots and faces, recognises people, and decides who speaks when."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from clipper_assets.camera.analysis.asd import Score, lr_asd
from clipper_assets.camera.analysis.attribution import AnalysedWindow, attribute_speakers
from clipper_assets.camera.analysis.faces import DETECTORS, Detector, haar
from clipper_assets.camera.analysis.frames import picture_size_px
from clipper_assets.camera.analysis.looking import Looking
from clipper_assets.camera.analysis.observation import Observation
from clipper_assets.camera.analysis.recording import Recording
from clipper_assets.camera.analysis.screens import SAMPLE, screen
from clipper_assets.camera.analysis.speaking import evidence, first_spans
from clipper_assets.camera.analysis.sweep import Swept, sweep
from clipper_assets.camera.analysis.tiles import tiles
from clipper_assets.camera.analysis.tracks import FollowedFace, follow
from clipper_assets.camera.analysis.utterances import utterances
from clipper_assets.camera.scene import FPS, Scene, Shot, Track
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.frame import Box
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.models.store import ModelFileError, model_path, verify
from clipper_assets.runtime.asset_names import SCENES
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Report, part

UNKNOWN = -1
"""Placeholder for `Track.person` until people are recognised."""


@dataclass(frozen=True)
class Analysis:
    """The observation of each window, in the order of the windows.

    `method` decided who speaks, and `detector` found the faces.
    """

    observations: list[Observation]
    method: str
    detector: str

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
    """Decode and analyse each window (start and end in seconds of the episode) once.

    `words` is the episode's table (`transcript.words.WORDS`), `speech` its sound. Models are read from `models_dir` or
    the cache. Without them faces are found by a Haar cascade and speakers by mouth motion, and `degraded` of each
    observation records the fallback. `known` are observations of other windows: their people keep their numbers, and
    their evidence is used as well when voices are matched to faces. Raises FfmpegError if a window cannot be decoded.
    """
    detector, score, degraded = _models(models_dir)
    analysed = [
        _analyse_window(
            window, source, media_source, words, speech, detector, score, part(report, number, len(windows))
        )
        for number, window in enumerate(windows)
    ]
    observations, has_voices = attribute_speakers(analysed, known, words, degraded)
    report(1.0)
    method = "LR-ASD" if score else "mouth motion"
    if has_voices:
        method = f"transcript speakers, matched to faces by {method}"
    has_faces = any(observation.scene.tracks for observation in observations)
    return Analysis(observations, method if has_faces else "no faces", detector.name)


def _models(models_dir: Path | None) -> tuple[Detector, Score | None, tuple[Degraded, ...]]:
    """The face detector and the speech scorer, each replaced by its fallback if a model is missing or damaged."""
    degraded = []
    detector, error = _detector(models_dir)
    if error:
        degraded.append(Degraded(SCENES, f"faces were found with {detector.name} instead of YuNet: {error}"))
    try:
        score = lr_asd(verify("lr-asd-frontend", models_dir), verify("lr-asd-backend", models_dir))
    except ModelFileError as error:
        score = None
        degraded.append(Degraded(SCENES, f"speakers were detected by mouth motion instead of LR-ASD: {error}"))
    return detector, score, tuple(degraded)


def _detector(models_dir: Path | None) -> tuple[Detector, ModelFileError | None]:
    """The first detector whose model is there and intact, and what is wrong with a better one that is damaged.

    Without any model Haar's, and what is wrong with the first.
    """
    errors, damaged = [], None
    for name, made in DETECTORS.items():
        try:
            return made(verify(name, models_dir)), damaged
        except ModelFileError as error:
            errors.append(error)
            if model_path(name, models_dir):
                damaged = damaged or error
    return haar(), errors[0]


def _analyse_window(
    window: tuple[float, float],
    source: RawVideo,
    media_source: str,
    words: pa.Table,
    speech: Samples,
    detector: Detector,
    score: Score | None,
    report: Report,
) -> AnalysedWindow:
    start_s, end_s = window
    width_px, height_px = source.square_size_px
    to_source = width_px / picture_size_px(source)[0]
    sound = speech[round(start_s * SPEECH_RATE_HZ) :]
    with Recording(media_source, source, start_s, end_s) as recording:
        uncut, whole = utterances(words, start_s, recording.count, []), [0, recording.count]
        swept = sweep(recording, detector, lambda keys: first_spans(uncut, keys, whole), report)
        faces = follow(swept.looks, swept.cuts, swept.pictures)
        spoken = utterances(words, start_s, swept.pictures, swept.cuts)
        look = Looking(recording, faces, swept.keys, swept.excerpts)
        in_view = [(face.first, face.end) for face in faces]
        likelihoods = evidence(in_view, spoken, swept.cuts, swept.pictures, sound, look, score)
    tracks = tuple(
        Track(UNKNOWN, start_s + np.arange(face.first, face.end) / FPS, face.boxes * to_source) for face in faces
    )
    return AnalysedWindow(
        Scene(start_s, end_s, width_px, height_px, _shots(swept, faces, start_s, end_s, to_source), tracks, ()),
        swept.pictures,
        tuple(face.portrait for face in faces),
        likelihoods,
        spoken,
    )


def _shots(
    swept: Swept, tracked: Sequence[FollowedFace], start_s: float, end_s: float, to_source: float
) -> tuple[Shot, ...]:
    shots = []
    for number, (cut, end) in enumerate(pairwise([*swept.cuts, swept.pictures])):
        shown = [sample for at, sample in swept.samples.items() if cut <= at < end]
        medians = [np.median(face.boxes, axis=0) * SAMPLE for face in tracked if face.shot == number]
        faces = np.array(medians).reshape(-1, 4)
        participants = tiles(shown, faces)
        box = screen(shown, faces, participants)
        shot_end_s = end_s if end == swept.pictures else start_s + end / FPS
        screen_px = _scaled(box, to_source / SAMPLE) if box else None
        tiles_px = tuple(_scaled(tile, to_source / SAMPLE) for tile in participants)
        shots.append(Shot(start_s + cut / FPS, shot_end_s, screen_px, tiles_px))
    return tuple(shots)


def _scaled(box: Box, factor: float) -> Box:
    return Box(*(value * factor for value in box))
