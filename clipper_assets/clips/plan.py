"""Plans a clip: everything that determines the rendered file, decided before rendering."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path

import pyarrow as pa

from clipper_assets.camera.direction.path import CameraPath, Keyframe
from clipper_assets.captions.keywords import mark_keywords
from clipper_assets.captions.layout import Captions, Places
from clipper_assets.captions.lines import CaptionWord
from clipper_assets.captions.styles import CaptionStyle
from clipper_assets.clips.cuts import TimeMap, tighten
from clipper_assets.clips.look import Look
from clipper_assets.clips.translation.texts import Translation
from clipper_assets.clips.translation.timing import in_translation
from clipper_assets.episodes.source import RawVideo
from clipper_assets.highlights.window import Window
from clipper_assets.media.frame import Frame
from clipper_assets.text.clean import clean_text

RENDERER_VERSION = "4"
MAX_FPS = 60


@dataclass(frozen=True)
class ClipPlan:
    """One clip: its stretch of the episode in seconds (on frame boundaries), and everything to be rendered.

    `cuts` says which parts of that stretch the clip keeps. Words and camera count in seconds of the clip. `microphones`
    are the stream and channel of each voice to be mixed; empty if the recording is mixed already. `repairs` says how
    the upload's faults are repaired. `places` are where the captions stand if the style's position would cover faces.
    """

    index: int
    etag: str
    start_s: float
    end_s: float
    fps: Fraction
    frame: Frame
    cuts: TimeMap
    words: tuple[CaptionWord, ...]
    style: CaptionStyle
    hook: str | None
    camera: CameraPath
    microphones: tuple[tuple[int, int | None], ...] = ()
    fonts_dir: Path | None = None
    repairs: str = ""
    places: Places = ()

    @property
    def duration_s(self) -> float:
        return self.cuts.duration_s

    @property
    def language(self) -> str | None:
        """The language of the captions (ISO 639-1)."""
        return next((word.language for word in self.words if word.language), None)

    @property
    def captions(self) -> Captions:
        """The captions to be burned into the clip. Using them raises ValueError if the style's font is missing."""
        return Captions(self.words, self.style, self.frame, self.duration_s, self.hook, self.fonts_dir, self.places)

    @property
    def spec(self) -> str:
        """A hash of everything that determines what the clip shows and plays: equal specs, equal clips.

        It has the letters that no font draws, so that a clip is rendered again when the machine has a font for them.
        The encoder is not included, so that an episode that moves from a machine with NVENC to one without keeps its
        files and their approvals.
        """
        decisive = {
            **asdict(self),
            "index": None,
            "fonts_dir": None,
            "fps": str(self.fps),
            "style": self.style.model_dump(),
            "renderer": RENDERER_VERSION,
            "missing_letters": self.captions.missing_glyphs,
        }
        return hashlib.sha256(
            json.dumps(decisive, sort_keys=True, default=lambda layout: layout.value).encode()
        ).hexdigest()[:32]


def output_fps(source: RawVideo) -> Fraction:
    """The frame rate of clips: the source's, but at most 60; a variable rate is rounded to the nearest integer.

    Rates of the 1000/1001 family stay exact. An audio-only source gets 30.
    """
    if source.audio_only:
        return Fraction(30)
    rate = Fraction(max(round(source.fps), 1)) if source.variable_fps else Fraction(source.fps).limit_denominator(1001)
    return min(rate, Fraction(MAX_FPS))


def plan_clip(
    window: Window,
    words: pa.Table,
    source: RawVideo,
    look: Look,
    camera: CameraPath,
    translation: Translation | None = None,
) -> ClipPlan:
    """Plan the clip of a window, with captions and hook in translation if there is one.

    `camera` is in seconds of the episode. Texts are cleaned again, because the tables may have been written by an
    earlier version or edited by a person. What is cut out depends on what is spoken, in any language.
    """
    import pyarrow.compute as pc

    sentence = pc.field("sentence")
    inside = (sentence >= window.first_sentence) & (sentence <= window.last_sentence)
    rows = words.filter(inside).to_pylist()
    fps = output_fps(source)
    start_s = _on_frame(window.start, fps, latest_s=min((row["start"] for row in rows), default=math.inf))
    frames = max(round((min(window.end, source.duration_s) - start_s) * fps), 1)
    window_s = float(frames / fps)
    caption_words = [
        CaptionWord(
            text=text,
            start_s=max(row["start"] - start_s, 0.0),
            end_s=row["end"] - start_s,
            sentence=row["sentence"],
            speaker=row["speaker"] and clean_text(row["speaker"]),
            language=row["language"],
        )
        for row in rows
        if (text := clean_text(row["text"]).strip())
    ]
    marked = mark_keywords(caption_words, window.hashtags or [window.title])
    cuts = tighten(marked, window_s, fps, rows[0]["language"]) if look.tighten and rows else TimeMap.whole(window_s)
    return ClipPlan(
        index=window.clip,
        etag=source.etag,
        start_s=start_s,
        end_s=start_s + window_s,
        fps=fps,
        frame=look.frame,
        cuts=cuts,
        words=_translated(_kept(marked, cuts), translation) if translation else _kept(marked, cuts),
        style=look.style,
        hook=clean_text(translation.hook if translation else window.hook) if look.hook_title else None,
        camera=_in_clip(camera, start_s, cuts),
        microphones=tuple((microphone.stream, microphone.channel) for microphone in source.microphones),
        fonts_dir=look.fonts_dir,
        repairs=source.repairs,
    )


def _kept(words: Sequence[CaptionWord], cuts: TimeMap) -> tuple[CaptionWord, ...]:
    """The words that the clip keeps, with times of the clip."""
    return tuple(
        replace(word, start_s=cuts.at(word.start_s), end_s=cuts.at(word.end_s))
        for word in words
        if cuts.contains((word.start_s + word.end_s) / 2)
    )


def _translated(words: Sequence[CaptionWord], translation: Translation) -> tuple[CaptionWord, ...]:
    """The captions in translation, for words with times of the clip; the key words are those of the title."""
    captions = in_translation(words, translation.sentences, translation.language)
    return mark_keywords(captions, [translation.title])


def _in_clip(camera: CameraPath, start_s: float, cuts: TimeMap) -> CameraPath:
    """The camera path with times of the clip; of several keyframes at the same time only the last is kept."""
    keyframes: dict[float, Keyframe] = {}
    for key in camera.keyframes:
        time_s = cuts.at(max(key.time_s - start_s, 0.0))
        if time_s < cuts.duration_s:
            ease_s = key.ease_s if time_s > 0 else 0.0
            keyframes[time_s] = replace(key, time_s=time_s, ease_s=ease_s, why="")
    return CameraPath(tuple(keyframes.values()))


def _on_frame(time_s: float, fps: Fraction, latest_s: float) -> float:
    """The time of the first frame at or after `time_s`, or of the frame before if that were later than `latest_s`.

    A clip that starts between two frames would show its first one up to half a frame after its sound.
    """
    after = float(math.ceil(time_s * fps - Fraction(1, 1000)) / fps)
    return after if after <= latest_s else float(math.floor(time_s * fps) / fps)
