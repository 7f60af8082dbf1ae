"""Each gate fails on a file made to break it, alone, and all pass on a good one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest

from clipper_assets.clips.gates.measure import measure_clip
from clipper_assets.media.ffmpeg import FfmpegError
from clipper_assets.media.frame import Box
from clipper_assets_tests.clips.gates.clip import PROMISED, clip, judge, pages, shown, spans, words
from clipper_assets_tests.clips.gates.limits import limits_of
from clipper_assets_tests.support.media import make


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clip(tmp_path_factory.mktemp("good") / "clip.mp4")


def test_a_good_clip_passes_every_gate(good: Path) -> None:
    assert judge(good).reasons == []


def test_its_figures_are_right(good: Path) -> None:
    figures = measure_clip(f"file:{good}", PROMISED, shown())
    assert (figures.width_px, figures.height_px, figures.fps, figures.duration_s) == (108, 192, 25.0, 12.0)
    assert figures.size_bytes == good.stat().st_size
    assert figures.loudness_lufs == pytest.approx(-14, abs=0.15)
    assert (figures.black_s, figures.blank_s, figures.cut_word_s, figures.uneven_s) == (0, 0, 0, 0)
    assert figures.frozen_s < 1
    assert figures.late_speech_s == pytest.approx(0, abs=0.03)
    assert figures.edge_level_db is not None
    assert figures.edge_level_db < -40
    assert measure_clip(f"file:{good}", PROMISED, shown()) == type(figures).model_validate_json(
        figures.model_dump_json()
    )


BLACKENED = "drawbox=c=black:t=fill:enable='between(t,3,4)'"
WALL = "drawbox=c=0xb0a080:t=fill:enable='between(t,3,5)'"
FROZEN = "loop=loop=150:size=1:start=50"
WITHOUT_A_THIRD = "select='mod(n,3)'"


@pytest.mark.parametrize(
    ("gate", "changed", "filters", "reason"),
    [
        ("duration", ["-t", "12.6"], {"picture": "tpad=stop=-1:stop_mode=clone", "sound": "apad"}, "lasts 12.60 s"),
        ("size", [], {"picture": "scale=192:108"}, "is 192x108 instead of 108x192"),
        ("codec", ["-c:v", "mpeg4"], {}, "is mpeg4 yuv420p"),
        ("codec", ["-pix_fmt", "yuv444p"], {}, "is h264 yuv444p"),
        ("codec", ["-ar", "44100"], {}, "aac 44100 Hz 2 channels instead of"),
        ("codec", ["-c:a", "libmp3lame"], {}, "mp3float 48000 Hz"),
        ("fps", ["-r", "20"], {}, "shows its frames at 20.00 fps instead of at 25.00 fps"),
        ("fps", ["-fps_mode", "vfr"], {"picture": WITHOUT_A_THIRD}, "shows its frames unevenly"),
        ("black", [], {"picture": BLACKENED}, "has 1.0 s of black picture"),
        ("blank", [], {"picture": WALL}, "has 2.0 s of blank picture"),
        ("frozen", [], {"picture": FROZEN}, "has 5.8 s of frozen picture"),
        ("loudness", [], {"sound": "volume=-2dB"}, "has -16.0 LUFS instead of -14 within 0.5"),
        ("loudness", [], {"sound": "volume=0"}, "is silent"),
        ("true_peak", [], {"sound": "aeval='val(ch)+0.9*between(t,6,6.001)':c=same"}, "has a true peak of "),
        ("sync", [], {"sound": "atrim=0.5,asetpts=PTS-STARTPTS,apad"}, "has speech 0.50 s before its captions"),
        ("sync", [], {"sound": "adelay=500:all=1"}, "has speech 0.50 s after its captions"),
        ("quiet_ends", [], {"sound": "aeval='val(ch)+0.2*sin(3000*t)*gte(t,11.8)':c=same"}, "at an end where nobody"),
    ],
)
def test_a_file_made_to_break_a_gate_fails_it_alone(
    gate: str, changed: list[str], filters: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    judged = judge(clip(tmp_path / "clip.mp4", *changed, **filters))
    assert judged.failed == [gate]
    assert reason in judged.reasons[0]


def test_one_channel_fails(tmp_path: Path) -> None:
    judged = judge(clip(tmp_path / "clip.mp4", "-ac", "1"))
    assert judged.failed == ["codec", "true_peak"]
    assert "aac 48000 Hz 1 channels instead of" in judged.reasons[0]


@pytest.mark.parametrize(
    ("early", "late", "reason"),
    [
        ("0:a", "1:v", "has sound that begins -0.20 s and ends -0.20 s after its picture"),
        ("0:v", "1:a", "has sound that begins +0.18 s and ends +0.20 s after its picture"),
    ],
)
def test_streams_that_do_not_begin_together_fail(
    early: str, late: str, reason: str, good: Path, tmp_path: Path
) -> None:
    twice = ["-i", str(good), "-itsoffset", "0.2", "-i", str(good)]
    shifted = make(tmp_path / "clip.mp4", *twice, "-map", early, "-map", late, "-c", "copy")
    assert judge(shifted).reasons == [reason]


def test_sound_that_ends_too_soon_fails(tmp_path: Path) -> None:
    judged = judge(clip(tmp_path / "clip.mp4", sound="atrim=0:11.7"))
    assert judged.reasons == ["has sound that begins +0.00 s and ends -0.30 s after its picture"]


def test_a_file_larger_than_the_show_allows_fails(good: Path) -> None:
    assert judge(good, limits=limits_of(bytes=1000)).failed == ["bytes"]


@pytest.mark.parametrize("box", [Box(2, 110, 80, 12), Box(10, 10, 80, 20), Box(10, 110, 90, 12), Box(10, 120, 80, 9)])
def test_captions_outside_the_safe_area_fail(box: Box, good: Path) -> None:
    judged = judge(good, shown(boxes=[Box(10, 90, 80, 12), box]))
    assert judged.failed == ["safe_area"]


def test_captions_that_nobody_can_read_in_time_fail(good: Path) -> None:
    wordy = [replace(word, text=word.text * 3) for word in words()]
    judged = judge(good, shown(pages=pages(wordy)))
    assert judged.failed == ["reading_speed"]


def test_captions_of_something_else_fail(good: Path) -> None:
    other = [replace(word, start_s=0.8 * number, end_s=0.8 * number + 0.4) for number, word in enumerate(words()[:15])]
    assert judge(good, shown(pages=pages(other))).failed == ["sync"]


def test_captions_that_are_not_burned_fail(good: Path) -> None:
    judged = judge(good, shown(missing_captions=3))
    assert judged.failed == ["captions_missing"]
    assert judged.reasons == ["lacks 3 of its burned captions"]


def test_a_listener_on_screen_fails(good: Path) -> None:
    judged = judge(good, shown(speaker_share=0.6))
    assert judged.failed == ["speaker"]
    assert judged.reasons == ["shows who speaks only 60% of the time"]


@pytest.mark.parametrize("word", [(-0.2, 0.15), (11.7, 12.3)])
def test_a_word_cut_at_an_end_fails(word: tuple[float, float], good: Path) -> None:
    judged = judge(good, shown(spoken=[*spans(words()), word]))
    assert judged.failed == ["whole_words"]
    assert "s into a word at an end" in judged.reasons[0]


def test_words_on_a_black_picture_do_not_make_it_bright(tmp_path: Path) -> None:
    flashing = f"drawbox=c=black:t=fill,{WORDS}"
    judged = judge(clip(tmp_path / "clip.mp4", picture=flashing))
    assert "black" in judged.failed


def test_words_that_light_up_are_no_motion(tmp_path: Path) -> None:
    judged = judge(clip(tmp_path / "clip.mp4", picture=f"{FROZEN},{WORDS}"))
    assert judged.failed == ["frozen"]


WORDS = "drawbox=x=12:y=112:w=70:h=8:c=white:t=fill:enable='lt(mod(t,0.6),0.3)'"


def test_a_shared_screen_may_stand_still(tmp_path: Path) -> None:
    still = clip(tmp_path / "clip.mp4", picture=FROZEN)
    assert judge(still, shown(screens=[(1.9, 8.1)])).failed == []
    assert judge(still, shown(screens=[(10.0, 12.0)])).failed == ["frozen"]


def test_a_file_without_sound_or_picture_or_sense_is_an_error(good: Path, tmp_path: Path) -> None:
    mute = make(tmp_path / "mute.mp4", "-i", str(good), "-an", "-c", "copy")
    with pytest.raises(ValueError, match="lacks a video or an audio stream"):
        measure_clip(f"file:{mute}", PROMISED, shown())
    rubbish = tmp_path / "rubbish.mp4"
    rubbish.write_bytes(b"x" * 5000)
    with pytest.raises((av.FFmpegError, FfmpegError)):
        measure_clip(f"file:{rubbish}", PROMISED, shown())
