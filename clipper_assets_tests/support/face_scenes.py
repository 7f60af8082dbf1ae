"""Makes videos of several real people with sound and exact truth: grids, two-shots, close-ups, voices from outside.

`build("grid_2x2")` returns a `FaceScene`; the names are those of `face_layouts.LAYOUTS`. Videos are kept in `CACHE`, in
folders named by a hash of everything that decides them.
"""

import inspect
import os
import tempfile
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from hashlib import sha256
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from clipper_assets.camera.scene import FPS
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.frame import Box
from clipper_assets.media.speech import Samples
from clipper_assets.transcript.words import Word, words_table
from clipper_assets_tests.support import face_clips, face_pictures, face_video
from clipper_assets_tests.support.face_clips import PICTURES, clips
from clipper_assets_tests.support.face_layouts import LAYOUTS, Act
from clipper_assets_tests.support.face_pictures import face_of
from clipper_assets_tests.support.face_video import Variation, runs, write
from clipper_assets_tests.support.media import source_of, speech_of

CACHE = Path(os.environ.get("FACE_SCENES_DIR") or Path(tempfile.gettempdir()) / "face_scenes")
RUN_S = PICTURES / FPS
"""Duration of a clip, and of each run of an act."""


class TrueShot(NamedTuple):
    """What is in view between two cuts: the face of each person, the tiles, and the slides; in pixels of the video."""

    start_s: float
    end_s: float
    faces: dict[int, Box]
    tiles: tuple[Box, ...]
    screen: Box | None


class TrueVoice(NamedTuple):
    """A sentence: who says it, in view or not, and who else moves the lips without a sound meanwhile."""

    start_s: float
    end_s: float
    person: int
    lips: frozenset[int]


@dataclass(frozen=True)
class FaceScene:
    """A video with its truth. People are numbered from 0, and keep their numbers in all shots."""

    name: str
    file: Path
    acts: tuple[Act, ...]
    variation: Variation

    @property
    def duration_s(self) -> float:
        return RUN_S * sum(act.runs for act in self.acts)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the video."""
        return self.variation.size_px

    @cached_property
    def source(self) -> RawVideo:
        return source_of(self.file)

    @cached_property
    def speech(self) -> Samples:
        return speech_of(self.file)

    @cached_property
    def shots(self) -> tuple[TrueShot, ...]:
        shots: list[TrueShot] = []
        box = self.variation.box
        for _, group in groupby(self.acts, key=lambda act: act.seats):
            acts = list(group)
            start_s = shots[-1].end_s if shots else 0.0
            faces = {seat.person: box(face_of(seat, self.variation.cast(seat.person))) for seat in acts[0].seats}
            tiles = tuple(sorted(map(box, acts[0].tiles), key=lambda tile: (round(tile.top), tile.left)))
            screen = box(acts[0].screen) if acts[0].screen else None
            shots.append(TrueShot(start_s, start_s + RUN_S * sum(act.runs for act in acts), faces, tiles, screen))
        return tuple(shots)

    @cached_property
    def voices(self) -> tuple[TrueVoice, ...]:
        voices = []
        for number, act in enumerate(runs(self.acts)):
            start, end = self.variation.cast(act.voice).voiced
            voices.append(TrueVoice(number * RUN_S + start / FPS, number * RUN_S + end / FPS, act.voice, act.lips))
        return tuple(voices)

    @cached_property
    def words(self) -> pa.Table:
        """The words table: the words of each sentence are spread evenly over the time in which it is heard."""
        words = []
        for number, voice in enumerate(self.voices):
            text = self.variation.cast(voice.person).text
            times_s = np.linspace(voice.start_s, voice.end_s, len(text) + 1).tolist()
            speaker = f"SPEAKER_{voice.person:02}" if self.variation.voices else None
            words += [
                Word(word, start_s, end_s, number, speaker=speaker)
                for word, (start_s, end_s) in zip(text, pairwise(times_s), strict=True)
            ]
        return words_table(self.name, words, [word.segment for word in words], "en", {})

    def shot_at(self, time_s: float) -> TrueShot:
        return next(shot for shot in self.shots if shot.start_s <= time_s < shot.end_s)

    def voice_at(self, time_s: float) -> TrueVoice | None:
        """The sentence that is heard at a time; None in a pause."""
        return next((voice for voice in self.voices if voice.start_s <= time_s < voice.end_s), None)


def build(name: str, variation: Variation | None = None) -> FaceScene:
    """The scene of that name; its video is made if the cache lacks it, which takes some seconds."""
    variation = variation or Variation()
    acts = tuple(LAYOUTS[name](variation.cast))
    folder = CACHE / f"{name}_{_key(variation, acts)}"
    file = folder / f"{name}.mp4"
    if not file.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE, prefix="part_") as part:
            made = Path(part) / folder.name
            made.mkdir()
            write(made / file.name, acts, variation)
            try:
                made.rename(folder)
            except OSError:  # Another process has made it meanwhile.
                if not file.exists():
                    raise
    return FaceScene(name, file, acts, variation)


def _key(variation: Variation, acts: tuple[Act, ...]) -> str:
    code = [Path(inspect.getfile(module)).read_bytes() for module in (face_clips, face_pictures, face_video)]
    decided = repr((asdict(replace(variation, voices=False)), acts)).encode()
    parts = [*code, decided, *(clip.pictures.tobytes() for clip in clips())]
    return sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()[:16]
