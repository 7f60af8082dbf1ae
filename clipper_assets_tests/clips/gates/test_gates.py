"""Each gate fails a clip that is made to violate it, and only that gate does; a correct clip passes all of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest

from clipper_assets.clips.gates.measure import measure_clip
from clipper_assets.media.ffmpeg import FfmpegError
from clipper_assets.media.frame import Box
from clipper_assets_tests.clips.gates.clip import PLANNED, clip, content, failures, pages, spans, words
from clipper_assets_tests.clips.gates.limits import limits_of
from clipper_assets_tests.support.media import make


@pytest.fixture(scope="module")
def correct_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clip(tmp_path_factory.mktemp("correct") / "clip.mp4")


def test_a_correct_clip_passes_every_gate(correct_clip: Path) -> None:
    assert failures(correct_clip).reasons == []


def test_figures_of_the_correct_clip_are_measured_correctly(correct_clip: Path) -> None:
    figures = measure_clip(f"file:{correct_clip}", PLANNED, content())
    assert (figures.width_px, figures.height_px, figures.fps, figures.duration_s) == (108, 192, 25.0, 12.0)
    assert figures.size_bytes == correct_clip.stat().st_size
    assert figures.loudness_lufs == pytest.approx(-14, abs=0.15)
    assert (figures.black_s, figures.blank_s, figures.cut_word_s, figures.uneven_s) == (0, 0, 0, 0)
    assert figures.frozen_s < 1
    assert figures.late_speech_s == pytest.approx(0, abs=0.03)
    assert figures.edge_level_db is not None
    assert figures.edge_level_db < -40
    assert measure_clip(f"file:{correct_clip}", PLANNED, content()) == type(figures).model_validate_json(
        figures.model_dump_json()
    )


BLACK_SECOND = "drawbox=c=black:t=fill:enable='between(t,3,4)'"
WALL = "drawbox=c=0xb0a080:t=fill:enable='between(t,3,5)'"
FROZEN = "loop=loop=150:size=1:start=50"
EVERY_THIRD_DROPPED = "select='mod(n,3)'"


@pytest.mark.parametrize(
    ("gate", "output_options", "filters", "reason"),
    [
        ("duration", ["-t", "12.6"], {"picture": "tpad=stop=-1:stop_mode=clone", "sound": "apad"}, "lasts 12.60 s"),
        ("size", [], {"picture": "scale=192:108"}, "is 192x108 instead of 108x192"),
        ("codec", ["-c:v", "mpeg4"], {}, "is mpeg4 yuv420p"),
        ("codec", ["-pix_fmt", "yuv444p"], {}, "is h264 yuv444p"),
        ("codec", ["-ar", "44100"], {}, "aac 44100 Hz 2 channels instead of"),
        ("codec", ["-c:a", "libmp3lame"], {}, "mp3float 48000 Hz"),
        ("fps", ["-r", "20"], {}, "has 20.00 fps instead of a constant 25.00 fps"),
        ("fps", ["-fps_mode", "vfr"], {"picture": EVERY_THIRD_DROPPED}, "has unevenly spaced frames instead of"),
        ("black", [], {"picture": BLACK_SECOND}, "has 1.0 s of black picture"),
        ("blank", [], {"picture": WALL}, "has 2.0 s of blank picture"),
        ("frozen", [], {"picture": FROZEN}, "has 5.8 s of frozen picture"),
        ("loudness", [], {"sound": "volume=-2dB"}, "has -16.0 LUFS instead of -14 within 0.5"),
        ("loudness", [], {"sound": "volume=0"}, "is silent"),
        ("true_peak", [], {"sound": "aeval='val(ch)+0.9*between(t,6,6.001)':c=same"}, "has a true peak of "),
        ("sync", [], {"sound": "atrim=0.5,asetpts=PTS-STARTPTS,apad"}, "has speech 0.50 s before its captions"),
        ("sync", [], {"sound": "adelay=500:all=1"}, "has speech 0.50 s after its captions"),
        (
            "quiet_ends",
            [],
            {"sound": "aeval='val(ch)+0.2*sin(3000*t)*gte(t,11.8)':c=same"},
            "below its speech, although nobody",
        ),
    ],
)
def test_a_clip_made_to_violate_one_gate_fails_only_that_gate(
    gate: str, output_options: list[str], filters: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    failed = failures(clip(tmp_path / "clip.mp4", *output_options, **filters))
    assert failed.gates == [gate]
    assert reason in failed.reasons[0]


def test_mono_sound_fails(tmp_path: Path) -> None:
    failed = failures(clip(tmp_path / "clip.mp4", "-ac", "1"))
    assert failed.gates == ["codec", "true_peak"]
    assert "aac 48000 Hz 1 channels instead of" in failed.reasons[0]


@pytest.mark.parametrize(
    ("first_stream", "second_stream", "reason"),
    [
        ("0:a", "1:v", "has audio that starts -0.20 s and ends -0.20 s relative to its video"),
        ("0:v", "1:a", "has audio that starts +0.18 s and ends +0.20 s relative to its video"),
    ],
)
def test_video_and_audio_that_start_at_different_times_fail(
    first_stream: str, second_stream: str, reason: str, correct_clip: Path, tmp_path: Path
) -> None:
    two_inputs = ["-i", str(correct_clip), "-itsoffset", "0.2", "-i", str(correct_clip)]
    shifted = make(tmp_path / "clip.mp4", *two_inputs, "-map", first_stream, "-map", second_stream, "-c", "copy")
    assert failures(shifted).reasons == [reason]


def test_audio_that_ends_before_the_video_fails(tmp_path: Path) -> None:
    failed = failures(clip(tmp_path / "clip.mp4", sound="atrim=0:11.7"))
    assert failed.reasons == ["has audio that starts +0.00 s and ends -0.30 s relative to its video"]


def test_a_file_larger_than_the_show_allows_fails(correct_clip: Path) -> None:
    assert failures(correct_clip, limits=limits_of(bytes=1000)).gates == ["bytes"]


@pytest.mark.parametrize("box", [Box(2, 110, 80, 12), Box(10, 10, 80, 20), Box(10, 110, 90, 12), Box(10, 120, 80, 9)])
def test_captions_outside_the_safe_area_fail(box: Box, correct_clip: Path) -> None:
    failed = failures(correct_clip, content(boxes=[Box(10, 90, 80, 12), box]))
    assert failed.gates == ["safe_area"]


def test_captions_that_are_too_fast_to_read_fail(correct_clip: Path) -> None:
    long_words = [replace(word, text=word.text * 3) for word in words()]
    failed = failures(correct_clip, content(pages=pages(long_words)))
    assert failed.gates == ["reading_speed"]


def test_captions_of_other_speech_fail(correct_clip: Path) -> None:
    other_words = [
        replace(word, start_s=0.8 * number, end_s=0.8 * number + 0.4) for number, word in enumerate(words()[:15])
    ]
    assert failures(correct_clip, content(pages=pages(other_words))).gates == ["sync"]


def test_captions_missing_from_the_ass_file_fail(correct_clip: Path) -> None:
    failed = failures(correct_clip, content(missing_captions=3))
    assert failed.gates == ["captions_missing"]
    assert failed.reasons == ["is missing 3 of its planned captions"]


@pytest.mark.parametrize(
    ("letters", "reason"),
    [
        ("今", "Chinese with letters that no font draws (今); run `clipper models fetch noto-sans-cjk-bold`, or on "),
        ("のパ今", "Japanese with letters that no font draws (のパ今); run `clipper models fetch noto-sans-cjk-bold`"),
        ("오늘은맛있는", "Korean with letters that no font draws (오늘은맛있…); run `clipper models fetch "),
        ("ཀ", "Tibetan with letters that no font draws (ཀ); put a font that has them into CLIPPER_FONTS_DIR"),
        ("ᱚཀ", "Ol Chiki and Tibetan with letters that no font draws (ᱚཀ); put a font that has them into "),
    ],
)
def test_captions_without_a_font_fail_with_the_script_and_the_command(
    letters: str, reason: str, correct_clip: Path
) -> None:
    failed = failures(correct_clip, content(missing_letters=letters))
    assert failed.gates == ["glyphs"]
    assert failed.reasons[0].startswith(f"has captions in {reason}")


def test_captions_too_small_to_be_read_fail(correct_clip: Path) -> None:
    assert failures(correct_clip, content(letters_px=36.0)).gates == []
    failed = failures(correct_clip, content(letters_px=17.2))
    assert failed.reasons == ["has captions with letters of 17 pixels, too small to be read"]


def test_a_clip_that_shows_listeners_instead_of_the_speaker_fails(correct_clip: Path) -> None:
    failed = failures(correct_clip, content(speaker_share=0.6))
    assert failed.gates == ["speaker"]
    assert failed.reasons == ["shows the current speaker only 60% of the time"]


def test_a_clip_that_shows_other_people_too_gets_a_warning(correct_clip: Path) -> None:
    failed = failures(correct_clip, content(alone_share=0.25))
    assert failed.gates == ["alone"]
    assert failed.reasons == ["shows other people besides the wanted ones 75% of the time"]


@pytest.mark.parametrize("word", [(-0.2, 0.15), (11.7, 12.3)])
def test_a_word_cut_at_the_start_or_end_fails(word: tuple[float, float], correct_clip: Path) -> None:
    failed = failures(correct_clip, content(spoken=[*spans(words()), word]))
    assert failed.gates == ["whole_words"]
    assert "s into a word at its start or end" in failed.reasons[0]


@pytest.mark.parametrize(("until_s", "share"), [(2.6, 24), (6.0, 55)])
def test_a_clip_in_which_much_of_the_speech_has_no_words_fails(
    until_s: float, share: float, correct_clip: Path
) -> None:
    few = [word for word in words() if word.end_s < until_s]
    failed = failures(correct_clip, content(spoken=spans(few)))
    assert "words_missing" in failed.gates
    (reason,) = [reason for reason in failed.reasons if reason.startswith("has words for only")]
    assert int(reason.split()[4].rstrip("%")) == pytest.approx(share, abs=5)


def test_a_black_picture_with_captions_counts_as_black(tmp_path: Path) -> None:
    flashing = f"drawbox=c=black:t=fill,{WORDS}"
    failed = failures(clip(tmp_path / "clip.mp4", picture=flashing))
    assert "black" in failed.gates


def test_highlighted_caption_words_do_not_count_as_motion(tmp_path: Path) -> None:
    failed = failures(clip(tmp_path / "clip.mp4", picture=f"{FROZEN},{WORDS}"))
    assert failed.gates == ["frozen"]


WORDS = "drawbox=x=12:y=112:w=70:h=8:c=white:t=fill:enable='lt(mod(t,0.6),0.3)'"


def test_a_still_shared_screen_does_not_count_as_frozen(tmp_path: Path) -> None:
    frozen_clip = clip(tmp_path / "clip.mp4", picture=FROZEN)
    assert failures(frozen_clip, content(screens=[(1.9, 8.1)])).gates == []
    assert failures(frozen_clip, content(screens=[(10.0, 12.0)])).gates == ["frozen"]


def test_a_clip_without_audio_and_a_file_that_is_not_media_raise_an_error(correct_clip: Path, tmp_path: Path) -> None:
    mute = make(tmp_path / "mute.mp4", "-i", str(correct_clip), "-an", "-c", "copy")
    with pytest.raises(ValueError, match="lacks a video or an audio stream"):
        measure_clip(f"file:{mute}", PLANNED, content())
    not_media = tmp_path / "not_media.mp4"
    not_media.write_bytes(b"x" * 5000)
    with pytest.raises((av.FFmpegError, FfmpegError)):
        measure_clip(f"file:{not_media}", PLANNED, content())
