import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.camera.direction.path import CameraPath, Keyframe, View, still
from clipper_assets.captions import script_fonts
from clipper_assets.captions.ass import caption_ass
from clipper_assets.captions.lines import CaptionWord
from clipper_assets.captions.styles import load_style
from clipper_assets.clips.cuts import TimeMap
from clipper_assets.clips.gates.captions import missing_captions
from clipper_assets.clips.look import Look
from clipper_assets.clips.plan import ClipPlan, output_fps, plan_clip
from clipper_assets.clips.translation.texts import Translation
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets.shows.show import Layout
from clipper_assets.transcript.transcript_files import read_transcript
from clipper_assets.transcript.words import Word, words_table
from clipper_assets_tests.captions.drawing import CJK_DIR
from clipper_assets_tests.support.windows import window_of

SOURCE = RawVideo(
    episode="e", key="e", etag="0123", size_bytes=1, container="mp4", duration_s=100.0, width_px=1920, height_px=1080,
    rotation_deg=0, sample_aspect_ratio=1.0, fps=25.0, variable_fps=False, hdr=False, video_codec="h264",
    pixel_format="yuv420p", video_stream=0, audio_codec="aac", audio_stream=1, audio_streams=1, audio_channels=2,
    audio_rate_hz=48000, speech_key="s", loudness_key="l",
)  # fmt: skip


LOOK = Look(load_style("pop"), FRAMES[Aspect.portrait])
WINDOW = window_of(clip=2, hook="Why not?", hashtags=["#Bread"])


def planned(
    start_s: float,
    end_s: float,
    words: list[Word],
    source: RawVideo = SOURCE,
    look: Look = LOOK,
    camera: CameraPath | None = None,
) -> ClipPlan:
    """The plan of a window that contains `words` as one sentence."""
    table = words_table("e", words, [0] * len(words), "en", {})
    window = replace(WINDOW, start=start_s, end=end_s)
    return plan_clip(window, table, source, look, camera or still(Layout.fit, source, "requested layout"))


def clip_plan() -> ClipPlan:
    return planned(9.9, 13.1, [Word("one", 10.01, 10.5, 0), Word("two", 11.0, 13.0, 0, speaker="A")])


def test_a_translation_keeps_the_cuts_and_the_speakers_of_what_is_spoken() -> None:
    said = [
        Word("one", 10.0, 10.5, 0, speaker="A"),
        Word("um,", 10.6, 11.0, 0),
        Word("two", 14.0, 15.0, 0, speaker="B"),
    ]
    table = words_table("e", said, [0] * len(said), "en", {})
    window, look = replace(WINDOW, start=9.9, end=15.5), replace(LOOK, tighten=True, hook_title=True)
    camera = still(Layout.fit, SOURCE, "requested layout")
    spanish = Translation(language="es", sentences={0: "primero segundo"}, hook="¿Por qué?", title="Segundo")
    spoken = plan_clip(window, table, SOURCE, look, camera)
    plan = plan_clip(window, table, SOURCE, look, camera, spanish)
    assert plan.cuts == spoken.cuts
    assert plan.duration_s < 3.0
    assert [(word.text, word.speaker, word.is_key) for word in plan.words] == [
        ("primero", "A", False),
        ("segundo", "B", True),
    ]
    assert plan.hook == "¿Por qué?"
    assert plan.spec != spoken.spec
    for shown, heard in zip(plan.words, spoken.words, strict=True):
        assert heard.start_s - 1e-9 <= shown.start_s < shown.end_s <= heard.end_s + 1e-9


def test_equal_plans_have_equal_specs_whatever_their_index() -> None:
    assert clip_plan().spec == clip_plan().spec
    assert replace(clip_plan(), index=7).spec == clip_plan().spec


def test_a_font_for_letters_that_had_none_changes_the_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script_fonts, "_on_machine", tuple)
    monkeypatch.setattr(script_fonts, "_face_for", script_fonts._face_for.__wrapped__)
    plan = planned(0.0, 2.0, [Word("今天", 0.0, 1.0, 0)])
    assert plan.captions.missing_glyphs == "今天"
    with_font = replace(plan, fonts_dir=CJK_DIR)
    assert with_font.captions.missing_glyphs == ""
    assert with_font.spec != plan.spec
    assert replace(clip_plan(), fonts_dir=CJK_DIR).spec == clip_plan().spec


def test_a_nul_in_a_transcript_file_loses_no_caption(tmp_path: Path) -> None:
    file = tmp_path / "talk.json"
    words = [{"word": text, "start": n, "end": n + 0.5} for n, text in enumerate(["one", "t\0wo", "three"])]
    file.write_text(json.dumps({"segments": [{"start": 0, "end": 3, "text": "one t\0wo three", "words": words}]}))
    (cue,) = read_transcript(file).cues
    plan = planned(0.0, 3.0, [Word(word.text, *word.span, 0) for word in cue.words if word.span])
    assert [word.text for word in plan.words] == ["one", "two", "three"]
    assert missing_captions(plan.captions, caption_ass(plan.captions)) == 0


