"""Draws and encodes the video of a scene: who is the clip of whom, and which of its pictures is shown when."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import av
import numpy as np

from clipper_assets.camera.scene import FPS
from clipper_assets.media.frame import Box
from clipper_assets_tests.support.face_clips import PICTURES, SOUND_HZ, Clip, clips
from clipper_assets_tests.support.face_layouts import Act
from clipper_assets_tests.support.face_pictures import CANVAS, compose
from clipper_assets_tests.support.media import Picture

CROSS_PICTURES = 5
"""Pictures that blend into each other at a crossed join of two runs."""
_GAINS = (1.0, 0.92, 0.8)
"""Brightness of the people of the same clip, of whom every other one is mirrored."""


class Listening(StrEnum):
    """What people do who neither speak nor move their lips: nothing, or what people do with a closed mouth."""

    frozen = "frozen"
    still = "still"


class Join(StrEnum):
    """How a clip is followed by its repetition."""

    hard = "hard"
    cross = "cross"


@dataclass(frozen=True)
class Variation:
    """Makes siblings of a scene: another size, left and right exchanged, other people in each seat, darker.

    `lag` is how many pictures later than the speaker's clip that of silent lips begins. `voices` gives the words of the
    table their true speakers. `gop` is the most pictures from one key picture to the next; cameras make 12 to 50, x264
    250 by default.
    """

    width_px: int = 1280
    mirrored: bool = False
    rotation: int = 0
    gain: float = 1.0
    listening: Listening = Listening.frozen
    join: Join = Join.hard
    lag: int = 0
    voices: bool = False
    gop: int = 250

    @property
    def scale(self) -> float:
        return self.width_px / CANVAS.width

    @property
    def size_px(self) -> tuple[int, int]:
        return self.width_px, round(self.scale * CANVAS.height)

    def cast(self, person: int) -> Clip:
        """The clip of a person. There are more people than clips: some are the mirrored, darker ones of others."""
        material = clips()
        lap, number = divmod(person, len(material))
        return _person((number + self.rotation) % len(material), bool(lap % 2), self.gain * _GAINS[lap])

    def box(self, planned: Box) -> Box:
        """The box in pixels of the video."""
        left = CANVAS.width - planned.right if self.mirrored else planned.left
        return Box(*(self.scale * side for side in (left, *planned[1:])))


@cache
def _person(number: int, mirrored: bool, gain: float) -> Clip:
    clip = clips()[number].darker(gain) if gain < 1 else clips()[number]
    return clip.mirrored() if mirrored else clip


def runs(acts: tuple[Act, ...]) -> Iterator[Act]:
    for act in acts:
        yield from [act] * act.runs


def write(file: Path, acts: tuple[Act, ...], variation: Variation) -> None:
    """Encode the scene as mp4."""
    sound = np.concatenate([variation.cast(act.voice).sound for act in runs(acts)])
    with av.open(str(file), "w") as container:
        options = {"preset": "veryfast", "crf": "21", "g": str(variation.gop)}
        video = container.add_stream("libx264", rate=FPS, options=options)
        video.width, video.height, video.pix_fmt = *variation.size_px, "yuv420p"
        audio = container.add_stream("aac", rate=SOUND_HZ, layout="mono")
        heard = sound.reshape(-1, 1, SOUND_HZ // FPS)
        for picture, samples in zip(pictures(acts, variation), heard, strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            container.mux(video.encode(frame))
            block = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            block.sample_rate = SOUND_HZ
            container.mux(audio.encode(block))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


def pictures(acts: tuple[Act, ...], variation: Variation) -> Iterator[Picture]:
    """The pictures of the scene, 25 a second."""
    for act in acts:
        cast = {seat.person: variation.cast(seat.person) for seat in act.seats}
        for number in range(act.runs * PICTURES):
            shown = {person: _picture(clip, number, _part(act, person), variation) for person, clip in cast.items()}
            picture = compose(act.backdrop, act.seats, shown, cast, variation.scale)
            yield picture[:, ::-1] if variation.mirrored else picture


class _Part(StrEnum):
    speaks = "speaks"
    lips = "lips"
    listens = "listens"


def _part(act: Act, person: int) -> _Part:
    if person == act.voice:
        return _Part.speaks
    return _Part.lips if person in act.lips else _Part.listens


def _picture(clip: Clip, number: int, part: _Part, variation: Variation) -> Picture:
    """The picture of a person, `number` pictures after the act's start."""
    if part == _Part.listens:
        return _at(clip, _quiet(clip, number, variation.listening))
    place = (number - (variation.lag if part == _Part.lips else 0)) % PICTURES
    if variation.join == Join.cross and place < CROSS_PICTURES and number >= PICTURES:
        share = (place + 1) / (CROSS_PICTURES + 1)
        return np.asarray(share * _at(clip, place) + (1 - share) * _at(clip, PICTURES - 1), np.uint8)
    return _at(clip, place)


def _at(clip: Clip, place: int) -> Picture:
    return np.asarray(clip.pictures[place])


def _quiet(clip: Clip, number: int, listening: Listening) -> int:
    """The place in the clip of a listener's picture: always the same, or back and forth through the rest."""
    first, last = clip.quiet
    return first if listening == Listening.frozen else last - abs(number % (2 * (last - first)) - (last - first))
