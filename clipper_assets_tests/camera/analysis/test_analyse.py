"""Analysis of whole windows of the sample, with and without models, with and without transcript speakers."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from clipper_assets.camera.analysis.analyse import Analysis, analyse
from clipper_assets.camera.direction.director import direct
from clipper_assets.camera.direction.visibility import speaker_shown
from clipper_assets.camera.scene import Track
from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets.media.speech import SPEECH_RATE_HZ
from clipper_assets.models.table import MODELS as MODEL_TABLE
from clipper_assets.shows.show import Layout
from clipper_assets.transcript.words import WORDS
from clipper_assets_tests.camera.analysis.test_screens import slide
from clipper_assets_tests.camera.sample import (
    MODELS,
    needs_models,
    sample_speech,
    sample_table,
    share_correct,
    true_faces,
    truth,
)
from clipper_assets_tests.support.media import SAMPLE, lavfi, make, source_of
from clipper_assets_tests.support.weights import weights

EPISODE = SAMPLE / "episode.mp4"
WINDOW = (26.9, 39.9)
"""A window with a question, an answer, praise and another answer."""
NO_MODELS = Path("/nonexistent")


def analysis_of(
    *windows: tuple[float, float], models: Path | None = None, voices: bool = False, file: Path = EPISODE
) -> Analysis:
    words = sample_table(with_voices=voices)
    return analyse(
        windows, source_of(file), f"file:{file}", words, sample_speech(), models or NO_MODELS, lambda _: None
    )


def earlier(words: pa.Table, by_s: float) -> pa.Table:
    """The same words, `by_s` seconds earlier."""
    rows = words.to_pylist()
    return WORDS.table([row | {side: row[side] - by_s for side in ("start", "end")} for row in rows])


def left_px(track: Track) -> float:
    return float(np.median(track.boxes_px[:, 0]))


@pytest.fixture(scope="module")
def without_models() -> Analysis:
    """The analysis of `WINDOW` without models and without transcript speakers."""
    return analysis_of(WINDOW)


def test_without_models_speakers_are_found_by_mouth_motion_and_the_fallback_is_recorded(
    without_models: Analysis,
) -> None:
    assert share_correct(without_models.scenes) >= 0.95
    assert (without_models.method, without_models.detector) == ("mouth motion", "OpenCV's Haar cascade")
    (observation,) = without_models.observations
    faces, speakers = (fallback.reason for fallback in observation.degraded)
    assert "Haar cascade" in faces
    assert "clipper models fetch yunet-2023mar" in faces
    assert "mouth motion" in speakers
    assert "clipper models fetch lr-asd-frontend" in speakers


@needs_models
def test_with_models_lr_asd_finds_the_speakers() -> None:
    reported: list[float] = []
    analysis = analyse(
        [WINDOW],
        source_of(EPISODE),
        f"file:{EPISODE}",
        sample_table(),
        sample_speech(),
        MODELS,
        reported.append,
    )
    assert share_correct(analysis.scenes) >= 0.98
    assert (analysis.method, analysis.observations[0].degraded) == ("LR-ASD", ())
    assert reported == sorted(reported)
    assert reported[-1] == 1.0
    (scene,) = analysis.scenes
    assert (scene.start_s, scene.end_s, scene.width_px, scene.height_px) == (*WINDOW, 1280, 720)
    assert [(shot.start_s, shot.end_s, shot.screen) for shot in scene.shots] == [(*WINDOW, None)]
    for track in scene.tracks:
        assert track.times_s == pytest.approx(WINDOW[0] + np.arange(len(track.times_s)) / 25)
        centers = track.boxes_px[:, :2] + track.boxes_px[:, 2:] / 2
        assert centers.std(axis=0).max() < 12  # heads sway by a few pixels
    middles = sorted(float(np.median(track.boxes_px[:, 0] + track.boxes_px[:, 2] / 2)) for track in scene.tracks)
    true_faces_px = (speaker["face"] for speaker in truth()["speakers"].values())
    true_middles = sorted(left + width / 2 for left, _, width, _ in true_faces_px)
    assert middles == pytest.approx(true_middles, abs=20)


@pytest.mark.speech
def test_faces_found_by_yunet_are_no_fallback() -> None:
    only_yunet = weights("yunet-2023mar")
    analysis = analysis_of(WINDOW, models=only_yunet.parents[1])
    assert share_correct(analysis.scenes) >= 0.95
    assert analysis.detector == "YuNet"
    assert not [each for each in analysis.observations[0].degraded if "faces were found" in each.reason]


@needs_models
def test_a_damaged_model_is_on_record_although_another_detector_is_as_good(tmp_path: Path) -> None:
    for model in ("ultraface", "lr_asd"):
        (tmp_path / model).symlink_to(MODELS / model)
    damaged = tmp_path / MODEL_TABLE["yunet-2023mar"].path
    damaged.parent.mkdir()
    damaged.write_bytes(b"half of it")
    analysis = analysis_of((27.0, 29.0), models=tmp_path)
    (fallback,) = analysis.observations[0].degraded
    assert analysis.detector == "UltraFace"
    assert fallback.reason.startswith("faces were found with UltraFace instead of YuNet: ")


def test_transcript_speakers_are_matched_to_faces_and_decide_the_turns() -> None:
    analysis = analysis_of((27.0, 33.0), (46.0, 52.0), voices=True)
    assert share_correct(analysis.scenes) >= 0.98
    assert analysis.method == "transcript speakers, matched to faces by mouth motion"
    first, second = ([track.person for track in sorted(scene.tracks, key=left_px)] for scene in analysis.scenes)
    assert first == second
    assert len(set(first)) == 2


def test_a_turn_of_somebody_out_of_view_has_no_person(tmp_path: Path) -> None:
    # From 28 s on only the host is in the picture, enlarged; the host finishes speaking, then the guest is heard.
    closer = "crop=640:360:0:60,scale=1280:720"
    graph = f"[0:v]split[w][c];[c]{closer}[h];[w][h]overlay=enable='gte(t,1)'"
    inputs = ["-ss", "27", "-t", "6", "-i", str(EPISODE)]
    file = make(tmp_path / "cut.mp4", *inputs, "-filter_complex", graph, "-preset", "ultrafast", "-an")
    (scene,) = analyse(
        [(0.0, 6.0)],
        replace(source_of(EPISODE), duration_s=6.0),
        f"file:{file}",
        earlier(sample_table(with_voices=True), 27.0),
        sample_speech()[27 * SPEECH_RATE_HZ :],
        NO_MODELS,
        lambda _: None,
    ).scenes
    assert [shot.start_s for shot in scene.shots] == [0.0, 1.0]
    assert all(not track.times_s[0] < 1.0 <= track.times_s[-1] for track in scene.tracks)
    assert len(scene.tracks) == 3
    (close_up,) = (track.person for track in scene.tracks if track.times_s[0] >= 1.0)
    assert [turn.person for turn in scene.turns if turn.end_s > 1.0] == [close_up, None]


def test_turns_are_in_order_and_inside_the_window_and_do_not_overlap(without_models: Analysis) -> None:
    (scene,) = without_models.scenes
    assert len(scene.turns) >= 4
    assert scene.turns[0].start_s >= WINDOW[0]
    assert scene.turns[-1].end_s <= WINDOW[1]
    for one, other in pairwise(scene.turns):
        assert one.start_s < one.end_s <= other.start_s
        assert one.person != other.person or other.start_s - one.end_s > 1.0


def test_a_window_without_a_face_has_no_tracks(tmp_path: Path) -> None:
    file = make(tmp_path / "card.mp4", *lavfi("color=gray:s=320x180:r=25"), "-t", "3")
    analysis = analysis_of((0.0, 2.0), (2.0, 3.0), file=file)
    assert analysis.method == "no faces"
    assert [len(scene.tracks) for scene in analysis.scenes] == [0, 0]
    assert {turn.person for scene in analysis.scenes for turn in scene.turns} == {None}


def test_a_window_past_the_end_of_the_video_is_one_shot_without_faces(tmp_path: Path) -> None:
    file = make(tmp_path / "card.mp4", *lavfi("color=gray:s=320x180:r=25"), "-t", "1")
    (scene,) = analysis_of((5.0, 6.0), file=file).scenes
    assert [(shot.start_s, shot.end_s) for shot in scene.shots] == [(5.0, 6.0)]
    assert (len(scene.tracks), len(scene.turns)) == (0, 0)


def test_a_slide_beside_a_speaker_becomes_the_screen_of_the_shot(tmp_path: Path) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "slide.png"), slide(720, 560, 250, 20))
    # The host's half of the picture is on the right, the slide on the left.
    inputs = ["-ss", "12", "-t", "5", "-i", str(EPISODE), "-i", str(tmp_path / "slide.png")]
    graph = "[0:v]crop=480:720:80:0,pad=1280:720:800:0:0x303030[h];[h][1:v]overlay=40:80"
    file = make(tmp_path / "slide.mp4", *inputs, "-filter_complex", graph, "-preset", "ultrafast", "-an")
    source = replace(source_of(EPISODE), duration_s=5.0)
    (scene,) = analyse(
        [(0.0, 5.0)], source, f"file:{file}", sample_table(), sample_speech(), NO_MODELS, lambda _: None
    ).scenes
    (shot,) = scene.shots
    assert shot.screen is not None
    assert shot.screen == pytest.approx((40, 80, 720, 560), abs=16)


@pytest.mark.e2e
@pytest.mark.parametrize("voices", [False, True])
@pytest.mark.parametrize(("models", "least"), [(NO_MODELS, 0.9), pytest.param(MODELS, 0.95, marks=needs_models)])
def test_speakers_are_found_and_shown_in_the_whole_sample(models: Path, least: float, voices: bool) -> None:
    windows = [(0.0, 45.0), (45.0, 90.0), (90.0, 142.8)]
    scenes = analysis_of(*windows, models=models, voices=voices).scenes
    assert share_correct(scenes) >= least
    for layout in (Layout.auto, Layout.speaker):
        for scene in scenes:
            shown = speaker_shown(true_faces(scene), direct(scene, layout), FRAMES[Aspect.portrait], (1280, 720))
            assert shown is not None
            assert shown >= least
