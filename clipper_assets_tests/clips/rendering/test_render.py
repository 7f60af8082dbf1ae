from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pysubs2
import pytest

from clipper_assets.camera.direction.panels import PANELS, layout_in
from clipper_assets.camera.direction.path import CameraPath, still
from clipper_assets.clips.gates.container import read_container
from clipper_assets.clips.plan import ClipPlan, output_fps
from clipper_assets.clips.rendering import render as rendering
from clipper_assets.clips.rendering.encoders import X264, Encoder
from clipper_assets.episodes.microphones import Microphone
from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets.media.speech import SPEECH_RATE_HZ
from clipper_assets_tests.captions.drawing import ink
from clipper_assets_tests.clips.card_clip import TONE
from clipper_assets_tests.support.media import (
    FAST,
    SMALL,
    frame_at,
    frames,
    lavfi,
    make,
    microphone_video,
    plan_of,
    render,
    samples,
    source_of,
    speech_of,
    two_microphones,
    words,
)

pytestmark = pytest.mark.episodes


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
    data, position, names = file.read_bytes(), 0, []
    while position < len(data):
        names.append(data[position + 4 : position + 8])
        position += int.from_bytes(data[position : position + 4])
    return names


def has_promised_format(file: Path, plan: ClipPlan) -> bool:
    """Whether a clip has the streams, the size and the length of its plan."""
    container = read_container(f"file:{file}")
    assert (container.width_px, container.height_px) == (plan.frame.width_px, plan.frame.height_px)
    assert (container.video_codec, container.pixel_format) == ("h264", "yuv420p")
    assert (container.audio_codec, container.audio_rate_hz, container.audio_channels) == ("aac", 48_000, 2)
    assert container.duration_s == pytest.approx(plan.duration_s, abs=1e-3)
    assert (container.late_sound_s, container.uneven_s) == pytest.approx((0, 0), abs=1e-4)
    return abs(container.long_sound_s) < 1e-3


def test_a_clip_has_the_format_that_platforms_accept(video: Path, plan: ClipPlan, tmp_path: Path) -> None:
    clip = render(plan, video, tmp_path / "clip", X264)
    assert clip.degraded == ()
    assert has_promised_format(clip.files["mp4"], plan)
    with av.open(str(clip.files["mp4"])) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert picture.codec_context.profile == "High"
        codec = picture.codec_context
        # Numbered as in ITU-T H.273: BT.709 is 1. PyAV calls the limited range 1.
        assert (codec.color_primaries, codec.color_trc, codec.colorspace, codec.color_range) == (1, 1, 1, 1)
        assert (sound.codec_context.channels, sound.codec_context.profile) == (2, "LC")
        assert container.start_time == 0
    boxes = atoms(clip.files["mp4"])
    assert boxes.index(b"moov") < boxes.index(b"mdat")
    assert [time_s for time_s, _ in frames(clip.files["mp4"])] == pytest.approx([n / 25 for n in range(50)], abs=1e-4)


@pytest.mark.parametrize("rate", ["24000/1001", "50", "120"])
def test_the_frame_rate_is_kept_up_to_60(rate: str, tmp_path: Path) -> None:
    card = lavfi(f"testsrc=s=160x90:r={rate}:d=1", "sine=d=1")
    video = make(tmp_path / "a.mp4", *card, "-pix_fmt", "yuv420p")
    source = source_of(video)
    clip = render(plan_of(source, frames=12, frame=SMALL), video, tmp_path / "clip").files["mp4"]
    with av.open(str(clip)) as container:
        assert container.streams.video[0].average_rate == output_fps(source)
        assert container.streams.video[0].frames == 12


def test_captions_are_burned_in_and_disappear_in_silence(video: Path, plan: ClipPlan, tmp_path: Path) -> None:
    plan = replace(plan, words=words("one two", each_s=0.3))
    clip = render(plan, video, tmp_path / "clip").files["mp4"]
    bare = render(replace(plan, words=()), video, tmp_path / "bare").files["mp4"]
    speech, silence = (np.abs(frame_at(clip, t).astype(int) - frame_at(bare, t)) > 40 for t in (0.5, 1.96))
    rows = np.flatnonzero(speech.any(axis=1))
    assert plan.frame.safe.top < rows[0] < rows[-1] < plan.frame.safe.bottom
    assert not silence.any()


@pytest.mark.parametrize("aspect", list(Aspect))
def test_every_layout_can_be_rendered_in_every_aspect(aspect: Aspect, video: Path, tmp_path: Path) -> None:
    source, frame = source_of(video), FRAMES[aspect]
    layouts = [layout for layout in PANELS if layout_in(frame, layout) is layout]
    keys = [
        replace(still(layout, source, "").keyframes[0], time_s=number * 0.2) for number, layout in enumerate(layouts)
    ]
    plan = plan_of(source, frames=60, frame=frame, camera=CameraPath(tuple(keys)), hook="Listen", words=words("one"))
    clip = render(plan, video, tmp_path / "clip")
    assert clip.degraded == ()
    assert has_promised_format(clip.files["mp4"], plan)


