"""The figures measured on a finished clip.

They are stored in the clip's record, so that a clip can be judged by changed limits without rendering it again.
"""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Rounded = Annotated[float, AfterValidator(lambda figure: round(figure, 4))]


class PlannedFormat(BaseModel):
    """The format that the plan sets for the video file."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, defer_build=True)

    width_px: int
    height_px: int
    fps: Rounded
    duration_s: Rounded


class Container(BaseModel):
    """The format of a file by its headers and packets, with times in seconds as the container states them."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, defer_build=True)

    width_px: int
    height_px: int
    size_bytes: int
    duration_s: Rounded
    fps: Rounded
    uneven_s: Rounded = Field(description="largest deviation of the time between two frames from 1 / fps")
    video_codec: str
    pixel_format: str
    audio_codec: str
    audio_rate_hz: int
    audio_channels: int
    late_sound_s: Rounded = Field(description="how much later the audio starts than the video; negative: earlier")
    long_sound_s: Rounded = Field(description="how much later the audio ends than the video; negative: earlier")


class Figures(Container):
    """Figures of the encoded file, its captions and its words; None where there is nothing to measure."""

    promised: PlannedFormat
    black_s: Rounded = Field(description="the longest black stretch, ignoring captions")
    frozen_s: Rounded = Field(description="the longest stretch without motion, ignoring captions and shared screens")
    blank_s: Rounded = Field(description="the longest stretch without spatial detail, ignoring captions")
    loudness_lufs: Rounded | None = Field(description="integrated (BS.1770-4), of the decoded AAC; None if silent")
    true_peak_dbtp: Rounded | None = Field(description="of the decoded AAC; None if silent")
    caption_overhang_px: Rounded = Field(description="how far a line of captions extends beyond the safe area")
    reading_speed_cps: Rounded | None = Field(
        description="characters per second in the fastest five seconds of captions"
    )
    late_speech_s: Rounded | None = Field(
        description="how much later the speech is heard than its captions show it; negative: earlier"
    )
    speech_match: Rounded | None = Field(description="correlation of speech and captions at that delay, -1..1")
    missing_captions: int | None = Field(
        None, description="pieces of planned captions that are not burned in; None if they were not counted"
    )
    missing_letters: str = Field("", description="letters of the captions that no font draws, at most 20")
    letters_px: Rounded | None = Field(
        None, description="height of the em of the smallest captions, in pixels; None without captions"
    )
    speaker_share: Rounded | None = Field(
        description="how much of the time the current speaker is in frame, 0..1; None if no speaker is ever visible"
    )
    alone_share: Rounded | None = Field(
        None, description="how much of the time only wanted people are in the picture, 0..1; None without faces"
    )
    cut_word_s: Rounded = Field(description="how far the start or the end of the clip cuts into a word")
    speech_with_words: Rounded | None = Field(
        None, description="how much of the detected speech has words, 0..1; None with hardly any speech"
    )
    advert_s: Rounded = Field(0.0, description="how many seconds of adverts the clip shows")
    edge_level_db: Rounded | None = Field(
        description="level of the start or the end, whichever is louder, relative to speech; None if both are speech"
    )
