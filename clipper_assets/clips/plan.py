"""What decides a clip's bytes, settled before anything is rendered."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from clipper_assets.clips.captions.lines import CaptionWord
from clipper_assets.clips.captions.styles import CaptionStyle
from clipper_assets.clips.framing.camera import CameraPath
from clipper_assets.clips.rendering.encoders import Encoder
from clipper_assets.episodes.loudness import LoudnessTrack
from clipper_assets.episodes.source import RawVideo

RENDERER_VERSION = "2"
TARGET_LUFS = -14.0
MAX_GAIN_DB = 30.0
MAX_FPS = 60


@dataclass(frozen=True)
class ClipPlan:
    """One clip: its stretch of the episode in seconds (on frame boundaries), and everything that is drawn or set.

    `microphones` are the stream and channel of each voice that is mixed; none where the sound is one mix already.
    """

    index: int
    etag: str
    start_s: float
    end_s: float
    fps: Fraction
    words: tuple[CaptionWord, ...]
    style: CaptionStyle
    camera: CameraPath
    gain_db: float
    microphones: tuple[tuple[int, int | None], ...] = ()

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s

    def spec(self, encoder: Encoder) -> str:
        """A hash of all that decides the clip's bytes: equal specs, equal clips."""
        decisive = {
            **asdict(self),
            "index": None,
            "fps": str(self.fps),
            "style": self.style.model_dump(),
            "encoder": asdict(encoder),
            "renderer": RENDERER_VERSION,
        }
        return hashlib.sha256(
            json.dumps(decisive, sort_keys=True, default=lambda layout: layout.value).encode()
        ).hexdigest()[:32]


def output_fps(source: RawVideo) -> Fraction:
    """The source's frame rate, kept up to 60; a variable one becomes the nearest whole rate.

    Rates of the 1000/1001 family stay exact.
    """
    rate = Fraction(max(round(source.fps), 1)) if source.variable_fps else Fraction(source.fps).limit_denominator(1001)
    return min(rate, Fraction(MAX_FPS))


def plan_clip(
    window: Mapping[str, Any],
    words: pa.Table,
    source: RawVideo,
    loudness: LoudnessTrack,
    style: CaptionStyle,
    camera: CameraPath,
) -> ClipPlan:
    """Plan the clip of one row of the windows table."""
    sentence = pc.field("sentence")
    inside = (sentence >= window["first_sentence"]) & (sentence <= window["last_sentence"])
    rows = words.filter(inside).to_pylist()
    fps = output_fps(source)
    start_s = _on_frame(window["start"], fps, latest_s=min((row["start"] for row in rows), default=math.inf))
    frames = max(round((min(window["end"], source.duration_s) - start_s) * fps), 1)
    measured = loudness.integrated(window["start"], window["end"])
    return ClipPlan(
        index=window["clip"],
        etag=source.etag,
        start_s=start_s,
        end_s=start_s + float(frames / fps),
        fps=fps,
        words=tuple(
            CaptionWord(
                text=row["text"],
                start_s=max(row["start"] - start_s, 0.0),
                end_s=row["end"] - start_s,
                sentence=row["sentence"],
                speaker=row["speaker"],
            )
            for row in rows
        ),
        style=style,
        camera=camera,
        microphones=tuple((each.stream, each.channel) for each in source.microphones),
        gain_db=0.0 if math.isnan(measured) else round(min(TARGET_LUFS - measured, MAX_GAIN_DB), 3),
    )


def _on_frame(time_s: float, fps: Fraction, latest_s: float) -> float:
    """The first frame at or after `time_s`, or the one before where that would pass `latest_s`.

    A clip that starts between two frames shows its first one up to half a frame late against its sound.
    """
    after = float(math.ceil(time_s * fps - Fraction(1, 1000)) / fps)
    return after if after <= latest_s else float(math.floor(time_s * fps) / fps)
