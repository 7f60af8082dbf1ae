"""What is measured on a finished clip: kept in its record, so that changed limits need no rendering."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Rounded = Annotated[float, AfterValidator(lambda figure: round(figure, 4))]


class Promised(BaseModel):
    """What the plan says about the file."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    width_px: int
    height_px: int
    fps: Rounded
    duration_s: Rounded


class Container(BaseModel):
    """A file by its headers and packets, seconds as the file counts them."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    width_px: int
    height_px: int
    size_bytes: int
    duration_s: Rounded
    fps: Rounded
    uneven_s: Rounded = Field(description="how far any two frames' distance is from an even one")
    video_codec: str
    pixel_format: str
    audio_codec: str
    audio_rate_hz: int
    audio_channels: int
    late_sound_s: Rounded = Field(description="start of the sound after that of the picture")
    long_sound_s: Rounded = Field(description="end of the sound after that of the picture")


class Figures(Container):
    """Measured on the encoded file, its captions and its words; None where there is nothing to measure."""

    promised: Promised
    black_s: Rounded = Field(description="the longest stretch without light, captions left out")
    frozen_s: Rounded = Field(description="the longest stretch without motion, captions and shared screens left out")
    blank_s: Rounded = Field(description="the longest stretch without spatial detail, captions left out")
    loudness_lufs: Rounded | None = Field(description="integrated (BS.1770-4), of the decoded AAC; None if silent")
    true_peak_dbtp: Rounded | None = Field(description="of the decoded AAC; None if silent")
    caption_overhang_px: Rounded = Field(description="how far a line of captions reaches out of the safe area")
    reading_speed_cps: Rounded | None = Field(description="characters a second in the fastest five seconds of captions")
    late_speech_s: Rounded | None = Field(
        description="the speech that is heard, after its captions; below 0: before them"
    )
    speech_match: Rounded | None = Field(description="-1..1: how well speech and captions agree at that distance")
    missing_captions: int | None = Field(
        None, description="captions of the plan that are not in what is burned; None where nobody looked"
    )
    speaker_share: Rounded | None = Field(description="0..1 of the time in which somebody visible speaks: is in frame")
    cut_word_s: Rounded = Field(description="how deep an end of the clip cuts into a word")
    edge_level_db: Rounded | None = Field(
        description="the louder end of the clip against its speech; None where speech goes on beyond both ends"
    )
