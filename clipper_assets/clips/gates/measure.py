"""Measures all figures of a finished clip from its headers, one pass of ffmpeg, its captions and its words."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ffmpeg
import numpy as np

from clipper_assets.captions.lines import Page
from clipper_assets.clips.cuts import Span
from clipper_assets.clips.gates.container import read_container
from clipper_assets.clips.gates.figures import Container, Figures, PlannedFormat
from clipper_assets.clips.gates.picture import (
    PICTURES_PER_S,
    Pictures,
    black_s,
    blank_s,
    frozen_s,
    mask_without,
    small_size_px,
)
from clipper_assets.clips.gates.sound import STEP_S, edge_level_db, speech_delay
from clipper_assets.clips.gates.words import cut_word_s, overhang_px, reading_speed_cps, speech_with_words
from clipper_assets.media.ffmpeg import run
from clipper_assets.media.frame import Box
from clipper_assets.media.inputs import media_input
from clipper_assets.media.levels import rms_levels
from clipper_assets.media.loudness import metered, parse_summary
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples

MOST_LETTERS = 20
"""How many missing letters a clip's record names."""
PICTURES_FILE, SPEECH_FILE = "pictures.gray", "speech.f32"


@dataclass(frozen=True)
class PlannedContent:
    """What a clip should show and play; times in seconds from its start, boxes in pixels of its frame.

    Attributes:
        pages: The burned captions.
        boxes: The lines of the captions, which should be inside `safe`.
        safe: The safe area.
        spoken: The words in and around the clip.
        missing_captions: The number of pieces of captions that are missing in the ASS file.
        missing_letters: The letters of the captions that no font draws.
        letters_px: The height of the em of the smallest captions; None without captions.
        screens: The stretches that show slides or a shared screen.
        speaker_share: How much of the time the current speaker is in frame, 0..1, counting only speakers who are
            visible in the source; None if there are none.
        alone_share: How much of the time only wanted people are in the picture, 0..1; None without faces.
        advert_s: How many seconds of adverts the clip shows.
    """

    pages: Sequence[Page]
    boxes: Sequence[Box]
    safe: Box
    spoken: Sequence[Span]
    missing_captions: int = 0
    missing_letters: str = ""
    letters_px: float | None = None
    screens: Sequence[Span] = ()
    speaker_share: float | None = None
    alone_share: float | None = None
    advert_s: float = 0.0


def measure_clip(media_source: str, planned: PlannedFormat, content: PlannedContent) -> Figures:
    """Measure a clip (a `file:` path or URL).

    Raises `av.FFmpegError` if it cannot be opened, FfmpegError if it cannot be decoded, and ValueError if a stream is
    missing or empty.
    """
    container = read_container(media_source)
    with tempfile.TemporaryDirectory(prefix="clipper-") as work:
        log = run(_decode(media_source, container), cwd=Path(work))
        width_px, height_px = small_size_px(container.width_px, container.height_px)
        pictures: Pictures = np.fromfile(Path(work) / PICTURES_FILE, np.uint8).reshape(-1, height_px, width_px)
        speech: Samples = np.fromfile(Path(work) / SPEECH_FILE, np.float32)
    mask = mask_without(content.boxes, container.width_px, container.height_px)
    levels = rms_levels(speech, STEP_S)
    loudness = parse_summary(log)
    words = [(word.start_s, word.end_s) for page in content.pages for word in page.words]
    late_s, match = speech_delay(levels, words) or (None, None)
    return Figures(
        **container.model_dump(),
        promised=planned,
        black_s=black_s(pictures, mask),
        frozen_s=frozen_s(pictures, mask, content.screens),
        blank_s=blank_s(pictures, mask),
        loudness_lufs=loudness and loudness.lufs,
        true_peak_dbtp=loudness and loudness.dbtp,
        caption_overhang_px=overhang_px(content.boxes, content.safe),
        reading_speed_cps=reading_speed_cps(content.pages),
        late_speech_s=late_s,
        speech_match=match,
        missing_captions=content.missing_captions,
        missing_letters=content.missing_letters[:MOST_LETTERS],
        letters_px=content.letters_px,
        speaker_share=content.speaker_share,
        alone_share=content.alone_share,
        cut_word_s=cut_word_s(content.spoken, container.duration_s),
        speech_with_words=speech_with_words(speech, content.spoken),
        advert_s=content.advert_s,
        edge_level_db=edge_level_db(levels, content.spoken, container.duration_s),
    )


def _decode(media_source: str, container: Container) -> Sequence[str]:
    """ffmpeg's arguments for one pass without B-frames that writes small pictures and speech and measures loudness."""
    clip = media_input(media_source, skip_frame="bidir")
    small_size = small_size_px(container.width_px, container.height_px)
    pictures = (
        clip.video.filter("fps", PICTURES_PER_S, start_time=0)
        .filter("scale", *small_size, flags="area")
        .filter("format", "gray")
    )
    audio_copies = clip.audio.filter_multi_output("asplit")
    outputs = [
        ffmpeg.output(pictures, PICTURES_FILE, format="rawvideo"),
        ffmpeg.output(audio_copies[1], SPEECH_FILE, format="f32le", ar=SPEECH_RATE_HZ, ac=1),
        ffmpeg.output(metered(audio_copies[0]), "-", format="null"),
    ]
    arguments: Sequence[str] = ffmpeg.merge_outputs(*outputs).get_args()
    return arguments
