from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pysubs2
import pytest

from clipper_assets.clips.captions.styles import load_style, style_names
from clipper_assets.clips.checks import clip_faults
from clipper_assets.clips.framing.camera import Layout, still_camera
from clipper_assets.clips.plan import ClipPlan, output_fps
from clipper_assets.clips.rendering import render as rendering
from clipper_assets.clips.rendering.encoders import X264, Encoder
from clipper_assets.clips.rendering.measure import measure
from clipper_assets.episodes.microphones import Microphone
from clipper_assets.episodes.speech import SPEECH_RATE_HZ
from clipper_assets_tests.clips.captions.drawing import ink
from clipper_assets_tests.clips.making import TONE
from clipper_assets_tests.media import (
    FAST,
    frame_at,
    frames,
    lavfi,
    make,
    microphone_video,
    plan_of,
    render,
    source_of,
    speech_of,
    two_microphones,
    words,
)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Three seconds of grey with a tone at -14 LUFS."""
    grey = "color=0x606060:s=320x180:r=25"
    return make(tmp_path / "grey.mp4", *lavfi(grey, TONE), "-t", "3", "-pix_fmt", "yuv420p", "-c:a", "aac")


@pytest.fixture
def plan(video: Path) -> ClipPlan:
    return plan_of(source_of(video), 0.4, frames=50, words=words("one two three"))


def atoms(file: Path) -> list[bytes]:
    """The top-level boxes of an MP4 file, in order."""
    data, position, found = file.read_bytes(), 0, []
    while position < len(data):
        found.append(data[position + 4 : position + 8])
        position += int.from_bytes(data[position : position + 4])
    return found


def test_a_clip_is_what_platforms_take(video: Path, plan: ClipPlan, tmp_path: Path) -> None:
    clip = render(plan, video, tmp_path / "clip", X264)
    assert clip.degraded == ()
    assert clip_faults(clip.measured, plan.duration_s) == []
    with av.open(str(clip.files["mp4"])) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert picture.codec_context.profile == "High"
        codec = picture.codec_context
        # Numbered as in ITU-T H.273: BT.709 is 1. PyAV calls the limited range 1.
        assert (codec.color_primaries, codec.color_trc, codec.colorspace, codec.color_range) == (1, 1, 1, 1)
        assert (sound.codec_context.channels, sound.codec_context.profile) == (2, "LC")
        assert container.start_time == 0
    found = atoms(clip.files["mp4"])
    assert found.index(b"moov") < found.index(b"mdat")
    assert [time_s for time_s, _ in frames(clip.files["mp4"])] == pytest.approx([n / 25 for n in range(50)], abs=1e-4)


@pytest.mark.parametrize("rate", ["24000/1001", "50", "120"])
def test_the_frame_rate_is_kept_up_to_60(rate: str, tmp_path: Path) -> None:
    card = lavfi(f"testsrc=s=160x90:r={rate}:d=1", "sine=d=1")
    video = make(tmp_path / "a.mp4", *card, "-pix_fmt", "yuv420p")
    source = source_of(video)
    clip = render(plan_of(source, frames=12), video, tmp_path / "clip").files["mp4"]
    with av.open(str(clip)) as container:
        assert container.streams.video[0].average_rate == output_fps(source)
        assert container.streams.video[0].frames == 12


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("style_name", style_names())
def test_captions_are_burned_and_go_when_nothing_is_said(
    style_name: str, layout: Layout, video: Path, plan: ClipPlan, tmp_path: Path
) -> None:
    plan = replace(plan, style=load_style(style_name), camera=still_camera(layout, source_of(video)))
    clip = render(plan, video, tmp_path / "clip").files["mp4"]
    bare = render(replace(plan, words=()), video, tmp_path / "bare").files["mp4"]
    said, silent = (np.abs(frame_at(clip, t).astype(int) - frame_at(bare, t)) > 40 for t in (0.5, 1.8))
    rows = np.flatnonzero(said.any(axis=1))
    assert 960 < rows[0] < rows[-1] < 1440
    assert not silent.any()


def test_sidecars_and_thumbnail_lie_beside_the_clip(video: Path, plan: ClipPlan, tmp_path: Path) -> None:
    files = render(plan, video, tmp_path / "clip").files
    for suffix in ("srt", "vtt"):
        (cue,) = pysubs2.load(str(files[suffix])).events
        assert (cue.plaintext, cue.start, cue.end) == ("one two three", 0, 1700)
    picture = next(picture for _, picture in frames(files["jpg"], "rgb24"))
    assert picture.shape == (1920, 1080, 3)
    assert ink(picture[900:1500])[3] > 0


def test_captions_that_cannot_be_burned_are_left_out_and_recorded(
    video: Path, plan: ClipPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(rendering, "caption_ass", lambda *_: "nothing that libass can read")
        clip = render(plan, video, tmp_path / "clip", X264)
    (fallback,) = clip.degraded
    assert fallback.step == "rendered_clips"
    assert fallback.reason.startswith("the captions could not be burned, the clip has none: ffmpeg ended with ")
    assert clip_faults(clip.measured, plan.duration_s) == []
    bare = render(replace(plan, words=()), video, tmp_path / "bare", X264)
    assert bare.degraded == ()
    assert (frame_at(clip.files["mp4"], 0.5) == frame_at(bare.files["mp4"], 0.5)).all()
    assert "one two three" in clip.files["srt"].read_text()


def test_characters_that_the_caption_font_lacks_are_recorded(video: Path, plan: ClipPlan, tmp_path: Path) -> None:
    foreign = replace(plan, words=(replace(plan.words[0], text="привет"), *plan.words[1:]))
    (fallback,) = render(foreign, video, tmp_path / "clip", X264).degraded
    assert fallback.reason.startswith("the caption font Anton lacks 'ВЕИПРТ': ")


def test_an_encoder_that_fails_is_replaced_and_recorded(video: Path, plan: ClipPlan, tmp_path: Path) -> None:
    clip = render(plan, video, tmp_path / "clip", Encoder("no_such_encoder", ()))
    (fallback,) = clip.degraded
    assert fallback.reason.startswith("no_such_encoder failed on this clip, libx264 made it: ffmpeg ended with ")
    assert clip_faults(clip.measured, plan.duration_s) == []


@pytest.mark.parametrize(("tone_db", "gain_db"), [("-22dB", 22.0), ("4dB", -4.0)])
def test_the_gain_brings_a_clip_to_the_target(tone_db: str, gain_db: float, tmp_path: Path) -> None:
    sound = f"{TONE},volume={tone_db}"
    video = make(tmp_path / "a.mp4", *lavfi("color=s=160x90:r=25", sound), "-t", "3", "-pix_fmt", "yuv420p")
    clip = render(plan_of(source_of(video), frames=70, gain_db=gain_db), video, tmp_path / "clip")
    assert clip.measured.loudness_lufs == pytest.approx(-14, abs=0.5)
    assert clip.measured.true_peak_dbtp < -1.0


def test_true_peaks_stay_under_the_ceiling(tmp_path: Path) -> None:
    # Sines near a quarter of the sample rate, a phase apart: their peaks lie between the samples.
    sound = "aevalsrc='0.9*sin(2*PI*11997*t+PI/4)*lt(mod(t,0.5),0.05)':s=48000"
    video = make(tmp_path / "a.mkv", *lavfi("color=s=160x90:r=25", sound), "-t", "3", "-c:a", "flac")
    clip = render(plan_of(source_of(video), frames=70, gain_db=12.0), video, tmp_path / "clip")
    assert clip.measured.true_peak_dbtp <= -0.5


def test_a_silent_clip_has_no_loudness(tmp_path: Path) -> None:
    video = make(tmp_path / "a.mp4", *lavfi("color=s=160x90:r=25", "anullsrc"), "-t", "2", "-pix_fmt", "yuv420p")
    clip = render(plan_of(source_of(video), frames=40), video, tmp_path / "clip", FAST)
    assert not clip.measured.loudness_lufs > -70


def test_a_file_without_sound_is_no_clip(tmp_path: Path) -> None:
    silent = make(tmp_path / "a.mp4", "-f", "lavfi", "-i", "testsrc=s=64x64:d=1", "-pix_fmt", "yuv420p")
    with pytest.raises(ValueError, match="lacks a video or an audio stream"):
        measure(f"file:{silent}")


@pytest.mark.parametrize("as_streams", [False, True])
def test_all_microphones_are_in_both_ears(tmp_path: Path, as_streams: bool) -> None:
    tracks, _ = two_microphones(20.0)
    tracks = [track[: 30 * SPEECH_RATE_HZ] for track in tracks]
    file = microphone_video(tmp_path / "pair.mkv", tracks, as_streams=as_streams)
    microphones = (Microphone(1), Microphone(2)) if as_streams else (Microphone(1, 0), Microphone(1, 1))
    source = replace(source_of(file), microphones=microphones)
    folder = tmp_path / "work"
    folder.mkdir()
    rendered = rendering.render_clip(plan_of(source, frames=100), source, f"file:{file}", FAST, folder, lambda _: None)
    with av.open(str(rendered.files["mp4"])) as container:
        left, right = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert np.abs(left - right).max() < 0.01
    heard = speech_of(rendered.files["mp4"])[: 15 * SPEECH_RATE_HZ]
    said = (tracks[0] + tracks[1])[: len(heard)]
    assert np.corrcoef(heard, said)[0, 1] > 0.9
