import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.clips.captions.lines import CaptionWord
from clipper_assets.clips.captions.styles import load_style
from clipper_assets.clips.framing.camera import CameraPath, Keyframe, Layout, still_camera
from clipper_assets.clips.plan import MAX_GAIN_DB, ClipPlan, output_fps, plan_clip
from clipper_assets.clips.rendering import encoders
from clipper_assets.episodes.loudness import LoudnessTrack
from clipper_assets.episodes.source import RawVideo
from clipper_assets.transcript.words import Word, words_table

SOURCE = RawVideo(
    episode="e", key="e", etag="0123", size_bytes=1, container="mp4", duration_s=100.0, width_px=1920, height_px=1080,
    rotation_deg=0, sample_aspect_ratio=1.0, fps=25.0, variable_fps=False, hdr=False, video_codec="h264",
    pixel_format="yuv420p", video_stream=0, audio_codec="aac", audio_stream=1, audio_streams=1, audio_channels=2,
    audio_rate_hz=48000, speech_key="s", loudness_key="l",
)  # fmt: skip


def loudness(lufs: float) -> LoudnessTrack:
    ends = np.arange(0.4, 100, 0.1)
    return LoudnessTrack(ends, np.full(ends.shape, lufs, np.float32))


def planned(start_s: float, end_s: float, said: list[Word], source: RawVideo = SOURCE, lufs: float = -20.0) -> ClipPlan:
    """The plan of a window around all of `said`, one sentence."""
    table = words_table("e", said, [0] * len(said), "en", {})
    window = {"clip": 2, "start": start_s, "end": end_s, "first_sentence": 0, "last_sentence": 0}
    return plan_clip(window, table, source, loudness(lufs), load_style("pop"), still_camera(Layout.fit, source))


def clip_plan() -> ClipPlan:
    return planned(9.9, 13.1, [Word("one", 10.01, 10.5, 0), Word("two", 11.0, 13.0, 0, speaker="A")])


def test_equal_plans_have_equal_specs_wherever_they_stand() -> None:
    assert clip_plan().spec(encoders.X264) == clip_plan().spec(encoders.X264)
    assert replace(clip_plan(), index=7).spec(encoders.X264) == clip_plan().spec(encoders.X264)


@pytest.mark.parametrize(
    "change",
    [
        {"etag": "4567"},
        {"start_s": 9.88},
        {"end_s": 13.16},
        {"fps": Fraction(30)},
        {"words": (CaptionWord("One", 0.11, 0.6, 0, None),)},
        {"words": (CaptionWord("one", 0.12, 0.6, 0, None),)},
        {"style": load_style("boxed")},
        {"style": load_style("pop").model_copy(update={"font_size": 131})},
        {"microphones": ((1, 0), (1, 1))},
        {"camera": still_camera(Layout.center, SOURCE)},
        {"camera": CameraPath(Layout.fit, (Keyframe(0, 960, 540), Keyframe(1, 0, 540)))},
        {"gain_db": 5.999},
    ],
)
def test_whatever_decides_the_bytes_changes_the_spec(change: dict[str, Any]) -> None:
    assert replace(clip_plan(), **change).spec(encoders.X264) != clip_plan().spec(encoders.X264)


def test_encoder_and_renderer_change_the_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    before = clip_plan().spec(encoders.X264)
    assert clip_plan().spec(encoders.NVENC) != before
    assert clip_plan().spec(replace(encoders.X264, options=(("crf", "21"),))) != before
    monkeypatch.setattr("clipper_assets.clips.plan.RENDERER_VERSION", "next")
    assert clip_plan().spec(encoders.X264) != before


@pytest.mark.parametrize(
    ("fps", "variable", "wanted"),
    [
        (25.0, False, Fraction(25)),
        (29.97002997, False, Fraction(30000, 1001)),
        (23.976023976, False, Fraction(24000, 1001)),
        (59.94005994, False, Fraction(60000, 1001)),
        (60.0, False, Fraction(60)),
        (120.0, False, Fraction(60)),
        (12.5, False, Fraction(25, 2)),
        (28.7, True, Fraction(29)),
        (0.3, True, Fraction(1)),
        (90.2, True, Fraction(60)),
    ],
)
def test_the_frame_rate_is_kept_up_to_60(fps: float, variable: bool, wanted: Fraction) -> None:
    assert output_fps(replace(SOURCE, fps=fps, variable_fps=variable)) == wanted


@given(
    st.sampled_from([24000 / 1001, 25.0, 30000 / 1001, 60.0]),
    st.floats(0, 60),
    st.floats(0, 0.3),
    st.floats(1, 30),
    st.floats(0, 0.3),
)
def test_a_clip_is_whole_frames_from_before_its_first_word(
    fps: float, start_s: float, lead_s: float, speech_s: float, tail_s: float
) -> None:
    said = [Word("first", start_s + lead_s, start_s + lead_s + speech_s, 0)]
    end_s = start_s + lead_s + speech_s + tail_s
    plan = planned(start_s, end_s, said, replace(SOURCE, fps=fps))
    for edge_s in (plan.start_s, plan.duration_s):
        assert float(edge_s * plan.fps) == pytest.approx(round(edge_s * plan.fps), abs=1e-4)
    assert 0 <= plan.start_s <= said[0].start + 1e-9
    assert abs(plan.start_s - start_s) <= 1 / fps
    assert abs(plan.end_s - end_s) <= 0.5 / fps + 1e-6
    (word,) = plan.words
    assert plan.start_s + word.start_s == pytest.approx(said[0].start)
    assert plan.start_s + word.end_s == pytest.approx(said[0].end)


def test_words_of_other_sentences_are_left_out() -> None:
    said = [Word("before", 9.0, 9.5, 0), Word("inside", 10.0, 11.0, 0), Word("after", 11.5, 12.0, 0)]
    table = words_table("e", said, [0, 1, 2], "en", {})
    window = {"clip": 0, "start": 9.7, "end": 11.2, "first_sentence": 1, "last_sentence": 1}
    plan = plan_clip(window, table, SOURCE, loudness(-20), load_style("pop"), still_camera(Layout.fit, SOURCE))
    assert [word.text for word in plan.words] == ["inside"]


@pytest.mark.parametrize(
    ("lufs", "gain_db"), [(-20.0, 6.0), (-9.5, -4.5), (-60.0, MAX_GAIN_DB), (-80.0, 0.0), (math.nan, 0.0)]
)
def test_the_gain_leads_to_the_target(lufs: float, gain_db: float) -> None:
    assert planned(1, 5, [Word("a", 1, 5, 0)], lufs=lufs).gain_db == pytest.approx(gain_db, abs=1e-3)


def test_a_clip_ends_with_the_episode() -> None:
    assert planned(90, 101, [Word("a", 91, 100, 0)]).end_s == 100
