"""Properties of videos."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from clipper_assets.episodes.properties import Probe
from clipper_assets.episodes.source import RawVideo
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.episodes.probing import H264, PICTURE, SOUND, probe

Make = Callable[..., str]


def test_all_properties_of_a_plain_video(any_storage: Storage, plain: Path) -> None:
    any_storage.put_file("a b/plain.mp4", plain)
    assert probe(any_storage, "a b/plain.mp4") == Probe(
        size_bytes=plain.stat().st_size,
        container="mov,mp4,m4a,3gp,3g2,mj2",
        duration_s=8.0,
        width_px=160,
        height_px=90,
        rotation_deg=0,
        sample_aspect_ratio=1.0,
        fps=25.0,
        variable_fps=False,
        hdr=False,
        video_codec="h264",
        pixel_format="yuv444p",
        video_stream=0,
        audio_codec="aac",
        audio_stream=1,
        audio_streams=1,
        audio_channels=1,
        audio_rate_hz=48000,
        audio_indices=(1,),
    )


def test_uneven_frames_make_a_variable_frame_rate(storage: DirectoryStorage, make: Make) -> None:
    uneven = ["-vf", "select='not(eq(mod(n,5),2))'", "-fps_mode", "vfr"]
    key = make(*PICTURE, *SOUND, *uneven, *H264, "-c:a", "aac")
    assert probe(storage, key).variable_fps


@pytest.mark.parametrize(("rate", "fps"), [("30000/1001", 29.97), ("60", 60), ("24", 24)])
def test_timestamps_rounded_by_matroska_are_not_a_variable_frame_rate(
    storage: DirectoryStorage, make: Make, rate: str, fps: float
) -> None:
    key = make(*PICTURE, *SOUND, "-r", rate, *H264, "-c:a", "aac", key="upload.mkv")
    properties = probe(storage, key)
    assert not properties.variable_fps
    assert properties.fps == pytest.approx(fps, rel=0.01)


def test_a_rotated_video_has_the_size_as_displayed(storage: DirectoryStorage, make: Make, plain: Path) -> None:
    key = make("-display_rotation", "90", "-i", str(plain), "-c", "copy")
    properties = probe(storage, key)
    assert (properties.width_px, properties.height_px, abs(properties.rotation_deg)) == (90, 160, 90)


@pytest.mark.parametrize(("rotation", "expected"), [("0", 4 / 3), ("90", 3 / 4)])
def test_the_sample_aspect_ratio_is_that_of_the_displayed_video(
    storage: DirectoryStorage, make: Make, rotation: str, expected: float
) -> None:
    straight = make(*PICTURE, *SOUND, "-vf", "setsar=4/3", *H264, "-c:a", "aac", key="straight.mp4")
    key = make("-display_rotation", rotation, "-i", straight, "-c", "copy")
    assert probe(storage, key).sample_aspect_ratio == pytest.approx(expected)


@pytest.mark.parametrize(("transfer", "hdr"), [("smpte2084", True), ("arib-std-b67", True), ("bt709", False)])
def test_hdr_is_recognised_by_its_transfer_function(
    storage: DirectoryStorage, make: Make, transfer: str, hdr: bool
) -> None:
    key = make(*PICTURE, *SOUND, *H264, "-x264-params", f"transfer={transfer}", "-c:a", "aac")
    assert probe(storage, key).hdr is hdr


@pytest.mark.parametrize(("dispositions", "chosen"), [(("default", "0"), 1), (("0", "default"), 2)])
def test_the_default_audio_stream_is_chosen(
    storage: DirectoryStorage, make: Make, dispositions: tuple[str, str], chosen: int
) -> None:
    first, second = dispositions
    key = make(
        *PICTURE, *SOUND, *SOUND, "-map", "0", "-map", "1", "-map", "2", *H264, "-c:a", "aac",
        "-disposition:a:0", first, "-disposition:a:1", second, key="upload.mkv",
    )  # fmt: skip
    properties = probe(storage, key)
    assert (properties.audio_streams, properties.audio_stream) == (2, chosen)


def test_the_video_stream_after_cover_art_is_chosen(storage: DirectoryStorage, make: Make) -> None:
    cover = make("-f", "lavfi", "-i", "testsrc=size=64x64:rate=1", "-frames:v", "1", key="cover.jpg")
    key = make(
        "-i", cover, *PICTURE, *SOUND, "-map", "0", "-map", "1", "-map", "2", "-c:v:0", "mjpeg", "-c:v:1", "libx264",
        "-c:a", "aac", "-disposition:v:0", "attached_pic",
    )  # fmt: skip
    properties = probe(storage, key)
    assert (properties.video_codec, properties.width_px) == ("h264", 160)


def test_a_source_row_of_an_earlier_version_still_loads(storage: DirectoryStorage, plain: Path) -> None:
    storage.put_file("plain.mp4", plain)
    facts = {**asdict(probe(storage, "plain.mp4")), "duration_s": 8.0}
    source = RawVideo(**facts, episode="e", key="plain.mp4", etag="1", speech_key="s", loudness_key="l")
    table = source.to_table()
    assert RawVideo.from_table(table) == source
    assert RawVideo.from_table(table.drop_columns(["cover_stream", "title", "show"])) == source