def test_control_characters_in_tables_are_removed() -> None:
    table = words_table("e", [Word(text, n, n + 0.5, 0) for n, text in enumerate("abc")], [0] * 3, "en", {})
    for name, texts in (("text", ["one", "\0", "t\x07wo"]), ("speaker", ["A\0nn", None, None])):
        table = table.set_column(table.column_names.index(name), name, pa.array(texts, pa.string()))
    window = replace(WINDOW, start=0.0, end=3.0, hook="Why\0 not?")
    plan = plan_clip(
        window, table, SOURCE, replace(LOOK, hook_title=True), still(Layout.fit, SOURCE, "requested layout")
    )
    assert [(word.text, word.speaker) for word in plan.words] == [("one", "Ann"), ("two", None)]
    assert plan.hook == "Why not?"


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
        {"camera": still(Layout.center, SOURCE, "")},
        {"camera": CameraPath((Keyframe(0, Layout.fit, (View(960, 540),)), Keyframe(1, Layout.fit, (View(0, 540),))))},
        {"frame": FRAMES[Aspect.square]},
        {"cuts": TimeMap(((0.0, 1.0), (1.2, 3.2)))},
        {"hook": "Why not?"},
    ],
)
def test_everything_that_changes_the_file_changes_the_spec(change: dict[str, Any]) -> None:
    assert replace(clip_plan(), **change).spec != clip_plan().spec


def test_a_new_renderer_version_changes_the_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    before = clip_plan().spec
    monkeypatch.setattr("clipper_assets.clips.plan.RENDERER_VERSION", "next")
    assert clip_plan().spec != before


@pytest.mark.parametrize(
    ("fps", "variable", "expected"),
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
def test_the_frame_rate_is_kept_up_to_60(fps: float, variable: bool, expected: Fraction) -> None:
    assert output_fps(replace(SOURCE, fps=fps, variable_fps=variable)) == expected


@settings(deadline=None)
@given(
    st.sampled_from([24000 / 1001, 25.0, 30000 / 1001, 60.0]),
    st.floats(0, 60),
    st.floats(0, 0.3),
    st.floats(1, 30),
    st.floats(0, 0.3),
)
def test_a_clip_is_whole_frames_and_starts_before_its_first_word(
    fps: float, start_s: float, lead_s: float, speech_s: float, tail_s: float
) -> None:
    words = [Word("first", start_s + lead_s, start_s + lead_s + speech_s, 0)]
    end_s = start_s + lead_s + speech_s + tail_s
    plan = planned(start_s, end_s, words, replace(SOURCE, fps=fps))
    for edge_s in (plan.start_s, plan.duration_s):
        assert float(edge_s * plan.fps) == pytest.approx(round(edge_s * plan.fps), abs=1e-4)
    assert 0 <= plan.start_s <= words[0].start + 1e-9
    assert abs(plan.start_s - start_s) <= 1 / fps
    assert abs(plan.end_s - end_s) <= 0.5 / fps + 1e-6
    (word,) = plan.words
    assert plan.start_s + word.start_s == pytest.approx(words[0].start)
    assert plan.start_s + word.end_s == pytest.approx(min(words[0].end, plan.end_s))


def test_words_of_other_sentences_are_left_out() -> None:
    words = [Word("before", 9.0, 9.5, 0), Word("inside", 10.0, 11.0, 0), Word("after", 11.5, 12.0, 0)]
    table = words_table("e", words, [0, 1, 2], "en", {})
    window = window_of(start=9.7, end=11.2, first_sentence=1, last_sentence=1)
    plan = plan_clip(window, table, SOURCE, LOOK, still(Layout.fit, SOURCE, ""))
    assert [word.text for word in plan.words] == ["inside"]


def test_camera_times_are_seconds_of_the_clip() -> None:
    views = [View(100.0 * number, 540) for number in range(4)]
    keys = [
        Keyframe(time_s, Layout.speaker, (view,), 0.4, "why")
        for time_s, view in zip((0, 9.5, 11, 14), views, strict=True)
    ]
    plan = planned(10.0, 13.0, [Word("one", 10.1, 12.9, 0)], camera=CameraPath(tuple(keys)))
    assert plan.camera == CameraPath(
        (Keyframe(0.0, Layout.speaker, (views[1],)), Keyframe(1.0, Layout.speaker, (views[2],), 0.4))
    )


def test_a_tightened_clip_has_no_fillers_and_no_long_pauses() -> None:
    words = [Word("Well,", 10.1, 10.5, 0), Word("um,", 10.6, 11.0, 0), Word("yes.", 14.0, 14.5, 0)]
    plan = planned(10.0, 14.8, words, look=replace(LOOK, tighten=True))
    assert [word.text for word in plan.words] == ["Well,", "yes."]
    assert plan.duration_s < 3.0
    first, last = plan.words
    assert last.end_s - last.start_s == pytest.approx(0.5)
    assert first.end_s < last.start_s < first.end_s + 1.0


def test_words_that_are_hashtags_are_key_words() -> None:
    plan = planned(1, 5, [Word("The", 1, 2, 0), Word("bread.", 2, 5, 0)])
    assert [word.is_key for word in plan.words] == [False, True]


def test_the_hook_is_shown_only_if_the_look_has_a_hook_title() -> None:
    words = [Word("a", 1, 5, 0)]
    assert planned(1, 5, words).hook is None
    assert planned(1, 5, words, look=replace(LOOK, hook_title=True)).hook == "Why not?"


def test_a_clip_ends_at_the_latest_with_the_episode() -> None:
    assert planned(90, 101, [Word("a", 91, 100, 0)]).end_s == 100