def test_a_clip_has_subtitle_files_and_a_thumbnail(video: Path, plan: ClipPlan, tmp_path: Path) -> None:
    files = render(plan, video, tmp_path / "clip").files
    for suffix in ("srt", "vtt"):
        (cue,) = pysubs2.load(str(files[suffix])).events
        assert (cue.plaintext, cue.start, cue.end) == ("one two three", 0, 1720)
    picture = next(picture for _, picture in frames(files["jpg"], "rgb24"))
    assert picture.shape == (1920, 1080, 3)
    assert ink(picture[900:1500])[3] > 0


def test_captions_that_cannot_be_burned_in_are_left_out_and_recorded(
    video: Path, plan: ClipPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(rendering, "caption_ass", lambda *_: "nothing that libass can read")
        clip = render(plan, video, tmp_path / "clip", X264)
    (fallback,) = clip.degraded
    assert fallback.step == "rendered_clips"
    assert fallback.reason.startswith(
        "the captions could not be burned in, so the clip has none: ffmpeg exited with code "
    )
    assert has_promised_format(clip.files["mp4"], plan)
    bare = render(replace(plan, words=()), video, tmp_path / "bare", X264)
    assert bare.degraded == ()
    assert (frame_at(clip.files["mp4"], 0.5) == frame_at(bare.files["mp4"], 0.5)).all()
    assert "one two three" in clip.files["srt"].read_text()


def test_characters_without_a_glyph_are_recorded(video: Path, plan: ClipPlan, tmp_path: Path) -> None:
    foreign = replace(plan, words=(replace(plan.words[0], text="\U00012000"), *plan.words[1:]))
    (fallback,) = render(foreign, video, tmp_path / "clip", X264).degraded
    assert fallback.reason.startswith("the caption fonts have no glyphs for '\U00012000'; ")


def test_a_failing_encoder_is_replaced_by_libx264_and_recorded(video: Path, plan: ClipPlan, tmp_path: Path) -> None:
    clip = render(plan, video, tmp_path / "clip", Encoder("no_such_encoder", ()))
    (fallback,) = clip.degraded
    assert fallback.reason.startswith(
        "no_such_encoder failed on this clip, so libx264 was used: ffmpeg exited with code "
    )
    assert has_promised_format(clip.files["mp4"], plan)


@pytest.mark.parametrize("as_streams", [False, True])
def test_all_microphones_are_on_both_channels(tmp_path: Path, as_streams: bool) -> None:
    tracks, _ = two_microphones(20.0)
    tracks = [track[: 30 * SPEECH_RATE_HZ] for track in tracks]
    file = microphone_video(tmp_path / "pair.mkv", tracks, as_streams=as_streams)
    microphones = (Microphone(1), Microphone(2)) if as_streams else (Microphone(1, 0), Microphone(1, 1))
    source = replace(source_of(file), microphones=microphones)
    folder = tmp_path / "work"
    folder.mkdir()
    plan = plan_of(source, frames=100, frame=SMALL)
    rendered = rendering.render_clip(plan, source, f"file:{file}", FAST, folder, lambda _: None)
    with av.open(str(rendered.files["mp4"])) as container:
        left, right = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert np.abs(left - right).max() < 0.01
    mixed = speech_of(rendered.files["mp4"])[: 15 * SPEECH_RATE_HZ]
    expected = (tracks[0] + tracks[1])[: len(mixed)]
    assert np.corrcoef(mixed, expected)[0, 1] > 0.9


@pytest.mark.parametrize(("name", "codec"), [("a.m4a", "aac"), ("a.mp3", "libmp3lame"), ("a.ogg", "libopus")])
def test_an_audio_only_upload_becomes_a_clip_with_sound_in_sync(name: str, codec: str, tmp_path: Path) -> None:
    beeps = "aevalsrc='0.4*sin(2*PI*1000*t)*lt(mod(t,0.5),0.1)':s=48000:d=5"
    file = make(tmp_path / name, "-f", "lavfi", "-i", beeps, "-c:a", codec)
    source = source_of(file)
    plan = plan_of(source, 1.4, frames=60, words=words("one two three"))
    clip = render(plan, file, tmp_path / "clip")
    assert clip.degraded == ()
    assert has_promised_format(clip.files["mp4"], plan)
    times, values = samples(clip.files["mp4"])
    loud = times[np.abs(values) > 0.1]
    onsets = [after for before, after in pairwise([-1.0, *loud]) if after - before > 0.2]
    assert onsets == pytest.approx([0.1, 0.6, 1.1, 1.6], abs=0.003)
    quiet, beep = (frame_at(clip.files["mp4"], time_s).astype(int) for time_s in (0.05, 0.2))
    assert np.abs(beep - quiet).max() > 60


@pytest.mark.parametrize("start_s", [0.0, 1.0])
def test_sound_starts_with_the_first_frame(start_s: float, tmp_path: Path) -> None:
    sound = "aevalsrc='0.3*cos(2*PI*1000*t)':s=48000:d=5"
    file = make(tmp_path / "a.m4a", "-f", "lavfi", "-i", sound, "-c:a", "aac")
    clip = render(plan_of(source_of(file), start_s, frames=30), file, tmp_path / "clip").files["mp4"]
    times, values = samples(clip)
    assert times[np.abs(values) > 0.1][0] < 0.01
