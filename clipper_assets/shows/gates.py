"""The gates, and what passes them: a show may tune every limit, and which gates block."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError


class Gate(StrEnum):
    """What a clip is held against before it is published."""

    duration = "duration"
    size = "size"
    bytes = "bytes"
    codec = "codec"
    fps = "fps"
    av_offset = "av_offset"
    black = "black"
    frozen = "frozen"
    blank = "blank"
    loudness = "loudness"
    true_peak = "true_peak"
    safe_area = "safe_area"
    reading_speed = "reading_speed"
    sync = "sync"
    captions_missing = "captions_missing"
    speaker = "speaker"
    whole_words = "whole_words"
    quiet_ends = "quiet_ends"


WARNING = frozenset({Gate.reading_speed, Gate.quiet_ends})
"""Speech as fast as it was said, and music or laughter at an end, are the episode's own."""

Limit = float | None
Positive = Annotated[float, Field(ge=0)] | None
Share = Annotated[float, Field(ge=0, le=1)] | None
Size = Annotated[int, Field(gt=0)] | None
Count = Annotated[int, Field(ge=0)] | None


class Limits(BaseModel):
    """What a clip may have and still pass; the table `[gates]` of a show's settings, where `false` means no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    blocking: frozenset[Gate] = Field(
        frozenset(Gate) - WARNING, description="gates that keep a clip from being published; the others warn"
    )
    duration_s: Positive = Field(0.04, description="off the planned length")
    # Instagram takes no larger Reels from apps (Ayrshare, "Media guidelines"); the other platforms take more.
    bytes: Size = Field(300_000_000, description="size of the file")
    # EBU R 37: sound at most 40 ms before and 60 ms after its picture.
    early_sound_s: Positive = Field(0.04, description="sound before the picture, or a picture that outlasts the sound")
    late_sound_s: Positive = Field(0.06, description="sound after the picture, or sound that outlasts it")
    black_s: Positive = Field(0.5, description="the longest stretch without light")
    frozen_s: Positive = Field(5.0, description="the longest stretch without motion that shows no slides or screen")
    blank_s: Positive = Field(1.0, description="the longest stretch of one colour, a wall or a blur")
    loudness_lufs: Limit = Field(-14.0, description="integrated loudness that is aimed at")
    loudness_lu: Positive = Field(0.5, description="off that loudness")
    true_peak_dbtp: Limit = Field(-1.0, description="the highest true peak")
    overhang_px: Positive = Field(1.0, description="captions out of the safe area")
    # 260 words a minute, beyond which British conversation is "faster than normal" (Tauroza & Allison 1990), of 4.7
    # letters and a space.
    reading_speed_cps: Positive = Field(25.0, description="characters of captions a second, over five seconds")
    sync_s: Positive = Field(0.25, description="speech before or after its captions")
    # 0.15 to 0.48 was measured under music from as loud as the speech to 15 dB lower, 0.05 to 0.28 (95 %) for the
    # captions of another part of the episode.
    speech_match: Share = Field(0.2, description="least agreement of speech and captions, 0..1")
    missing_captions: Count = Field(0, description="captions that are not in what is burned")
    speaker_share: Share = Field(0.9, description="least share of the speech of visible people that shows who speaks")
    cut_word_s: Positive = Field(0.05, description="cut into a word at either end")
    edge_level_db: Limit = Field(-10.0, description="level of either end against the speech, where nobody speaks on")

    @field_validator("*", mode="before")
    @classmethod
    def _false_is_no_limit(cls, value: object, info: ValidationInfo) -> object:
        if info.field_name == "blocking" or not isinstance(value, bool):
            return value
        if value:
            raise PydanticCustomError("limit", "it should be a number, or false for no limit")
        return None
