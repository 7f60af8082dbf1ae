"""All figures of a finished clip: headers, one pass of ffmpeg over picture and sound, captions and words."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ffmpeg
import numpy as np

from clipper_assets.captions.lines import Page
from clipper_assets.clips.cuts import Span
from clipper_assets.clips.gates.container import read_container
from clipper_assets.clips.gates.figures import Container, Figures, Promised
from clipper_assets.clips.gates.picture import (
    PICTURES_PER_S,
    Pictures,
    black_s,
    blank_s,
    frozen_s,
    small_size_px,
    without,
)
from clipper_assets.clips.gates.sound import STEP_S, edge_level_db, lateness
from clipper_assets.clips.gates.words import cut_word_s, overhang_px, reading_speed_cps
from clipper_assets.media.ffmpeg import run
from clipper_assets.media.frame import Box
from clipper_assets.media.inputs import media_input
from clipper_assets.media.levels import rms_levels
from clipper_assets.media.loudness import metered, parse_summary
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples

PICTURES_FILE, SPEECH_FILE = "pictures.gray", "speech.f32"


@dataclass(frozen=True)
class Shown:
    """What a clip holds by its plan; seconds from its start, pixels of its frame.

    `pages` are its burned captions and `boxes` their lines, all inside of `safe` if all is well. `spoken` are the words
    of the episode in the clip and around it, `screens` the stretches with slides or a shared screen. `missing_captions`
    counts what `pages` have and the file that libass read has not. `speaker_share` is the share of the time in which
    somebody visible speaks that they are in frame, None where nobody does.
    """

    pages: Sequence[Page]
    boxes: Sequence[Box]
    safe: Box
    spoken: Sequence[Span]
    missing_captions: int = 0
    screens: Sequence[Span] = ()
    speaker_share: float | None = None


def measure_clip(media_source: str, promised: Promised, shown: Shown) -> Figures:
    """Measure a clip (a `file:` path or URL).

    Raises `av.FFmpegError` where it cannot be opened, FfmpegError where it cannot be decoded, and ValueError where a
    stream is missing or empty.
    """
    container = read_container(media_source)
    with tempfile.TemporaryDirectory(prefix="clipper-") as work:
        log = run(_decode(media_source, container), cwd=Path(work))
        width_px, height_px = small_size_px(container.width_px, container.height_px)
        pictures: Pictures = np.fromfile(Path(work) / PICTURES_FILE, np.uint8).reshape(-1, height_px, width_px)
        speech: Samples = np.fromfile(Path(work) / SPEECH_FILE, np.float32)
    mask = without(shown.boxes, container.width_px, container.height_px)
    heard = rms_levels(speech, STEP_S)
    loudness = parse_summary(log)
    words = [(word.start_s, word.end_s) for page in shown.pages for word in page.words]
    late_s, match = lateness(heard, words) or (None, None)
    return Figures(
        **container.model_dump(),
        promised=promised,
        black_s=black_s(pictures, mask),
        frozen_s=frozen_s(pictures, mask, shown.screens),
        blank_s=blank_s(pictures, mask),
        loudness_lufs=loudness and loudness.lufs,
        true_peak_dbtp=loudness and loudness.dbtp,
        caption_overhang_px=overhang_px(shown.boxes, shown.safe),
        reading_speed_cps=reading_speed_cps(shown.pages),
        late_speech_s=late_s,
        speech_match=match,
        missing_captions=shown.missing_captions,
        speaker_share=shown.speaker_share,
        cut_word_s=cut_word_s(shown.spoken, container.duration_s),
        edge_level_db=edge_level_db(heard, shown.spoken, container.duration_s),
    )


def _decode(media_source: str, container: Container) -> Sequence[str]:
    """Small grey pictures, speech and the loudness meter from one pass that skips the frames nothing depends on."""
    media = media_input(media_source, skip_frame="bidir")
    small = small_size_px(container.width_px, container.height_px)
    pictures = (
        media.video.filter("fps", PICTURES_PER_S, start_time=0)
        .filter("scale", *small, flags="area")
        .filter("format", "gray")
    )
    halves = media.audio.filter_multi_output("asplit")
    outputs = [
        ffmpeg.output(pictures, PICTURES_FILE, format="rawvideo"),
        ffmpeg.output(halves[1], SPEECH_FILE, format="f32le", ar=SPEECH_RATE_HZ, ac=1),
        ffmpeg.output(metered(halves[0]), "-", format="null"),
    ]
    arguments: Sequence[str] = ffmpeg.merge_outputs(*outputs).get_args()
    return arguments
